/**
 * Feeds as they stand in a workspace: read, checked against their contract and their source kind before anything runs.
 */
import { Cron } from 'croner';
import { parseDuration } from '../contracts/duration.js';
import { isYitongError, YitongError } from '../contracts/errors.js';
import { contentFiles, readJson } from '../contracts/files.js';
import { authorityId, type DatasetId, datasetId } from '../contracts/ids.js';
import type { Contract, Workspace } from '../contracts/types.js';
import { shape } from '../contracts/validate.js';
import type { Expression, Feed, Step } from './feed.js';
import { checkCrosswalks } from './mapping/crosswalk.js';
import { compileMapping, parseMapping } from './mapping/index.js';
import { ceilingOf } from './reading/ceiling.js';
import type { SourceKind } from './reading/port.js';
import { loadSourceKinds } from './sources/load.js';

interface FeedFile {
  readonly source: { readonly kind: string; readonly [key: string]: unknown };
  readonly schedule: string;
  readonly snapshot?: boolean;
  readonly maxWithdrawShare?: number;
  readonly onDuplicate?: 'quarantine' | 'last';
  readonly mapping?: object;
}

const check = shape<FeedFile>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['source', 'schedule'],
    properties: {
      source: { type: 'object', required: ['kind'], properties: { kind: { type: 'string' } } },
      schedule: { type: 'string', minLength: 1, maxLength: 100 },
      snapshot: { type: 'boolean' },
      maxWithdrawShare: { type: 'number', minimum: 0, maximum: 1 },
      onDuplicate: { enum: ['quarantine', 'last'] },
      mapping: { type: 'object' },
    },
  },
  'bad_feed',
);

/** How a feed's `schedule` is meant. */
type Schedule =
  | { readonly kind: 'every'; readonly ms: number }
  | { readonly kind: 'cron'; readonly cron: string }
  | { readonly kind: 'watch' }
  | { readonly kind: 'push' };

/** Undefined if it is none of the four ways. Cron expressions follow Asia/Shanghai (`schedule.ts`). */
export function parseSchedule(text: string): Schedule | undefined {
  if (text === 'watch' || text === 'push') return { kind: text };
  const ms = parseDuration(text);
  if (ms !== undefined) return { kind: 'every', ms };
  try {
    new Cron(text, { paused: true }).stop();
    return { kind: 'cron', cron: text };
  } catch {
    return undefined;
  }
}

/** Of the workspace and what it builds on; the sources of another region are that one's own. */
const feedFiles = ({ layers, foreign = [] }: Workspace) =>
  contentFiles(
    layers.filter((layer) => !foreign.includes(layer)),
    'connectors/feeds',
    '.json',
    2,
  );

/**
 * @param onRefused takes the refusal of one feed, which is then left out, so that a check can tell all at once. Never
 * given where feeds are run
 * @throws YitongError `bad_feed` with the file, `bad_config`
 */
export async function loadFeeds(
  workspace: Workspace,
  kinds?: ReadonlyMap<string, SourceKind>,
  onRefused?: (dataset: DatasetId, error: YitongError) => void,
): Promise<ReadonlyMap<DatasetId, Feed>> {
  const known = kinds ?? (await loadSourceKinds());
  ceilingOf(workspace);
  const feeds = new Map<DatasetId, Feed>();
  for (const file of await feedFiles(workspace)) {
    const dataset = feedName(file.name, file.path);
    try {
      feeds.set(dataset, makeFeed(dataset, file.path, await readJson(file.path, 'bad_feed'), workspace, known));
    } catch (error) {
      if (onRefused === undefined || !isYitongError(error)) throw error;
      onRefused(dataset, error);
    }
  }
  return feeds;
}

/**
 * One feed as it stands now, whatever is wrong with others; undefined if the dataset has none.
 * @throws YitongError `bad_feed` with the file
 */
export async function loadFeed(
  workspace: Workspace,
  dataset: DatasetId,
  kinds?: ReadonlyMap<string, SourceKind>,
): Promise<Feed | undefined> {
  const name = `${dataset.replace('.', '/')}.json`;
  const file = (await feedFiles(workspace)).find((one) => one.name === name);
  return file === undefined
    ? undefined
    : makeFeed(
        dataset,
        file.path,
        await readJson(file.path, 'bad_feed'),
        workspace,
        kinds ?? (await loadSourceKinds()),
      );
}

function feedName(name: string, file: string): DatasetId {
  const [authority, dataset, ...more] = name.slice(0, -'.json'.length).split('/');
  if (authority === undefined || dataset === undefined || more.length > 0) {
    throw new YitongError('bad_feed', 'a feed stands at `connectors/feeds/<authority>/<dataset>.json`', {
      place: { file },
    });
  }
  return named(`${authority}.${dataset}`, { file });
}

/** @throws YitongError `bad_feed` with the file */
export function makeFeed(
  id: DatasetId,
  file: string,
  raw: unknown,
  workspace: Workspace,
  kinds: ReadonlyMap<string, SourceKind>,
): Feed {
  const place = { file };
  const refuse = (what: string): never => {
    throw new YitongError('bad_feed', what, { place });
  };
  const said = check(raw, place);
  const contract = workspace.contracts.get(id) ?? refuse(`there is no contract of \`${id}\``);
  const kind =
    kinds.get(said.source.kind) ??
    refuse(`\`source.kind\` must be one of ${[...kinds.keys()].map((one) => `\`${one}\``).join(', ')}`);
  shape<object>(kind.schema, 'bad_feed')(said.source, place);
  const schedule =
    parseSchedule(said.schedule) ??
    refuse('`schedule` must be an ISO 8601 duration, a cron expression, `watch` or `push`');
  const pushed = kind.pushed === true;
  if (pushed !== (schedule.kind === 'push')) {
    const which = [...kinds.values()].filter((one) => one.pushed === true).map((one) => `\`${one.kind}\``);
    refuse(`the schedule \`push\` and the source kind ${which.join(' or ')} go together`);
  }
  if (!pushed && said.mapping === undefined) refuse('the document lacks the key `mapping`');
  const mapping = said.mapping === undefined ? { fields: {} } : parseMapping(said.mapping, file);
  if (said.mapping !== undefined) {
    checkCrosswalks(mapping, id, workspace, file);
    compileMapping(mapping, contract, workspace.schemes, file);
    for (const [target, expression] of Object.entries(mapping.fields))
      checkCodes(expression, target, contract, workspace, file);
  }
  const feed: Feed = {
    dataset: id,
    authority: contract.authority,
    source: said.source,
    schedule: said.schedule,
    snapshot: said.snapshot ?? false,
    maxWithdrawShare: said.maxWithdrawShare ?? 0.1,
    onDuplicate: said.onDuplicate ?? 'quarantine',
    mapping,
    file,
  };
  kind.check?.(feed, workspace);
  return feed;
}

function named(text: string, place: { readonly file: string }): DatasetId {
  try {
    authorityId(text.slice(0, text.indexOf('.')));
    return datasetId(text);
  } catch (error) {
    if (isYitongError(error)) throw new YitongError('bad_feed', error.message, { place });
    throw error;
  }
}

/** The codes that a feed gives must be in the field's code list. */
function checkCodes(
  expression: Expression,
  target: string,
  contract: Contract,
  workspace: Workspace,
  file: string,
): void {
  if ('rows' in expression) {
    for (const [below, inner] of Object.entries(expression.rows.fields))
      checkCodes(inner, `${target.replace(/\[\]$/, '')}[].${below}`, contract, workspace, file);
    return;
  }
  if ('case' in expression) {
    for (const { use } of expression.case) checkCodes(use, target, contract, workspace, file);
    if (expression.else !== undefined) checkCodes(expression.else, target, contract, workspace, file);
    return;
  }
  const codelist = contract.latest.fields.find((info) => info.path === target)?.codelist;
  const codes = codelist === undefined ? undefined : workspace.codelists.get(codelist)?.codes;
  if (codes === undefined) return;
  const given: readonly unknown[] = 'const' in expression ? [expression.const] : codesOf(expression.steps ?? []);
  const wrong = given.find((code) => typeof code === 'string' && !codes.has(code));
  if (wrong !== undefined)
    throw new YitongError(
      'bad_feed',
      `\`${target}\` is given the code \`${String(wrong)}\`, which the code list \`${codelist}\` does not have`,
      { place: { file } },
    );
}

/** Codes that can come out at the end: only where nothing changes them afterwards. */
function codesOf(steps: readonly Step[]): readonly unknown[] {
  const last = steps.at(-1);
  if (typeof last !== 'object') return [];
  if ('codes' in last) return [...Object.values(last.codes), last.else ?? null];
  if ('split' in last) return codesOf(last.each ?? []);
  return [];
}
