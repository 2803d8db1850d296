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
import { eachInTurn } from './in-turn.js';
import { kindsOf, lasting, stateOf } from './kinds.js';
import type { Look, Reports } from './port.js';
import type { Watch, Watched } from './watched.js';

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
      const then = before.cut[topic];
      const parts = offsets.flatMap((offset, partition) => (then?.[partition] === offset ? [] : [partition]));
      return parts.length === 0 ? [] : [[topic, new Set(parts)]];
    }),
  );
}

interface Known {
  readonly since: number;
  /** Whom the document is about. */
  readonly subjects: readonly string[];
}

export interface Watching {
  /** One round, or the end of the one that is under way; also run every half a second. */
  round(): Promise<void>;
  stop(): Promise<void>;
}

export function startWatching(
  { view, tickets, now }: Pick<GatewayContext, 'view' | 'tickets' | 'now'>,
  reports: Reports,
  watched: Watched,
  failed: (error: unknown) => void,
  every = EVERY,
): Watching {
  const holder = randomBytes(8).toString('hex');
  const datasets = [
    ...new Set(
      [...reports.definitions.values()].flatMap(({ register, datasets: of }): DatasetId[] => [
        register.contract.id,
        ...of.map(({ contract }) => contract.id),
      ]),
    ),
  ];
  const known = new Map<string, Known>();
  let before: Registers | undefined;
  let swept = 0;
  let stopped = false;
  let rounds = 0;
  let under: Promise<void> | undefined;

  const touched = (
    { id, client, since }: Watch,
    parts: ReadonlyMap<string, ReadonlySet<number>> | undefined,
    cut: Cut,
  ): boolean => {
    const own = known.get(`${id}/${client}`);
    if (own?.since !== since || parts === undefined) return true;
    return [...parts].some(([topic, set]) =>
      own.subjects.some((subject) => set.has(partitionOf(subject, cut[topic]?.length ?? 1))),
    );
  };

  /** One report for all who watch it. */
  async function compare(id: string, watches: readonly Watch[], requestId: string): Promise<void> {
    const look = await reports.look(id, { requestId, by: 'watch' });
    if (look === undefined) return watched.forget(id);
    const {
      issued: { model, document, issuer },
      changes,
      outcome,
    } = look;
    const state = outcome === 'revoked' ? outcome : stateOf(model, changes);
    for (const watch of watches) {
      if (watch.state !== state) {
        await look.tell(watch.client);
        await watched.append(watch, state, issuer, {
          document,
          report: model.report,
          at: changes.at,
          outcome,
          sections: lasting(kindsOf(model, changes)),
        });
      }
      known.set(`${id}/${watch.client}`, { since: watch.since, subjects: subjectsOf(look) });
    }
  }
  const subjectsOf = ({ issued }: Look): readonly string[] => issued.model.subjects.map(({ subject }) => subject);

  async function pass(): Promise<void> {
    const at = now();
    if (at - swept > SWEEP) {
      swept = at;
      watched.sweep(at);
    }
    const watches = watched.all(at);
    if (watches.length === 0) return known.clear();
    if (!watched.lease(holder, at)) {
      // another worker does it: what has moved meanwhile is not known here
      before = undefined;
      return;
    }
    const registers: Registers = {
      cut: view.cut(datasets),
      effects: tickets.effects.version(),
      revocations: reports.revocations(),
      day: dayIn(at),
    };
    const parts = moved(before, registers);
    const byReport = new Map<string, Watch[]>();
    for (const watch of watches)
      if (touched(watch, parts, registers.cut)) byReport.set(watch.id, [...(byReport.get(watch.id) ?? []), watch]);
    rounds++;
    await eachInTurn([...byReport], async ([id, some]) => {
      if (stopped) return;
      watched.lease(holder, now());
      await compare(id, some, `watch-${holder}-${String(rounds)}`);
    });
    if (stopped) return;
    before = registers;
    if (known.size > watches.length) {
      const there = new Set(watches.map(({ id, client }) => `${id}/${client}`));
      for (const key of known.keys()) if (!there.has(key)) known.delete(key);
    }
  }

  const round = (): Promise<void> =>
    (under ??= pass()
      // what was not told is looked at again in the next round
      .catch((error: unknown) => {
        before = undefined;
        failed(error);
      })
      .finally(() => (under = undefined)));
  const timer = setInterval(() => void round(), every).unref();

  return {
    round,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await under;
      watched.release(holder);
    },
  };
}
