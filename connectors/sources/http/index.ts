/** A JSON API that is asked again and again: pages, a since-parameter, credentials by reference, listed hosts only. */

import { setTimeout as wait } from 'node:timers/promises';
import { parseDuration } from '../../../contracts/duration.js';
import { type Place, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import { shape } from '../../../contracts/validate.js';
import type { Feed } from '../../feed.js';
import { mappedColumns } from '../../mapping/columns.js';
import { aboveCeiling, ceilingOf, filesRoots } from '../../reading/ceiling.js';
import { type Door, makeDoor, USUAL_PORT } from '../../reading/door.js';
import { MAX_ITEM_BYTES } from '../../reading/json-value.js';
import type { BrokenRow, SourceContext, SourceKind, SourceRow, SourceRun } from '../../reading/port.js';
import { readSecret, readText } from '../../reading/secrets.js';
import { feedIdentity, readAgain } from '../../reading/take.js';
import { type Getter, makeGetter } from './get.js';
import { ItemRows } from './items.js';
import { pagesOf } from './pages.js';
import { type HttpSource, schema } from './schema.js';

const check = shape<HttpSource>(schema, 'bad_feed');

interface Memory {
  /** Of the feed: when it or its mapping changes, the list is read from its beginning. */
  readonly feed: string;
  readonly cursor: string | number;
}
const checkMemory = shape<Memory>(
  {
    type: 'object',
    required: ['feed', 'cursor'],
    properties: { feed: { type: 'string' }, cursor: { type: ['string', 'number'] } },
  },
  'internal',
);

interface HttpParts {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const BATCH = 500;
const MAX_KEY_FILE = 1_048_576;
const DEFAULTS = {
  timeout: 30_000,
  retries: 4,
  maxPageBytes: 16 * 1_048_576,
  maxPages: 10_000,
  overlap: 600_000,
} as const;

function duration(text: string | undefined, otherwise: number, key: string, place: Place): number {
  const ms = text === undefined ? otherwise : parseDuration(text);
  if (ms === undefined)
    throw new YitongError('bad_feed', `\`source.${key}\` must be a duration like \`PT30S\``, { place });
  return ms;
}

interface Checked extends HttpSource {
  readonly address: URL;
  readonly door: Door;
  readonly milliseconds: { readonly timeout: number; readonly overlap: number };
}

/** The source as its feed says it, or why it cannot be meant. */
function checked(feed: Feed, workspace: Workspace): Checked {
  const place = { file: feed.file };
  const source = check(feed.source, place);
  const refuse = (what: string): YitongError => new YitongError('bad_feed', what, { place });
  if (!URL.canParse(source.url)) throw refuse('`source.url` must be an address');
  const address = new URL(source.url);
  const ceiling = ceilingOf(workspace);
  const above = source.allowHosts.find((host) => !ceiling.allows(host, USUAL_PORT));
  if (above !== undefined) throw refuse(aboveCeiling(above));
  const door = makeDoor({ allowHosts: source.allowHosts, ceiling, allowPrivate: source.allowPrivate ?? false });
  try {
    door.check(address);
  } catch (error) {
    throw refuse(`\`source.url\`: ${error instanceof Error ? error.message : ''}`);
  }
  // a run that sees only what changed would withdraw all the rest
  if (source.since !== undefined && feed.snapshot)
    throw refuse('`snapshot` cannot be true where `source.since` asks for changes only');
  if ((source.tls?.cert === undefined) !== (source.tls?.key === undefined))
    throw refuse('`source.tls` must have both of `cert` and `key`, or neither');
  const milliseconds = {
    timeout: duration(source.timeout, DEFAULTS.timeout, 'timeout', place),
    overlap: duration(source.since?.overlap, DEFAULTS.overlap, 'since.overlap', place),
  };
  return { ...source, address, door, milliseconds };
}

async function getter(source: Checked, context: SourceContext, { sleep, env }: HttpParts): Promise<Getter> {
  const { feed, baseDir, now, signal } = context;
  const ground = { baseDir, roots: filesRoots(context) };
  const place = { file: feed.file };
  const headers: Record<string, string> = {};
  for (const [name, header] of Object.entries(source.headers ?? {}))
    headers[name] = await readSecret(header, ground, place, env);
  const parameters: Record<string, string> = {};
  for (const [name, parameter] of Object.entries(source.parameters ?? {}))
    parameters[name] = await readSecret(parameter, ground, place, env);
  const pem = async (file: string | undefined): Promise<string | undefined> =>
    file === undefined ? undefined : readText(file, ground, MAX_KEY_FILE, place);
  const [ca, cert, key] = [await pem(source.tls?.ca), await pem(source.tls?.cert), await pem(source.tls?.key)];
  return makeGetter({
    door: source.door,
    tls: {
      ...present({ ca, cert, key }),
    },
    headers,
    parameters,
    accept: source.accept ?? 'application/json',
    home: source.address,
    timeout: source.milliseconds.timeout,
    maxBytes: source.maxPageBytes ?? DEFAULTS.maxPageBytes,
    retries: source.retries ?? DEFAULTS.retries,
    sleep,
    now,
    signal,
  });
}

async function openWith(context: SourceContext, parts: HttpParts): Promise<SourceRun> {
  const { feed, now, memory } = context;
  const place = { file: feed.file };
  const source = checked(feed, context.workspace);
  const { since } = source;
  const identity = feedIdentity(context);
  const before = memory.get();
  const remembered = before === undefined ? undefined : checkMemory(before, place);
  const cursor =
    since === undefined
      ? undefined
      : readAgain(context) || remembered?.feed !== identity
        ? since.initial
        : remembered.cursor;
  const started = now();
  const first = new URL(source.address);
  if (since !== undefined && cursor !== undefined) first.searchParams.set(since.parameter, String(cursor));
  const { overlap } = source.milliseconds;
  const http = await getter(source, context, parts);
  const items = new ItemRows({
    position: source.position,
    from: cursor,
    cursor: since?.item,
    columns: mappedColumns(feed.mapping),
    maxItemBytes: source.maxItemBytes ?? MAX_ITEM_BYTES,
  });
  let read = 0;
  async function* rows(): AsyncGenerator<(SourceRow | BrokenRow)[]> {
    try {
      const list = {
        first,
        items: source.items ?? '',
        paging: source.paging,
        total: source.total,
        maxPages: source.maxPages ?? DEFAULTS.maxPages,
        get: http.get,
      };
      for await (const page of pagesOf(list)) {
        for (let at = 0; at < page.items.length; at += BATCH) {
          const batch = page.items.slice(at, at + BATCH).map((item) => items.row(item));
          read += batch.length;
          yield batch;
        }
      }
      if (since?.item !== undefined && read > 0 && items.newest === undefined) {
        throw new YitongError(
          'source_unavailable',
          `no item has a text or a number at \`${since.item}\`, so the next run would not know where to go on`,
        );
      }
    } finally {
      http.close();
    }
  }
  return {
    sourceTime: started.toISOString(),
    rows: rows(),
    progress: () => read,
    complete: async () => {
      if (since === undefined) return;
      const next =
        since.item === undefined ? new Date(started.getTime() - overlap).toISOString() : (items.newest ?? cursor);
      if (next !== undefined) memory.set({ feed: identity, cursor: next } satisfies Memory);
    },
  };
}

export const httpKind = (parts: HttpParts): SourceKind => ({
  kind: 'http',
  title: { zh: '部门接口', en: 'the department’s API' },
  description: 'a JSON API that is asked for its list, or for what changed since the last run',
  schema,
  check: checked,
  open: (context) => openWith(context, parts),
});

export default httpKind({ sleep: async (ms, signal) => wait(ms, undefined, { signal }), env: process.env });
