/**
 * What the suites of the source kinds share: a kind opened over a folder, as a runner would, and a feed that maps what
 * the office wants.
 */
import type { Feed } from '../../connectors/feed.js';
import { parseMapping } from '../../connectors/mapping/index.js';
import {
  type BrokenRow,
  JUST_READING,
  type SourceContext,
  type SourceKind,
  type SourceRow,
  type SourceRun,
} from '../../connectors/reading/port.js';
import type { RunReport } from '../../connectors/run.js';
import { loadSourceKinds } from '../../connectors/sources/load.js';
import { feed, workspace } from './fixtures.js';

export const kinds = await loadSourceKinds();

export function kindOf(name: string): SourceKind {
  const kind = kinds.get(name);
  if (kind === undefined) throw new Error(`there is no kind ${name}`);
  return kind;
}

export interface Memory {
  value?: unknown;
}

export interface Reading {
  readonly memory?: Memory;
  readonly mapping?: object;
  readonly overrides?: Partial<Feed>;
  readonly options?: Readonly<Record<string, string>>;
}

export function contextOf(
  dir: string,
  source: Feed['source'],
  { memory = {}, mapping, overrides = {}, options = {} }: Reading = {},
): SourceContext {
  return {
    feed: feed(source, {
      ...(mapping === undefined ? {} : { mapping: parseMapping(mapping, 'feed.json') }),
      ...overrides,
    }),
    workspace: workspace(),
    baseDir: dir,
    now: () => new Date('2030-01-01T00:00:00Z'),
    memory: { get: () => memory.value, set: (value) => (memory.value = value) },
    ...JUST_READING,
    signal: new AbortController().signal,
    options,
  };
}

export interface Read {
  readonly run: SourceRun;
  readonly rows: readonly (SourceRow | BrokenRow)[];
}

/** One run to its end; undefined where there is nothing new. */
export async function read(dir: string, source: Feed['source'], reading: Reading = {}): Promise<Read | undefined> {
  const run = await kindOf(source.kind).open(contextOf(dir, source, reading));
  if (run === undefined || 'unchanged' in run) return undefined;
  const rows: (SourceRow | BrokenRow)[] = [];
  for await (const batch of run.rows) rows.push(...batch);
  await run.complete?.();
  return { run, rows };
}

/** The cells of each row, or why it is broken. */
export const seen = (read: Read | undefined): readonly unknown[] =>
  (read?.rows ?? []).map((row) => ('cells' in row ? row.cells : row.broken.reason));

export const counts = ({ rows, published, unchanged, merged, quarantined, skipped, withdrawn, state }: RunReport) => [
  rows,
  published,
  unchanged,
  merged,
  quarantined,
  skipped,
  withdrawn,
  state,
];
