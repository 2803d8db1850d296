import { YitongError } from '../../../contracts/errors.js';
import { dataOption, folders, text, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { withState } from '../state.js';

/** Which replicas erasures reach, and what each has not carried out; or that one of them is gone for good. */
const command: Command = {
  summary: 'which replicas share the state, and which erasures each has not carried out so far',
  group: 'running',
  zh: '列出共享业务状态库的节点及其尚未执行的抹除；或声明某节点已永久销毁',
  usage: '[--gone ID] [--workspace D] [--data D] [--json]',
  wanting: 'where an erasure waits for one of them',
  examples: ['yitong state replicas', 'yitong state replicas --gone 5f0c2d9a41e87b36a0d4c1f2b3e49871'],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    gone: { type: 'string', describe: 'the data folder of this one is destroyed for good: no erasure waits for it' },
  },
  async run(call) {
    const gone = text(call.values['gone']);
    const found = await withState(text(call.values['workspace']), folders(call.values).data, async (state) => {
      const { forgetReplica, knownReplicas, openOrders } = await import('../../log/erasure/shared-orders.js');
      if (gone !== undefined && !(await forgetReplica(state, gone)))
        throw new YitongError('bad_request', 'no replica is known under this id');
      return await Promise.all(
        (await knownReplicas(state)).map(async ({ id, name }) => {
          const orders = await openOrders(state, id);
          const since = orders[0] === undefined ? {} : { since: new Date(orders[0].order.at).toISOString() };
          return { id, name, waiting: orders.length, ...since };
        }),
      );
    });
    if (found === undefined)
      throw new YitongError('bad_config', '`state.driver` is `embedded`: this replica shares nothing with others');
    call.json({ replicas: found });
    for (const { id, name, waiting, since } of found) {
      const erasures = waiting === 0 ? 'no erasure waits' : `${String(waiting)} erasures wait since ${since ?? ''}`;
      call.say(`${id} ${name}: ${erasures}`);
    }
    return found.every(({ waiting }) => waiting === 0) ? 0 : 1;
  },
};
export default command;
