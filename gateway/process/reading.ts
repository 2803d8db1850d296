/** What of the writer stands on the workspace: the view and how it follows the bus, the clocks of tickets, and what is forwarded. It can be taken anew while the writer runs. */
import { join } from 'node:path';
import { controlTopic, dataTopic, type Bus } from '../../connectors/bus/port.js';
import type { Tracer } from '../../contracts/tracing.js';
import { loadCalendars, type Calendar } from '../../contracts/calendar.js';
import type { Workspace } from '../../contracts/types.js';
import { openTickets, type Tickets } from '../lifecycles/tickets.js';
import { followBus } from '../view/follow.js';
import { openLmdbViewWriter } from '../view/lmdb/index.js';
import type { ViewWriter } from '../view/port.js';
import type { WriterHealth } from './writer-health.js';
import { inWords } from '../logging/words.js';

export interface ReadingParts {
  readonly dataDir: string;
  readonly bus: Bus;
  readonly health: Pick<WriterHealth, 'follows' | 'away' | 'incomplete'>;
  readonly alert: (message: string) => void;
  /** Whether a record of an unknown schema is waited with. */
  readonly hold: () => boolean;
  /** Undefined where traces are not configured. */
  readonly tracer?: Tracer;
}

export interface Reading {
  readonly workspace: Workspace;
  readonly writer: ViewWriter;
  readonly tickets: Tickets;
  readonly calendars: ReadonlyMap<string, Calendar>;
  readonly topics: readonly string[];
  /** Begins; @param signal ends it. Resolves when the last batch is committed. @throws YitongError `topic_mismatch`, `view_unavailable` */
  follow(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** @throws YitongError `view_unavailable`, `bad_lifecycle`, `bad_calendar` */
export async function openReading(workspace: Workspace, { dataDir, bus, health, alert, hold, tracer }: ReadingParts): Promise<Reading> {
  const writer = await openLmdbViewWriter({ dir: join(dataDir, 'view'), workspace });
  const calendars = await loadCalendars(workspace.layers);
  const tickets = await openTickets({ dataDir, workspace, now: Date.now });
  return {
    workspace,
    writer,
    tickets,
    calendars,
    topics: [...[...workspace.contracts.keys()].map((id) => dataTopic(workspace.prefix, id)), ...[...workspace.authorities.keys()].map((id) => controlTopic(workspace.prefix, id))],
    follow: (signal) =>
      followBus({
        ...(tracer === undefined ? {} : { tracer }),
        bus,
        writer,
        workspace,
        signal,
        hold,
        onState: health.follows,
        onError(error) {
          const message = inWords(error);
          alert(message);
          health.away(message);
        },
        onNotice: alert,
        onIncomplete: health.incomplete,
      }),
    async close() {
      await tickets.close();
      await writer.close();
    },
  };
}

export interface FollowedWorkspace {
  current(): Reading;
  /** Undefined while one state is closed and the next is not open yet. */
  open(): Reading | undefined;
  /** Begins to follow the bus. */
  start(): void;
  /** Goes on with another state of the workspace; one that cannot be opened changes nothing. @throws YitongError as `openReading` */
  take(workspace: Workspace): Promise<void>;
  /** Resolves when following has ended by `signal`; rejects as `followBus` throws. */
  readonly ended: Promise<void>;
}

/** @param signal ends it all */
export async function followWorkspace(first: Workspace, parts: ReadingParts, signal: AbortSignal): Promise<FollowedWorkspace> {
  let reading = await openReading(first, parts);
  let closed = false;
  let round = new AbortController();
  let following: Promise<void> = Promise.resolve();
  let taking: Promise<void> = Promise.resolve();
  let [done, fail] = [(): void => undefined, (_error: unknown): void => undefined];
  const ended = new Promise<void>((resolve, reject) => ([done, fail] = [resolve, reject]));
  const start = (): void => {
    round = new AbortController();
    following = reading.follow(AbortSignal.any([signal, round.signal]));
    following.then(() => (signal.aborted ? taking.then(done, done) : undefined), fail);
  };
  async function take(workspace: Workspace): Promise<void> {
    round.abort();
    await following;
    closed = true;
    await reading.close();
    try {
      reading = await openReading(workspace, parts);
    } catch (error) {
      reading = await openReading(reading.workspace, parts);
      throw error;
    } finally {
      closed = false;
      start();
    }
  }
  return {
    current: () => reading,
    open: () => (closed ? undefined : reading),
    start,
    take(workspace) {
      const now = taking.then(() => take(workspace));
      taking = now.catch(() => undefined);
      return now;
    },
    ended,
  };
}
