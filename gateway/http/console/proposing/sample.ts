/** What a sample would become as a dataset, by the reasons of `yitong feed new`; nothing of it is kept. */
import { rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { look, type Proposal, propose } from '../../../../connectors/propose/propose.js';
import { sniffFile } from '../../../../connectors/propose/sniff.js';
import { readTerms } from '../../../../connectors/propose/terms.js';
import { trialFolder } from '../../../../connectors/propose/trial.js';
import { isYitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { GatewayContext } from '../../../documents/context.js';
import { packageRoot } from '../../../ground/files/places.js';
import { formFault } from '../../plugins/forms.js';

/** ms; what is not read by then is too much for a sample. */
const PATIENCE = 8000;
const ENDINGS: ReadonlySet<string> = new Set(['.csv', '.tsv', '.txt', '.json', '.ndjson', '.xlsx']);

const faulty = (zh: string, en: string): Error => formFault({ files: { zh, en } satisfies Localised });

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

let busy = false;

/**
 * One at a time in a process: it takes a processor for seconds.
 * @throws YitongError `bad_request`, beside the field, where nothing can be made of it
 */
export async function proposalOf(
  { workspace, now }: Pick<GatewayContext, 'workspace' | 'now'>,
  sample: { readonly name: string; readonly bytes: Buffer },
  said: { readonly authority: string; readonly dataset: string | undefined },
): Promise<Proposal> {
  const name = fileName(sample.name);
  if (busy) throw faulty('另一份样表正在试读，请稍后再试。', 'Another sample is being read just now; try again.');
  busy = true;
  const signal = AbortSignal.timeout(PATIENCE);
  let dir = '';
  try {
    dir = await trialFolder();
    const path = join(dir, name);
    await writeFile(path, sample.bytes, { mode: 0o600 });
    const terms = await readTerms(join(packageRoot(), 'connectors/propose/terms.json'));
    const answers = {
      ...present(said),
      dateFormats: new Map<string, string>(),
      types: new Map<string, string>(),
      classes: new Map<string, string>(),
      names: new Map<string, string>(),
    };
    const { source, decisions } = await sniffFile(path, answers, { schemes: workspace.schemes, terms });
    const { kind, ...keys } = source;
    const context = { workspace, terms, signal, now: () => new Date(now()) };
    const found = { source: { kind, path, ...keys }, schedule: 'PT1H', snapshot: true, roots: [dir], decisions, name };
    const made = await propose(await look(found, context), answers, context);
    const { draft } = made;
    // where the register will lie, and not where its sample lay for a moment
    const feed = { ...draft.feed, source: { ...draft.feed.source, path: `inbox/${name}` } };
    return { ...made, draft: { ...draft, feed } };
  } catch (error) {
    if (signal.aborted)
      throw faulty(
        '样表太大，未能在数秒内读完。请只取前几千行。',
        'The sample is too large to be read in a few seconds: take a few thousand rows of it.',
      );
    if (!isYitongError(error) || error.extra.faults !== undefined) throw error;
    throw faulty(
      '未能读懂这份样表：须有一行标题，并且有一列是统一社会信用代码、身份证号等主体标识。',
      error.message.replaceAll(`${dir}/`, ''),
    );
  } finally {
    busy = false;
    if (dir !== '') await rm(dir, { recursive: true, force: true });
  }
}
