/** The servers of the view as the settings declare them, and which slices each is to have. */
import type { Place } from '../../../../contracts/errors.js';
import type { ViewSettings } from '../../../ground/config/view.js';
import { Pool } from '../../../ground/state/postgres/pool.js';
import { type PostgresServer, serverOf } from '../../../ground/state/postgres/server.js';
import type { ViewReader, ViewWorkspace } from '../port.js';
import { readerOver } from './reader.js';
import { ServerView, troubleOf } from './server-view.js';
import { inRuns, SLICES, type SliceRun } from './slices.js';

/** For questions, for the writer, or as the owner of the tables. */
type Use = 'read' | 'write' | 'own';

export interface DeclaredServers {
  readonly servers: readonly ServerView[];
  /** Where the declared table says that a slice is. */
  readonly serverOf: (slice: number) => string;
  /** Of the server of that name. */
  readonly slicesOf: (name: string) => readonly SliceRun[];
  close(): Promise<void>;
}

/** ms that who changes something waits for others who do. */
const LOCK = 10_000;

/**
 * Connects to nothing yet.
 * @param baseDir what paths in the settings begin from @throws YitongError `bad_config`
 */
export function declaredServers(settings: ViewSettings, baseDir: string, place: Place, use: Use): DeclaredServers {
  const servers = settings.servers.map(({ name, addresses, database = 'yitong', schema = 'yitong_view' }) => {
    const server = poolServer(settings, { addresses, database }, { baseDir, place, use });
    return new ServerView(name, new Pool(server), schema);
  });
  const runs = declaredRuns(settings);
  const names = Array.from(
    { length: SLICES },
    (_, slice) => runs.find(({ run }) => inRuns([run], slice))?.server ?? '',
  );
  return {
    servers,
    serverOf: (slice) => names[slice] ?? '',
    slicesOf: (name) => runs.flatMap(({ server, run }) => (server === name ? [run] : [])),
    async close() {
      await Promise.all(servers.map(({ pool }) => pool.close()));
    },
  };
}

interface ReaderOptions {
  readonly settings: ViewSettings;
  /** What paths in the settings begin from. */
  readonly baseDir: string;
  readonly place: Place;
  readonly workspace: ViewWorkspace;
  /** Told once each time that a server is away. */
  readonly onAway: (server: string, why: string) => void;
}

/** Reads from the servers that the settings declare. @throws YitongError `bad_config` */
export function openPostgresViewReader({ settings, baseDir, place, workspace, onAway }: ReaderOptions): ViewReader {
  const { servers, serverOf: tabled, close } = declaredServers(settings, baseDir, place, 'read');
  const reader = readerOver({
    servers,
    serverOf: tabled,
    workspace,
    behindMs: settings.behindSeconds * 1000,
    onAway: (server, error) => onAway(server, troubleOf(error)),
  }).watch();
  return {
    read: () => reader.read(),
    fetch: reader.fetch,
    datasetState: (dataset) => reader.datasetState(dataset),
    cut: (datasets) => reader.cut(datasets),
    subjects: (dataset, after, most) => reader.subjects(dataset, after, most),
    async close() {
      await reader.close();
      await close();
    },
  };
}

function poolServer(
  settings: ViewSettings,
  { addresses, database }: { readonly addresses: readonly string[]; readonly database: string },
  { baseDir, place, use }: { readonly baseDir: string; readonly place: Place; readonly use: Use },
): PostgresServer {
  const { user, passwordFile, owner, ownerPasswordFile, readTimeoutMs, writeTimeoutMs } = settings;
  return serverOf(
    {
      ...settings,
      servers: addresses,
      database,
      // a writer has one for its transactions, one for its lease, one to look around
      connections: use === 'read' ? settings.connections : 3,
      statementTimeoutMs: use === 'read' ? readTimeoutMs : writeTimeoutMs,
      lockTimeoutMs: use === 'read' ? readTimeoutMs : LOCK,
    },
    {
      section: 'view',
      baseDir,
      place,
      ...(use === 'own'
        ? { user: owner, passwordKey: 'ownerPasswordFile', passwordFile: ownerPasswordFile }
        : { user, passwordKey: 'passwordFile', passwordFile }),
    },
  );
}

/** As many slices on each server where the settings say nothing else. */
function declaredRuns({
  servers,
  slices,
}: ViewSettings): readonly { readonly server: string; readonly run: SliceRun }[] {
  if (slices.length > 0) return slices.map(({ from, to, server }) => ({ server, run: [from, to] }));
  const first = (i: number): number => Math.floor((i * SLICES) / servers.length);
  return servers.map(({ name }, i) => ({ server: name, run: [first(i), first(i + 1) - 1] }));
}
