/** The stores of tickets beside a model of a few lines, over random steps of two who use one store, and restarts. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ticketsIn } from '../../gateway/procedures/lifecycles/state-store.js';
import {
  openTicketStore,
  type StoredEvent,
  type TicketHead,
  type TicketStore,
} from '../../gateway/procedures/lifecycles/store.js';
import { SHARED, type SharedKind, sharedState } from '../support/shared-state.js';

t.setTimeout(240_000);

const TICKETS = 4;
const RECORDS = 2;
const head = (n: number): TicketHead => ({
  id: String(n).padStart(16, '0'),
  lifecycle: 'objection',
  dataset: 'd',
  subject: 's',
  record: String(n % RECORDS),
});
const event = (n: number): StoredEvent => ({
  at: n,
  act: 'file',
  party: 'company',
  entry: `w1:${String(n)}`,
  pseudonym: 'p',
  enc: 'e',
  effect: 'none',
});

type Step =
  | { readonly do: 'append'; readonly by: 0 | 1; readonly ticket: number; readonly off: number; readonly over: boolean }
  | { readonly do: 'race'; readonly ticket: number; readonly over: boolean }
  | { readonly do: 'remove'; readonly by: 0 | 1; readonly ticket: number; readonly off: number }
  | { readonly do: 'look'; readonly by: 0 | 1 }
  | { readonly do: 'restart'; readonly by: 0 | 1 };

const by = fc.constantFrom(0 as const, 1 as const);
const ticket = fc.nat({ max: TICKETS - 1 });
const off = fc.constantFrom(0, 0, 0, 0, 1, -1);
const over = fc.constantFrom(false, false, true);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('append' as const), by, ticket, off, over }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('race' as const), ticket, over }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), by, ticket, off }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('look' as const), by }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), by }) },
);

/** What a store has to be: so many events of each ticket, and one that is open about each record. */
class Model {
  readonly events = new Map<number, number>();
  readonly open = new Map<number, number>();

  append(n: number, after: number, ends: boolean): boolean {
    const record = n % RECORDS;
    const open = this.open.get(record);
    if ((this.events.get(n) ?? 0) !== after || (after === 0 ? open !== undefined : open !== n)) return false;
    this.events.set(n, after + 1);
    if (ends) this.open.delete(record);
    else this.open.set(record, n);
    return true;
  }

  remove(n: number, events: number): boolean {
    return this.events.get(n) === events && this.open.get(n % RECORDS) !== n && this.events.delete(n);
  }
}

/** One who reads the store as processes do. */
interface Reader {
  store: TicketStore;
  since: number | undefined;
  known: Map<string, number>;
}

async function look(reader: Reader): Promise<void> {
  const { ids, upTo, whole } = await reader.store.changed(reader.since);
  if (whole) for (const id of [...reader.known.keys()]) if (!ids.has(id)) reader.known.delete(id);
  for (const id of ids) {
    const found = await reader.store.read(id);
    if (found === undefined) reader.known.delete(id);
    else reader.known.set(id, found.events.length);
  }
  reader.since = upTo;
}

async function opener(
  t: Test,
  kind: 'files' | SharedKind,
  dir: string,
): Promise<(() => Promise<TicketStore>) | undefined> {
  if (kind === 'files') return async () => openTicketStore(dir);
  const open = await sharedState(t, kind);
  return open && (async () => ticketsIn(await open()));
}

async function holds(open: () => Promise<TicketStore>, steps: readonly Step[]): Promise<boolean> {
  const model = new Model();
  const fresh = async (): Promise<Reader> => ({ store: await open(), since: undefined, known: new Map() });
  const readers: [Reader, Reader] = [await fresh(), await fresh()];
  let n = 0;
  for (const one of steps) {
    n++;
    if (one.do === 'append') {
      const after = Math.max(0, (model.events.get(one.ticket) ?? 0) + one.off);
      const done = await readers[one.by].store.append(head(one.ticket), after, event(n), one.over);
      if (done !== model.append(one.ticket, after, one.over)) return false;
    } else if (one.do === 'race') {
      const after = model.events.get(one.ticket) ?? 0;
      const both = readers.map(({ store }) => store.append(head(one.ticket), after, event(n), one.over));
      const won = (await Promise.all(both)).filter((done) => done).length;
      if (won !== (model.append(one.ticket, after, one.over) ? 1 : 0)) return false;
    } else if (one.do === 'remove') {
      // only those that are over are removed
      if (model.open.get(one.ticket % RECORDS) === one.ticket) continue;
      const events = Math.max(1, (model.events.get(one.ticket) ?? 0) + one.off);
      // processes look many times between two removals: a folder's notes of the one before go with the next
      for (const reader of readers) await look(reader);
      const gone = await readers[one.by].store.remove([{ id: head(one.ticket).id, events }]);
      if (gone !== (model.remove(one.ticket, events) ? 1 : 0)) return false;
    } else if (one.do === 'restart') {
      await readers[one.by].store.close();
      readers[one.by] = await fresh();
    } else await look(readers[one.by]);
  }
  const right = [...model.events].map(([ticket, events]) => `${head(ticket).id} ${String(events)}`).sort();
  for (const reader of readers) {
    await look(reader);
    const seen = [...reader.known].map(([id, events]) => `${id} ${String(events)}`).sort();
    if (JSON.stringify(seen) !== JSON.stringify(right)) return false;
    await reader.store.close();
  }
  return true;
}

for (const kind of ['files', ...SHARED] as const)
  void t.test(kind, async (t) => {
    const root = t.testdir();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const open = await opener(t, kind, `${root}/${String(run++)}`);
        return open === undefined || (await holds(open, steps));
      }),
      { numRuns: kind === 'postgres' ? 8 : 60 },
    );
    t.pass('as the model says');
  });
