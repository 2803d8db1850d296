/** The bundle that a command names, checked, and the answers that are given with it. */
import { loadActs } from '../../contracts/acts.js';
import { checkBundle } from '../../contracts/bundle/check.js';
import { type Bundles, loadBundles } from '../../contracts/bundle/load.js';
import { wrongAnswers } from '../../contracts/bundle/situation.js';
import type { Answers, Bundle } from '../../contracts/bundle/types.js';
import { YitongError } from '../../contracts/errors.js';
import { present } from '../../contracts/present.js';
import type { Workspace } from '../../contracts/types.js';
import { WrongUsage } from './failure.js';
import { didYouMean } from './near.js';

/**
 * @throws WrongUsage for a name that is none of the workspace
 * @throws YitongError where the bundle has an error, the first one
 */
export async function soundBundle(workspace: Workspace, name: string): Promise<Bundles & { readonly bundle: Bundle }> {
  const all = await loadBundles(workspace);
  const bundle = all.bundles.get(name);
  if (bundle === undefined)
    throw new WrongUsage(`there is no bundle \`${name}\`${didYouMean(name, all.bundles.keys())}`);
  const acts = await loadActs(workspace.layers);
  const findings = checkBundle(bundle, { ...all, contracts: workspace.contracts, acts, now: Date.now() });
  const error = findings.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw new YitongError(error.code, error.message, present({ place: error.place }));
  return { ...all, bundle };
}

/**
 * `question=answer` as the question takes it: `yes`, `no`, `unknown`, a number, a code, several codes with commas.
 * @throws WrongUsage naming what is wrong with one
 */
export function answersOf(bundle: Bundle, given: readonly string[]): Answers {
  const answers: Record<string, Answers[string]> = {};
  for (const one of given) {
    const at = one.indexOf('=');
    const [name, said] = [one.slice(0, at), one.slice(at + 1)];
    const question = bundle.questions.get(name);
    if (at < 0 || question === undefined)
      throw new WrongUsage(
        `\`${one}\` is no answer: write \`question=answer\`; the questions are ` +
          [...bundle.questions.keys()].join(', '),
      );
    const { type } = question.kind;
    if (said === 'unknown') answers[name] = null;
    else if (type === 'yes-no') answers[name] = said === 'yes' ? true : said === 'no' ? false : said;
    else if (type === 'codes') answers[name] = said.split(',').map((code) => code.trim());
    else answers[name] = type === 'integer' || type === 'decimal' ? Number(said) : said;
  }
  const [problem] = wrongAnswers(bundle, answers);
  if (problem !== undefined) throw new WrongUsage(problem);
  return answers;
}
