/**
 * What of the writer stands on the workspace: the view and how it follows the bus, the clocks of tickets, and what is
 * forwarded. It can be taken anew while the writer runs.
 */

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Bus, controlTopic, dataTopic } from '../../../connectors/bus/port.js';
import { damageOf } from '../../../connectors/lmdb/file.js';
import { rememberLooked, wasLooked } from '../../../connectors/lmdb/looked.js';
import { type Calendar, loadCalendars } from '../../../contracts/calendar.js';
import { isYitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Tracer } from '../../../contracts/tracing.js';
import type { Workspace } from '../../../contracts/types.js';
import { type FollowOptions, followBus } from '../../answer/view/follow.js';
import { ViewDamaged } from '../../answer/view/lmdb/checked.js';
import { openLmdbViewWriter } from '../../answer/view/lmdb/index.js';
import { VIEW_FILE } from '../../answer/view/lmdb/store.js';
import type { ViewWriter } from '../../answer/view/port.js';
import { declaredServers, FollowedServers, type ServersWriter } from '../../answer/view/postgres/index.js';
import type { ViewSettings } from '../../ground/config/view.js';
import { inWords } from '../../ground/logging/words.js';
import type { State } from '../../ground/state/port.js';
import { openTickets, type Tickets } from '../../procedures/lifecycles/tickets.js';
import { ViewLook } from './view-look.js';
import type { WriterHealth } from './writer-health.js';

interface ReadingParts {
  readonly dataDir: string;
  /** What relative paths in its settings begin from. */
  readonly workspaceDir: string;
  readonly view: ViewSettings;
  /** That all replicas share. */
  readonly state?: State;
  readonly bus: Bus;
  readonly health: Pick<WriterHealth, 'follows' | 'away' | 'incomplete' | 'servers'>;
  readonly alert: (message: string) => void;
  /** Whether a record of an unknown schema is waited with. */
  readonly hold: () => boolean;
  /** Of what may be in the view; 0: as many as the disk has. */
  readonly viewMaxBytes: number;
  /** The view has no room for more. */
  readonly onFull: () => void;
  /** Undefined where traces are not configured. */
  readonly tracer?: Tracer;
}

interface Reading {
  readonly workspace: Workspace;
  readonly writer: ServersWriter;
  readonly tickets: Tickets;
  readonly calendars: ReadonlyMap<string, Calendar>;
  readonly topics: readonly string[];
  /**
   * Begins;
   * @param signal ends it. Resolves when the last batch is committed.
   * @throws YitongError `topic_mismatch`, `view_unavailable`
   */
  follow(signal: AbortSignal): Promise<void>;
  /** Whether all of the view was looked at and found whole, before it was opened or since. */
  looked(): boolean;
  close(): Promise<void>;
}

const viewDir = (dataDir: string): string => join(dataDir, 'view');
const viewFile = (dataDir: string): string => join(viewDir(dataDir), VIEW_FILE);

/** All of it can be had from the bus again: readers see another file and open that. */
function throwAway(dataDir: string, alert: (message: string) => void, why: string): void {
  alert(`the view is damaged (${why}); it is thrown away and built anew from the bus`);
  for (const file of [viewFile(dataDir), `${viewFile(dataDir)}-lock`]) rmSync(file, { force: true });
}

/**
 * @param damaged whether it takes the place of one that was damaged
 * @returns `looked`: whether it was looked at whole just now; otherwise it is as it was when it was looked at before
 */
async function openView(
  dataDir: string,
  workspace: Workspace,
  alert: (message: string) => void,
  { damaged, maxBytes }: { readonly damaged: boolean; readonly maxBytes: number },
): Promise<{ readonly writer: ViewWriter; readonly looked: boolean }> {
  const options = { dir: viewDir(dataDir), workspace, size: { maxBytes } };
  const looked = !wasLooked(viewFile(dataDir));
  const found = looked ? damageOf(viewFile(dataDir)) : undefined;
  if (found !== undefined) throwAway(dataDir, alert, found);
  try {
    return { writer: await openLmdbViewWriter({ ...options, rebuilding: damaged || found !== undefined }), looked };
  } catch (error) {
    if (!(error instanceof ViewDamaged)) throw error;
    throwAway(dataDir, alert, 'what it says of itself');
    return { writer: await openLmdbViewWriter({ ...options, rebuilding: true }), looked: true };
  }
}

/** The view as the writer has it open, wherever it stands. */
interface WrittenView {
  readonly writer: ServersWriter;
  follow(options: Omit<FollowOptions, 'writer' | 'workspace'>): Promise<void>;
  looked(): boolean;
  close(): Promise<void>;
}

/** The view in the data folder. @throws YitongError `view_unavailable` */
async function openEmbedded(
  workspace: Workspace,
  { dataDir, alert, viewMaxBytes }: Pick<ReadingParts, 'dataDir' | 'alert' | 'viewMaxBytes'>,
  onDamaged: (why: string) => void,
  damaged: boolean,
): Promise<WrittenView> {
  const { writer, looked } = await openView(dataDir, workspace, alert, { damaged, maxBytes: viewMaxBytes });
  const look = new ViewLook({ looked, look: (signal) => writer.look(signal), onDamaged, alert });
  const following = new Set<string>();
  return {
    writer,
    follow: (options) =>
      followBus({
        ...options,
        writer,
        workspace,
        onState(dataset, state) {
          options.onState?.(dataset, state);
          if (state === 'following') following.add(dataset);
          else following.delete(dataset);
          if (following.size === workspace.contracts.size)
            writer.rebuilt().catch((error: unknown) => alert(inWords(error)));
        },
      }),
    looked: () => look.whole,
    async close() {
      await look.stop();
      await writer.close();
      if (!look.whole) return;
      try {
        rememberLooked(viewFile(dataDir));
      } catch (error) {
        // the next start looks at all of it
        alert(inWords(error));
      }
    },
  };
}

/** The view on its servers, which look after their own disks. */
function openServers(
  workspace: Workspace,
  { workspaceDir, view, health, alert }: Pick<ReadingParts, 'workspaceDir' | 'view' | 'health' | 'alert'>,
): WrittenView {
  const declared = declaredServers(view, workspaceDir, { file: join(workspaceDir, 'yitong.json') }, 'write');
  const writer = new FollowedServers(declared, workspace);
  const troubles = new Map<string, string>();
  return {
    writer,
    follow: (options) =>
      writer.follow({
        ...options,
        onServer(server, trouble) {
          if (troubles.get(server) === trouble) return;
          if (trouble === undefined) troubles.delete(server);
          else troubles.set(server, trouble);
          if (trouble !== undefined) alert(`the view's server \`${server}\`: ${trouble}`);
          health.servers([...troubles].map(([name, why]) => `the view's server \`${name}\` is not written to: ${why}`));
        },
      }),
    looked: () => true,
    close: () => writer.close(),
  };
}

/** @throws YitongError `view_unavailable`, `bad_lifecycle`, `bad_calendar` */
async function openReading(
  workspace: Workspace,
  parts: ReadingParts,
  onDamaged: (why: string) => void,
  damaged = false,
): Promise<Reading> {
  const { dataDir, state, bus, health, alert, hold, onFull, tracer } = parts;
  const view =
    parts.view.driver === 'postgres'
      ? openServers(workspace, parts)
      : await openEmbedded(workspace, parts, onDamaged, damaged);
  const calendars = await loadCalendars(workspace.layers);
  const tickets = await openTickets({ dataDir, workspace, now: Date.now, ...present({ state }) });
  return {
    workspace,
    writer: view.writer,
    tickets,
    calendars,
    topics: [
      ...[...workspace.contracts.keys()].map((id) => dataTopic(workspace.prefix, id)),
      ...[...workspace.authorities.keys()].map((id) => controlTopic(workspace.prefix, id)),
    ],
    follow: (signal) =>
      view.follow({
        ...present({ tracer }),
        bus,
        signal,
        hold,
        onState: health.follows,
        onError(error) {
          const message = inWords(error);
          alert(message);
          if (isYitongError(error) && error.code === 'store_full') onFull();
          else health.away(message);
        },
        onNotice: alert,
        onIncomplete: health.incomplete,
      }),
    looked: () => view.looked(),
    async close() {
      await tickets.close();
      await view.close();
    },
  };
}

export interface FollowedWorkspace {
  current(): Reading;
  /** Undefined while one state is closed and the next is not open yet. */
  open(): Reading | undefined;
  /** Begins to follow the bus. */
  start(): void;
  /**
   * Goes on with another state of the workspace; one that cannot be opened changes nothing.
   * @throws YitongError as `openReading`
   */
  take(workspace: Workspace): Promise<void>;
  /** Builds the view anew, if that file (inode number) is still the one. */
  damaged(file: number): Promise<void>;
  /** Resolves when following has ended by `signal`; rejects as `followBus` throws. */
  readonly ended: Promise<void>;
}

/** @param signal ends it all */
export async function followWorkspace(
  first: Workspace,
  parts: ReadingParts,
  signal: AbortSignal,
): Promise<FollowedWorkspace> {
  const lookedAt = (why: string): void => {
    const file = statSync(viewFile(parts.dataDir), { throwIfNoEntry: false })?.ino;
    rebuilt(why, file).catch((error: unknown) => parts.alert(inWords(error)));
  };
  let reading = await openReading(first, parts, lookedAt);
  let closed = false;
  let round = new AbortController();
  let following: Promise<void> = Promise.resolve();
  let taking: Promise<void> = Promise.resolve();
  let [done, fail] = [(): void => undefined, (_error: unknown): void => undefined];
  const ended = new Promise<void>((resolve, reject) => ([done, fail] = [resolve, reject]));
  const start = (): void => {
    round = new AbortController();
    following = reading.follow(AbortSignal.any([signal, round.signal]));
    following.then(
      () => (signal.aborted ? taking.then(done, done) : undefined),
      (error: unknown) => {
        if (error instanceof ViewDamaged) rebuilt('what is read in it').catch(fail);
        else fail(error);
      },
    );
  };
  /** After what is under way; a failure ends the following. */
  function rebuilt(why: string, file?: number): Promise<void> {
    const now = taking.then(() => rebuild(why, file));
    taking = now.catch(fail);
    return taking;
  }
  async function rebuild(why: string, file?: number): Promise<void> {
    if (
      signal.aborted ||
      (file !== undefined && statSync(viewFile(parts.dataDir), { throwIfNoEntry: false })?.ino !== file)
    )
      return;
    round.abort();
    await following.catch(() => undefined);
    closed = true;
    const { workspace } = reading;
    // what cannot be brought to the disk any more goes anyway
    await reading.close().catch(() => undefined);
    throwAway(parts.dataDir, parts.alert, why);
    reading = await openReading(workspace, parts, lookedAt, true);
    closed = false;
    start();
  }
  async function take(workspace: Workspace): Promise<void> {
    round.abort();
    await following;
    closed = true;
    await reading.close();
    try {
      reading = await openReading(workspace, parts, lookedAt);
    } catch (error) {
      reading = await openReading(reading.workspace, parts, lookedAt);
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
    damaged: (file) => rebuilt('what is read in it', file),
    ended,
  };
}
