/** Whether the topic that a dataset is published to is still the one that the state speaks of. */
import type { Contract, Workspace } from '../../contracts/types.js';
import { dataTopic, type Bus } from '../bus/port.js';
import type { State } from './state.js';

/**
 * A topic that was deleted and made anew, or another bus, has nothing of what was published: the state forgets it, so that the next run
 * reads its source again and publishes all of it. Returns whether that was so.
 * @throws YitongError `bus_unavailable`
 */
export async function recogniseTopic(bus: Bus, state: State, workspace: Workspace, contract: Contract): Promise<boolean> {
  const found = await bus.topicState(dataTopic(workspace.prefix, contract.id));
  if (found === undefined) return false;
  const known = state.read('topic', contract.id);
  if (known === found.id) return false;
  if (known !== undefined) await state.forget(contract.id);
  state.write('topic', contract.id, found.id);
  await state.flushed();
  return known !== undefined;
}
