/** Histories of all matters that somebody's figures are of, read from the store some at a time. */
import type { Lifecycles } from '../../../../contracts/lifecycle/load.js';
import { present } from '../../../../contracts/present.js';
import type { State } from '../../../ground/state/port.js';
import { sidesOf } from '../sides.js';
import { links, MatterStore, type StoredMatter } from '../store.js';
import type { Sides } from '../types.js';
import { historiesOf, type PartHistory } from './history.js';

interface Asked {
  readonly state: State;
  readonly declared: Pick<Lifecycles, 'matters' | 'calendars'>;
  /** Whether a part with these sides is counted. */
  readonly counts: (sides: Sides) => boolean;
  /** What was over before is not read. */
  readonly begin: number;
  /** Steps from then on are not looked at. */
  readonly until: number;
}

const PAGE = 200;
/** Matters whose steps are read at a time. */
const AT_ONCE = 25;

async function* stored(store: MatterStore, machine: string): AsyncGenerator<readonly StoredMatter[]> {
  for (const over of [false, true])
    for (let after: string | undefined; ; ) {
      const page = await store.list(links.ofMachine(machine, over), { limit: PAGE, ...present({ after }) });
      yield page.matters;
      if (page.next === undefined) break;
      after = page.next;
    }
}

export async function readHistories({ state, declared, counts, begin, until }: Asked): Promise<readonly PartHistory[]> {
  const store = new MatterStore(state);
  const seen = new Set<string>();
  const found: PartHistory[] = [];
  for (const lifecycle of declared.matters.values()) {
    const calendar = declared.calendars.get(lifecycle.calendar);
    if (calendar === undefined) continue;
    const over = ({ state: { parts } }: StoredMatter): boolean =>
      Object.values(parts).every((one) => lifecycle.states[one.state]?.terminal === true);
    for await (const page of stored(store, lifecycle.id)) {
      const wanted = page.filter(
        (one) =>
          // one that moved from open to over between two pages stands in both
          !seen.has(one.head.id) &&
          one.openedAt < until &&
          !(over(one) && one.at < begin) &&
          Object.keys(one.state.parts).some((part) => counts(sidesOf(one.head, part))),
      );
      for (const { head } of wanted) seen.add(head.id);
      for (let at = 0; at < wanted.length; at += AT_ONCE) {
        const some = await Promise.all(
          wanted.slice(at, at + AT_ONCE).map(async ({ head }) => {
            const events = (await store.steps(head.id)).map(({ event }) => event);
            return historiesOf({ head, lifecycle, calendar, events }, until);
          }),
        );
        found.push(...some.flat().filter(({ sides }) => counts(sides)));
      }
    }
  }
  return found;
}
