/**
 * The reading side. A question about a subject is one statement on the one server that has its slice: it brings the
 * subject's rows and, from the same snapshot, offsets, watermarks and which slices the server has. What it brought is
 * then read without waiting, as from a view in place.
 */
import { dataTopic } from '../../../../connectors/bus/port.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { DatasetId, SubjectKey } from '../../../../contracts/ids.js';
import type { Row, Statement } from '../../../ground/state/postgres/pool.js';
import { leastCut, leastState } from '../least.js';
import { entryOf, isSpilled } from '../packed/head.js';
import { historicRead } from '../packed/historic.js';
import { holdsAt, type Known, reachable, type Visit, visitPacked } from '../packed/reading.js';
import { lengthAt, RecordView } from '../packed/record.js';
import type {
  Cut,
  DatasetState,
  ReadOutcome,
  ReadPoint,
  SubjectsPage,
  ViewReader,
  ViewReading,
  ViewWorkspace,
} from '../port.js';
import { inSchema } from './schema.js';
import type { ServerState } from './server-state.js';
import { type ServerView, STATE_FROM, type StateRow, stateColumns } from './server-view.js';
import { inRuns, SLICES, sliceOf } from './slices.js';

/** ms between two looks at what the servers say of themselves. */
const LOOK = 1000;
/** ms after which a server that does not answer is not counted on for what is said of the whole view. */
const AWAY = 5 * LOOK;
/** Subjects of one statement. */
const TOGETHER = 100;
/** Statements of one question that are under way at once. */
const AT_ONCE = 4;

interface ReaderParts {
  readonly servers: readonly ServerView[];
  /** Where the table says that a slice is. */
  readonly serverOf: (slice: number) => string;
  readonly workspace: ViewWorkspace;
  /**
   * ms that a server may be behind the furthest one before "none on record" is not said by it any more. Default: any.
   */
  readonly behindMs?: number;
  /** Told once each time that a server is away, and in what words. */
  readonly onAway?: (server: string, error: unknown) => void;
}

/** What was brought of one subject. */
interface Brought {
  readonly state: ServerState;
  readonly head: Buffer | undefined;
  /** Current records that stand by themselves, and versions that are no longer current, by dataset number. */
  readonly records: ReadonlyMap<number, readonly Buffer[]>;
  readonly versions: ReadonlyMap<number, readonly Buffer[]>;
}

interface FoundRow extends Row, StateRow {
  /** Place of the subject among those asked; null where nothing was asked. */
  readonly n: number;
  readonly head: Buffer | null;
  readonly records: Buffer | null;
  readonly versions: Buffer | null;
}

interface HeadRow extends Row {
  readonly slice: number;
  readonly subject: string;
  readonly head: Buffer;
}

/** Behind which subject of which slice somebody is who goes through all of them. */
function placeOf(after: string | undefined): { readonly slice: number; readonly subject: string } {
  if (after === undefined) return { slice: 0, subject: '' };
  const at = after.indexOf(' ');
  return { slice: Number(after.slice(0, at)), subject: after.slice(at + 1) };
}

export const readerOver = (parts: ReaderParts): PostgresViewReader => new PostgresViewReader(parts);

export class PostgresViewReader implements ViewReader {
  readonly #servers: ReadonlyMap<string, Asked>;
  readonly #serverOf: (slice: number) => string;
  readonly #workspace: ViewWorkspace;
  readonly #behindMs: number;
  readonly #onAway: (server: string, error: unknown) => void;
  readonly #away = new Set<string>();
  /** Slices that are elsewhere than the table says. */
  readonly #moved = new Map<number, string>();
  #looking: NodeJS.Timeout | undefined;

  constructor({ servers, serverOf, workspace, behindMs = Infinity, onAway = () => undefined }: ReaderParts) {
    this.#servers = new Map(servers.map((server) => [server.name, new Asked(server)]));
    this.#serverOf = serverOf;
    this.#workspace = workspace;
    this.#behindMs = behindMs;
    this.#onAway = onAway;
  }

  /** Looks again and again at what the servers say of themselves, for what is asked of the whole view. */
  watch(): this {
    const look = async (): Promise<void> => {
      await this.#refresh();
      if (this.#looking !== undefined) this.#looking = setTimeout(() => void look(), LOOK).unref();
    };
    this.#looking = setTimeout(() => void look(), 0).unref();
    return this;
  }

  read(): never {
    throw new YitongError('internal', 'a view on PostgreSQL is read from what was fetched');
  }

  readonly fetch = async (
    subjects: readonly SubjectKey[],
    datasets: readonly DatasetId[],
    at: ReadPoint,
  ): Promise<ViewReading> => {
    if (subjects.length === 0) {
      await this.#refresh();
      return new Fetched(this, { brought: new Map(), datasets, past: false }, this.#workspace, this.#behindMs);
    }
    const brought = new Map<SubjectKey, Brought>();
    let left: ReadonlyMap<string, readonly SubjectKey[]> = this.#grouped(subjects);
    // a slice that has moved is asked for where the first server says that it is
    for (let hop = 0; left.size > 0 && hop < 3; hop++) {
      const again: SubjectKey[] = [];
      await inParallel(pieces(left), AT_ONCE, async ([name, some]) => {
        const found = await this.#ask(name, some, datasets, at);
        found?.forEach((one, i) => {
          const subject = some[i];
          if (subject === undefined) return;
          if (this.#isHeld(one.state, name, subject)) brought.set(subject, one);
          else again.push(subject);
        });
      });
      left = this.#grouped(again);
    }
    return new Fetched(this, { brought, datasets, past: at.kind !== 'now' }, this.#workspace, this.#behindMs);
  };

  async subjects(dataset: DatasetId, after: string | undefined, most: number): Promise<SubjectsPage> {
    const { slice, subject } = placeOf(after);
    const { server, state } = await this.#holderOf(slice);
    // up to the end of the run of slices that this server has
    const end = state.slices().held.find((run) => inRuns([run], slice))?.[1] ?? slice;
    const rows = await server.heads([slice, subject], end, most);
    const number = state.number(dataset);
    const last = rows.at(-1);
    const subjects = rows.flatMap(({ subject: one, head }) => (entryOf(head, number) < 0 ? [] : [one as SubjectKey]));
    if (rows.length === most && last !== undefined) return { subjects, next: `${String(last.slice)} ${last.subject}` };
    return { subjects, ...(end + 1 < SLICES ? { next: `${String(end + 1)} ` } : {}) };
  }

  /** @throws YitongError `view_unavailable` where no server has that slice, or the one that has it is away */
  async #holderOf(slice: number): Promise<{ readonly server: Asked; readonly state: ServerState }> {
    let name = this.#moved.get(slice) ?? this.#serverOf(slice);
    for (let hop = 0; hop < 3; hop++) {
      const server = this.#servers.get(name);
      if (server === undefined) break;
      let state: ServerState;
      try {
        state = await server.server.refresh();
      } catch (cause) {
        throw new YitongError('view_unavailable', 'a server of the view is away', { cause });
      }
      const { held, arriving, left } = state.slices();
      if (inRuns(held, slice)) return { server, state };
      const other = left[slice] ?? arriving[slice];
      if (other === undefined) break;
      name = other;
    }
    throw new YitongError('view_unavailable', 'a part of the view is on none of its servers');
  }

  /** Whether a server has the subject's slice; where it says that another has it, that one is asked next. */
  #isHeld(state: ServerState, name: string, subject: SubjectKey): boolean {
    const slice = sliceOf(subject);
    const { held, arriving, left } = state.slices();
    if (inRuns(held, slice)) {
      if (this.#serverOf(slice) === name) this.#moved.delete(slice);
      return true;
    }
    const other = left[slice] ?? arriving[slice];
    if (other === undefined) this.#moved.delete(slice);
    else this.#moved.set(slice, other);
    return false;
  }

  #grouped(subjects: readonly SubjectKey[]): ReadonlyMap<string, readonly SubjectKey[]> {
    const groups = new Map<string, SubjectKey[]>();
    for (const subject of subjects) {
      const slice = sliceOf(subject);
      const name = this.#moved.get(slice) ?? this.#serverOf(slice);
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [subject]);
      else group.push(subject);
    }
    return groups;
  }

  /** Undefined of a server that is away. */
  async #ask(
    name: string,
    subjects: readonly SubjectKey[],
    datasets: readonly DatasetId[],
    at: ReadPoint,
  ): Promise<readonly Brought[] | undefined> {
    try {
      const found = await this.#servers.get(name)?.bring(subjects, datasets, at);
      this.#away.delete(name);
      return found;
    } catch (error) {
      this.#tellAway(name, error);
      return undefined;
    }
  }

  #tellAway(name: string, error: unknown): void {
    if (this.#away.has(name)) return;
    this.#away.add(name);
    this.#onAway(name, error);
  }

  async #refresh(): Promise<void> {
    await Promise.all(
      [...this.#servers].map(async ([name, { server }]) => {
        try {
          await server.refresh();
          this.#away.delete(name);
        } catch (error) {
          this.#tellAway(name, error);
        }
      }),
    );
  }

  /** ms since 1970 up to which the furthest server has all of a dataset. */
  furthest(dataset: DatasetId): number {
    let furthest = 0;
    for (const { server } of this.#servers.values())
      furthest = Math.max(furthest, upToOf(server.latest().know(this.#workspace, dataset)));
    return furthest;
  }

  /** Of all servers: what all of them have, and whether one is away. */
  datasetState(dataset: DatasetId): DatasetState {
    const all = [...this.#servers.values()].map(({ server }) => server);
    const whole = leastState(all.map((server) => server.latest().know(this.#workspace, dataset).state));
    const away = all.some((server) => (server.age() ?? Infinity) > AWAY || this.#away.has(server.name));
    return away ? { ...whole, unavailable: true } : whole;
  }

  cut(datasets: readonly DatasetId[]): Cut {
    return leastCut([...this.#servers.values()].map(({ server }) => cutOf(server.latest(), this.#workspace, datasets)));
  }

  async close(): Promise<void> {
    clearTimeout(this.#looking);
    this.#looking = undefined;
  }
}

/** A server that is asked. */
class Asked {
  readonly server: ServerView;
  readonly #one: Statement;
  readonly #many: Statement;
  readonly #onePast: Statement;
  readonly #manyPast: Statement;
  readonly #heads: Statement;

  constructor(server: ServerView) {
    this.server = server;
    const { schema } = server;
    this.#one = statementFor(schema, false, false);
    this.#many = statementFor(schema, true, false);
    this.#onePast = statementFor(schema, false, true);
    this.#manyPast = statementFor(schema, true, true);
    this.#heads = {
      name: 'view-heads',
      text: inSchema(
        `SELECT slice, subject, head FROM $.heads WHERE (slice, subject) > ($1::int2, $2::text) AND slice <= $3::int2
         ORDER BY slice, subject LIMIT $4::int4`,
        schema,
      ),
    };
  }

  /**
   * Behind a subject of a slice, up to the end of another one; by slice, then in the order of their bytes.
   * @throws YitongError `view_unavailable`
   */
  async heads(
    [slice, after]: readonly [slice: number, subject: string],
    end: number,
    most: number,
  ): Promise<readonly HeadRow[]> {
    try {
      return await this.server.pool.query<HeadRow>(this.#heads, [slice, after, end, most]);
    } catch (cause) {
      throw new YitongError('view_unavailable', 'a server of the view is away', { cause });
    }
  }

  /** In the order asked. @throws as `Pool.query` */
  async bring(
    subjects: readonly SubjectKey[],
    datasets: readonly DatasetId[],
    at: ReadPoint,
  ): Promise<readonly Brought[]> {
    const base = this.server.latest();
    const numbers = datasets.map((dataset) => base.number(dataset));
    const many = subjects.length > 1;
    const slices = subjects.map(sliceOf);
    const past = at.kind !== 'now';
    const rows = await this.server.pool.query<FoundRow>(
      past ? (many ? this.#manyPast : this.#onePast) : many ? this.#many : this.#one,
      [base.stamp, base.started, numbers, ...(many ? [slices, subjects] : [slices[0], subjects[0]])],
    );
    const first = rows.find(({ n }) => n === 1);
    if (first === undefined) throw new YitongError('view_unavailable', 'the server has no row of commits');
    const state = this.server.learn(base, first);
    // it has learned of a dataset since, so that its records were not asked for
    if (datasets.some((dataset, i) => state.number(dataset) !== numbers[i])) return this.bring(subjects, datasets, at);
    const brought = subjects.map((): Brought => ({ state, head: undefined, records: NONE, versions: NONE }));
    for (const { n, head, records, versions } of rows) {
      brought[n - 1] = {
        state,
        head: head ?? undefined,
        records: byDataset(records),
        versions: byDataset(versions),
      };
    }
    return brought;
  }
}

const NONE: ReadonlyMap<number, readonly Buffer[]> = new Map();

/** Each value behind the number of its dataset, in order. */
function byDataset(values: Buffer | null): ReadonlyMap<number, readonly Buffer[]> {
  if (values === null) return NONE;
  const found = new Map<number, Buffer[]>();
  for (let at = 0; at < values.length; ) {
    const dataset = values.readUInt16BE(at);
    const end = at + 2 + lengthAt(values, at + 2);
    const value = values.subarray(at + 2, end);
    const others = found.get(dataset);
    if (others === undefined) found.set(dataset, [value]);
    else others.push(value);
    at = end;
  }
  return found;
}

/**
 * One row a subject. Parameters: commit and process known, numbers of the datasets, slice or slices, subject or
 * subjects.
 */
function statementFor(schema: string, many: boolean, past: boolean): Statement {
  const [slice, subject] = many ? ['u.slice', 'u.subject'] : ['$4::int2', '$5::text'];
  const collected = (table: string, order: string): string =>
    `(SELECT string_agg(int2send(r.dataset::int2) || r.value, ''::bytea ORDER BY ${order}) FROM $.${table} r
      WHERE r.slice = ${slice} AND r.subject = ${subject} AND r.dataset = ANY ($3::int4[]))`;
  // what is said of the state is said once
  const first = many ? 'u.n = 1' : 'true';
  const text = `SELECT ${many ? 'u.n' : '1 AS n'}, ${stateColumns('$1', '$2', first)}, h.head,
    CASE WHEN h.spilled THEN ${collected('records', 'r.dataset, r.record')} END AS records,
    ${past ? collected('versions', 'r.dataset, r.record, r."offset"') : 'NULL::bytea'} AS versions
    FROM ${STATE_FROM}
    ${many ? 'CROSS JOIN unnest($4::int2[], $5::text[]) WITH ORDINALITY u(slice, subject, n)' : ''}
    LEFT JOIN $.heads h ON h.slice = ${slice} AND h.subject = ${subject}`;
  return {
    name: `view-read-${many ? 'many' : 'one'}${past ? '-past' : ''}`,
    text: inSchema(text, schema),
  };
}

/** What was brought, and of what. */
interface FetchedRows {
  readonly brought: ReadonlyMap<SubjectKey, Brought>;
  readonly datasets: readonly DatasetId[];
  /** Whether versions were brought that are no longer current. */
  readonly past: boolean;
}

/** What was brought, read in place. */
class Fetched implements ViewReading {
  readonly #reader: PostgresViewReader;
  readonly #brought: ReadonlyMap<SubjectKey, Brought>;
  readonly #datasets: ReadonlySet<DatasetId>;
  readonly #past: boolean;
  readonly #workspace: ViewWorkspace;
  readonly #behindMs: number;
  readonly #view = new RecordView();

  constructor(
    reader: PostgresViewReader,
    { brought, datasets, past }: FetchedRows,
    workspace: ViewWorkspace,
    behindMs: number,
  ) {
    this.#reader = reader;
    this.#brought = brought;
    this.#datasets = new Set(datasets);
    this.#past = past;
    this.#workspace = workspace;
    this.#behindMs = behindMs;
  }

  read(subject: SubjectKey, datasets: readonly DatasetId[], at: ReadPoint, visit: Visit): readonly ReadOutcome[] {
    // what was not brought is not "none"
    if ((at.kind !== 'now' && !this.#past) || datasets.some((dataset) => !this.#datasets.has(dataset)))
      throw new YitongError('internal', 'what is read of the view was not fetched');
    const brought = this.#brought.get(subject);
    if (brought === undefined) return datasets.map((): ReadOutcome => 'unavailable');
    return datasets.map((dataset, i) => {
      const known = brought.state.know(this.#workspace, dataset);
      if (at.kind === 'now' && upToOf(known) + this.#behindMs < this.#reader.furthest(dataset)) return 'unavailable';
      const outcome = reachable(this.#workspace, dataset, known, at);
      if (outcome !== 'ok') return outcome;
      const number = brought.state.number(dataset);
      if (at.kind === 'now') this.#current(brought, number, i, visit);
      else {
        const current: Buffer[] = [];
        this.#current(brought, number, i, () => void current.push(this.#view.copy()));
        const past = (brought.versions.get(number) ?? []).map((value) => ({ value }));
        historicRead(past, current, holdsAt(at, dataTopic(this.#workspace.prefix, dataset)), (version) =>
          visit(i, version),
        );
      }
      return 'ok';
    });
  }

  #current({ head, records }: Brought, number: number, i: number, visit: Visit): void {
    const entry = head === undefined ? -1 : entryOf(head, number);
    if (head === undefined || entry < 0) return;
    if (!isSpilled(head, entry)) {
      visitPacked(this.#view, head, entry, i, visit);
      return;
    }
    for (const record of records.get(number) ?? []) if (visit(i, this.#view.at(record, 0)) === false) return;
  }

  datasetState(dataset: DatasetId, subject?: SubjectKey): DatasetState {
    if (subject === undefined) return this.#reader.datasetState(dataset);
    const brought = this.#brought.get(subject);
    return brought === undefined
      ? { records: 0, versions: 0, poisoned: 0, unavailable: true }
      : brought.state.know(this.#workspace, dataset).state;
  }

  cut(datasets: readonly DatasetId[], subject?: SubjectKey): Cut {
    if (subject === undefined) return this.#reader.cut(datasets);
    const brought = this.#brought.get(subject);
    return brought === undefined ? {} : cutOf(brought.state, this.#workspace, datasets);
  }
}

const upToOf = ({ offsets }: Known): number =>
  offsets.length === 0 ? 0 : Math.min(...offsets.map(({ upTo }) => upTo));

const cutOf = (state: ServerState, workspace: ViewWorkspace, datasets: readonly DatasetId[]): Cut =>
  Object.fromEntries(
    datasets.map((dataset) => [
      dataTopic(workspace.prefix, dataset),
      state.know(workspace, dataset).offsets.map(({ next }) => next),
    ]),
  );

/** Of each server its subjects, in pieces of one statement. */
function pieces(
  groups: ReadonlyMap<string, readonly SubjectKey[]>,
): readonly (readonly [string, readonly SubjectKey[]])[] {
  return [...groups].flatMap(([name, subjects]) =>
    Array.from(
      { length: Math.ceil(subjects.length / TOGETHER) },
      (_, i) => [name, subjects.slice(i * TOGETHER, (i + 1) * TOGETHER)] as const,
    ),
  );
}

/** At most so many at once; ends when all have ended. */
async function inParallel<T>(all: readonly T[], most: number, work: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(most, all.length) }, async () => {
      for (let one = all[next++]; one !== undefined; one = all[next++]) await work(one);
    }),
  );
}
