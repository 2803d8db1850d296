/**
 * Compares watched documents with the registers when these have moved, in one worker of a replica at a time. What a
 * client learns is on record before it can be read. A document is looked at only where its companies' part of a topic
 * has moved, when a ticket took effect, when a report was revoked, and when the day changes.
 */
import { randomBytes } from 'node:crypto';
import { partitionOf } from '../../../connectors/bus/partition.js';
import type { DatasetId } from '../../../contracts/ids.js';
import type { Cut } from '../../answer/view/port.js';
import { dayIn } from '../compute/index.js';
import type { GatewayContext } from '../context.js';
import { kindsOf, lasting, stateOf } from './change-kinds.js';
import { eachInTurn } from './each-in-turn.js';
import type { Look, Reports } from './port.js';
import type { Watch, Watched } from './watched-documents.js';

const EVERY = 500;
const SWEEP = 3_600_000;

/** What decides on a report's content, apart from the day. */
interface Registers {
  readonly cut: Cut;
  readonly effects: number;
  readonly revocations: number;
  readonly day: string;
}

/** Partitions that have moved, by topic; undefined: all of them may have. */
function moved(before: Registers | undefined, now: Registers): ReadonlyMap<string, ReadonlySet<number>> | undefined {
  if (
    before === undefined ||
    before.effects !== now.effects ||
    before.revocations !== now.revocations ||
    before.day !== now.day
  )
    return undefined;
  return new Map(
    Object.entries(now.cut).flatMap(([topic, offsets]): [string, Set<number>][] => {
      const offsetsBefore = before.cut[topic];
      const parts = offsets.flatMap((offset, partition) => (offsetsBefore?.[partition] === offset ? [] : [partition]));
      return parts.length === 0 ? [] : [[topic, new Set(parts)]];
    }),
  );
}

interface Known {
  readonly since: number;
  /** Whom the document is about. */
  readonly subjects: readonly string[];
}

interface Watching {
  /** One round, or the end of the one that is under way; also run every half a second. */
  round(): Promise<void>;
  stop(): Promise<void>;
}

/** @param every ms between two rounds */
export const startWatching = (
  context: Pick<GatewayContext, 'view' | 'tickets' | 'now'>,
  reports: Reports,
  watched: Watched,
  failed: (error: unknown) => void,
  every = EVERY,
): Watching => new Watcher(context, reports, watched, failed, every);

const keyOf = ({ id, client }: Pick<Watch, 'id' | 'client'>): string => `${id}/${client}`;
const subjectsOf = ({ issued }: Look): readonly string[] => issued.model.subjects.map(({ subject }) => subject);

/** All registers that the reports read. */
function registersOf({ definitions }: Reports): readonly DatasetId[] {
  const all = [...definitions.values()].flatMap(({ register, datasets }): DatasetId[] => [
    register.contract.id,
    ...datasets.map(({ contract }) => contract.id),
  ]);
  return [...new Set(all)];
}

class Watcher implements Watching {
  readonly #context: Pick<GatewayContext, 'view' | 'tickets' | 'now'>;
  readonly #reports: Reports;
  readonly #watched: Watched;
  readonly #failed: (error: unknown) => void;
  /** By this name it holds the lease. */
  readonly #holder = randomBytes(8).toString('hex');
  readonly #datasets: readonly DatasetId[];
  /** Watches that were looked at, by report and client. */
  readonly #known = new Map<string, Known>();
  readonly #timer: NodeJS.Timeout;
  /** As they were at the last whole round; undefined: everything is looked at. */
  #before: Registers | undefined;
  #sweptAt = 0;
  #rounds = 0;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(
    context: Pick<GatewayContext, 'view' | 'tickets' | 'now'>,
    reports: Reports,
    watched: Watched,
    failed: (error: unknown) => void,
    every: number,
  ) {
    this.#context = context;
    this.#reports = reports;
    this.#watched = watched;
    this.#failed = failed;
    this.#datasets = registersOf(reports);
    this.#timer = setInterval(() => void this.round(), every).unref();
  }

  round(): Promise<void> {
    return (this.#running ??= this.#look()
      // what was not told is looked at again in the next round
      .catch((error: unknown) => {
        this.#before = undefined;
        this.#failed(error);
      })
      .finally(() => (this.#running = undefined)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
    await this.#watched.release(this.#holder);
  }

  async #look(): Promise<void> {
    const at = this.#context.now();
    await this.#sweep(at);
    const watches = await this.#watched.all(at);
    if (watches.length === 0) return this.#known.clear();
    if (!(await this.#watched.lease(this.#holder, at))) {
      // another worker does it: what has moved meanwhile is not known here
      this.#before = undefined;
      return;
    }
    const registers = await this.#registersAt(at);
    await this.#compareAll(this.#touched(watches, registers));
    if (this.#stopped) return;
    this.#before = registers;
    this.#forgetOthers(watches);
  }

  async #sweep(at: number): Promise<void> {
    if (at - this.#sweptAt <= SWEEP) return;
    this.#sweptAt = at;
    await this.#watched.sweep(at);
  }

  async #registersAt(at: number): Promise<Registers> {
    return {
      cut: this.#context.view.cut(this.#datasets),
      effects: this.#context.tickets.effects.version(),
      revocations: await this.#reports.revocations(),
      day: dayIn(at),
    };
  }

  /** Watches whose document may stand otherwise now, by report. */
  #touched(watches: readonly Watch[], registers: Registers): ReadonlyMap<string, readonly Watch[]> {
    const parts = moved(this.#before, registers);
    const byReport = new Map<string, Watch[]>();
    for (const watch of watches) {
      if (!this.#isTouched(watch, parts, registers.cut)) continue;
      const others = byReport.get(watch.id);
      if (others === undefined) byReport.set(watch.id, [watch]);
      else others.push(watch);
    }
    return byReport;
  }

  #isTouched(watch: Watch, parts: ReturnType<typeof moved>, cut: Cut): boolean {
    const known = this.#known.get(keyOf(watch));
    if (known?.since !== watch.since || parts === undefined) return true;
    return [...parts].some(([topic, partitions]) =>
      known.subjects.some((subject) => partitions.has(partitionOf(subject, cut[topic]?.length ?? 1))),
    );
  }

  async #compareAll(byReport: ReadonlyMap<string, readonly Watch[]>): Promise<void> {
    this.#rounds++;
    const requestId = `watch-${this.#holder}-${String(this.#rounds)}`;
    await eachInTurn([...byReport], async ([id, watches]) => {
      if (this.#stopped) return;
      await this.#watched.lease(this.#holder, this.#context.now());
      await this.#compare(id, watches, requestId);
    });
  }

  /** One report for all who watch it. */
  async #compare(id: string, watches: readonly Watch[], requestId: string): Promise<void> {
    const look = await this.#reports.look(id, { requestId, by: 'watch' });
    if (look === undefined) return this.#watched.forget(id);
    const state = look.outcome === 'revoked' ? look.outcome : stateOf(look.issued.model, look.changes);
    for (const watch of watches) {
      if (watch.state !== state) await this.#tell(watch, state, look);
      this.#known.set(keyOf(watch), { since: watch.since, subjects: subjectsOf(look) });
    }
  }

  /** On record first. */
  async #tell(watch: Watch, state: string, look: Look): Promise<void> {
    const { issued, changes, outcome } = look;
    const { model, document, issuer } = issued;
    await look.tell(watch.client);
    await this.#watched.append(watch, state, issuer, {
      document,
      report: model.report,
      at: changes.at,
      outcome,
      sections: lasting(kindsOf(model, changes)),
    });
  }

  /** Of watches that are over nothing is known any more. */
  #forgetOthers(watches: readonly Watch[]): void {
    if (this.#known.size <= watches.length) return;
    const watched = new Set(watches.map(keyOf));
    for (const key of this.#known.keys()) if (!watched.has(key)) this.#known.delete(key);
  }
}
