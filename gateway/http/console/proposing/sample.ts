/**
 * What a sample would become as a dataset, by the reasons of `yitong feed new`. Nothing of it is kept: while an officer
 * answers, it goes with the form, packed, and comes back with the answers.
 */
import { rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { Answers, Decision } from '../../../../connectors/propose/decision.js';
import type { ColumnProfile } from '../../../../connectors/propose/profile.js';
import {
  type Looked,
  look,
  type Proposal,
  type ProposeContext,
  propose,
} from '../../../../connectors/propose/propose.js';
import { sniffFile } from '../../../../connectors/propose/sniff.js';
import { readTerms, type Terms } from '../../../../connectors/propose/terms.js';
import { trialFolder } from '../../../../connectors/propose/trial.js';
import { errorWordsOf } from '../../../../contracts/error-words.js';
import { type FormFaults, isYitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { OneByOne } from '../../../../contracts/turns.js';
import type { GatewayContext } from '../../../documents/context.js';
import { packageRoot } from '../../../ground/files/places.js';
import { formFault } from '../../plugins/forms.js';
import { columnAnswersOf, fieldsOf, questionOf, READING, readingOf, type Said, without } from './answers.js';

/** Bytes. A few thousand rows; what is larger is for the command line. */
export const MOST = 2 * 1_048_576;
/** Characters of one that goes with a form. */
export const MOST_PACKED = Math.ceil((MOST + 65_536) / 3) * 4;
/** ms; what is not read by then is too much for a sample. */
const PATIENCE = 8000;
/** Answers that are left out one after another, as they cannot be. */
const ROUNDS = 12;
const ENDINGS: ReadonlySet<string> = new Set(['.csv', '.tsv', '.txt', '.json', '.ndjson', '.xlsx']);
const deflated = promisify(deflateRaw);
const inflated = promisify(inflateRaw);

const faulty = (zh: string, en: string): Error => formFault({ files: { zh, en } satisfies Localised });

export interface Sample {
  readonly name: string;
  readonly bytes: Buffer;
}

/** As it goes with a form. */
export const packed = async ({ bytes }: Sample): Promise<string> => (await deflated(bytes)).toString('base64');

/** @throws YitongError `bad_request` where it is none, or too large */
export async function unpacked(text: string): Promise<Buffer> {
  if (text.length > MOST_PACKED || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
    throw faulty('请重新选择样表。', 'Choose the sample again.');
  return inflated(Buffer.from(text, 'base64'), { maxOutputLength: MOST }).catch(() => {
    throw faulty('请重新选择样表。', 'Choose the sample again.');
  });
}

/** A name that is safe as a file's, by which a dataset is named. */
function fileName(given: string): string {
  const ending = extname(given).toLowerCase();
  if (!ENDINGS.has(ending))
    throw faulty('请选择 CSV、JSON 或者 Excel 文件。', 'Choose a file of CSV, JSON or Excel (.xlsx).');
  const bare = given
    .slice(0, given.length - ending.length)
    .replace(/^.*[\\/]/, '')
    .replace(/[^\p{L}\p{N}_-]+/gu, '-')
    .slice(0, 60);
  return `${bare === '' ? 'sample' : bare}${ending}`;
}

/** A sample that was read, as far as that went. */
export interface Tried {
  /** Of its file. */
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
  readonly decisions: readonly Decision[];
  /** Undefined while nobody has said whose records they are. */
  readonly proposal: Proposal | undefined;
  readonly terms: Terms;
  /** By the fields of the form: answers that cannot be, and were left out. */
  readonly faults: FormFaults;
}

interface Reading {
  readonly path: string;
  readonly name: string;
  readonly dir: string;
  readonly said: Said;
  readonly authority: string;
  readonly context: ProposeContext;
}

const NO_MAPS = { types: new Map(), dateFormats: new Map(), classes: new Map(), names: new Map() } as const;

/** The first pass, by what was said of how the file is read; what does not fit is left out and told. */
async function lookedAt({ path, name, dir, said, authority, context }: Reading) {
  const { workspace, terms } = context;
  const lookBy = async (answers: Answers): Promise<Looked> => {
    const { source, decisions } = await sniffFile(path, answers, { schemes: workspace.schemes, terms });
    const { kind, ...keys } = source;
    const found = { source: { kind, path, ...keys }, schedule: 'PT1H', snapshot: true, roots: [dir], decisions, name };
    return look(found, context);
  };
  const answers: Answers = { authority, ...readingOf(said), ...NO_MAPS };
  const given = READING.filter((about) => answers[about] !== undefined);
  try {
    return { looked: await lookBy(answers), answers, faults: {} };
  } catch (error) {
    if (given.length === 0 || context.signal.aborted || !isYitongError(error)) throw error;
    const plainly = given.reduce(without, answers);
    const { zh, en } = errorWordsOf(error.code);
    const words = {
      zh: `按此读不出样表（${zh.replace(/[。！]$/, '')}），已改按系统的判断读取。`,
      en: `The sample cannot be read so (${en.replace(/\.$/, '')}); it was read as seen by itself.`,
    };
    const own = error.extra.faults;
    return {
      looked: await lookBy(plainly),
      answers: plainly,
      faults: own ?? { [given[0] ?? 'charset']: words },
    };
  }
}

/** Under the names of the form's fields: of those of a question the first that says something. */
const inFields = (faults: FormFaults, columns: readonly ColumnProfile[], said: Said): FormFaults =>
  Object.fromEntries(
    Object.entries(faults).map(([about, words]) => {
      const fields = fieldsOf(questionOf(about, columns));
      return [fields.find((field) => (said[field] ?? '') !== '') ?? fields[0] ?? 'subject', words];
    }),
  );

async function triedBy(reading: Reading): Promise<Tried> {
  const { looked, answers: read, faults: unread } = await lookedAt(reading);
  const { said, context, name } = reading;
  const { profile } = looked;
  const columns = [...profile.columns.values()];
  const { answers: asked, faults: unmeant } = columnAnswersOf(said, columns);
  let answers: Answers = { ...read, ...asked };
  let faults: FormFaults = { ...inFields(unread, columns, said), ...unmeant };
  const told = { name, rows: profile.rows, columns, terms: context.terms };
  for (let round = 0; ; round++) {
    try {
      const proposal = await propose(looked, answers, context);
      return { ...told, decisions: proposal.decisions, proposal, faults };
    } catch (error) {
      const wrong = isYitongError(error) ? error.extra.faults : undefined;
      if (wrong === undefined || round >= ROUNDS || context.signal.aborted) throw error;
      const abouts = Object.keys(wrong);
      // what was said of it comes first
      faults = { ...inFields(wrong, columns, said), ...faults };
      if (abouts.includes('subject') && answers.subject === undefined)
        return { ...told, decisions: looked.decisions, proposal: undefined, faults };
      answers = abouts.reduce(without, answers);
    }
  }
}

/** Samples that may wait for the one before; each takes seconds. */
const MOST_WAITING = 3;
let waiting = 0;
const turns = new OneByOne();

/** One after another in a process. @throws YitongError where too many wait */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting >= MOST_WAITING)
    throw faulty('另有几份样表正在试读，请稍后再试。', 'Other samples are being read just now; try again.');
  waiting += 1;
  return turns.take(work).finally(() => (waiting -= 1));
}

interface Asked {
  readonly said: Said;
  readonly authority: string;
}

/** @throws YitongError `bad_request`, beside the field, where nothing can be made of it */
export async function tried(
  context: Pick<GatewayContext, 'workspace' | 'now'>,
  sample: Sample,
  asked: Asked,
): Promise<Tried> {
  const name = fileName(sample.name);
  return inTurn(() => triedNow(context, { ...sample, name }, asked));
}

async function triedNow(
  { workspace, now }: Pick<GatewayContext, 'workspace' | 'now'>,
  { name, bytes }: Sample,
  asked: Asked,
): Promise<Tried> {
  const signal = AbortSignal.timeout(PATIENCE);
  let dir = '';
  try {
    dir = await trialFolder();
    const path = join(dir, name);
    await writeFile(path, bytes, { mode: 0o600 });
    const terms = await readTerms(join(packageRoot(), 'connectors/propose/terms.json'));
    const context = { workspace, terms, signal, now: () => new Date(now()) };
    const made = await triedBy({ path, name, dir, context, ...asked });
    const { proposal } = made;
    if (proposal === undefined) return made;
    const { draft } = proposal;
    // where the register will lie, and not where its sample lay for a moment
    const feed = { ...draft.feed, source: { ...draft.feed.source, path: `inbox/${name}` } };
    return { ...made, proposal: { ...proposal, draft: { ...draft, feed } } };
  } catch (error) {
    if (signal.aborted)
      throw faulty(
        '样表太大，未能在数秒内读完。请只取前几千行。',
        'The sample is too large to be read in a few seconds: take a few thousand rows of it.',
      );
    if (!isYitongError(error) || error.extra.faults?.['files'] !== undefined) throw error;
    throw faulty(
      '未能读懂这份样表：须是有标题行的表格或者记录列表，至少有一行数据。',
      error.message.replaceAll(`${dir}/`, ''),
    );
  } finally {
    if (dir !== '') await rm(dir, { recursive: true, force: true });
  }
}
