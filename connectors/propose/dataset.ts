/** Whose register a source is, and what its dataset is called. */
import type { DatasetId } from '../../contracts/ids.js';
import type { Localised, Workspace } from '../../contracts/types.js';
import { type Answers, AS_SAID, because, type Decision } from './decision.js';
import { datasetOf } from './draft.js';
import { datasetName } from './names.js';
import type { Terms } from './terms.js';

interface Ground {
  readonly workspace: Workspace;
  readonly terms: Terms;
}

/** Out of its name one can be made: of a file or table. */
interface Named {
  readonly name: string;
}

export function authorityOf(
  answers: Answers,
  workspace: Workspace,
): { readonly id: string | undefined; readonly decision: Decision } {
  const { authorities } = workspace;
  const ids = [...authorities.keys()];
  const decided = (
    id: string | undefined,
    reason: Localised,
    sure: boolean,
  ): { id: string | undefined; decision: Decision } => ({
    id,
    decision: {
      about: 'authority',
      proposed: id ?? '',
      ...because(reason),
      sure,
      alternatives: ids.filter((other) => other !== id),
      option: '--authority ',
    },
  });
  if (answers.authority !== undefined)
    return decided(
      answers.authority,
      ids.some((id) => id === answers.authority)
        ? AS_SAID
        : { zh: `${AS_SAID.zh}；将新建这个单位`, en: `${AS_SAID.en}; it is new and will be created` },
      true,
    );
  const [only] = ids;
  if (ids.length === 1 && only !== undefined)
    return decided(
      only,
      { zh: '工作区中只有这一个单位', en: 'the only authority of this workspace; another id makes a new one' },
      false,
    );
  return decided(
    undefined,
    ids.length === 0
      ? { zh: '工作区中还没有单位', en: 'the workspace has none yet; an id makes a new one' }
      : { zh: '从文件看不出是哪个单位的', en: 'a file does not say whose it is; another id makes a new one' },
    false,
  );
}

export function datasetNamed(
  source: Named,
  answers: Answers,
  { workspace, terms }: Ground,
  authority: string,
): { readonly name: string; readonly decision: Decision } {
  const decided = (name: string, reason: Localised, sure: boolean): { name: string; decision: Decision } => ({
    name,
    decision: { about: 'dataset', proposed: name, ...because(reason), sure, alternatives: [], option: '--dataset ' },
  });
  if (answers.dataset !== undefined) return decided(answers.dataset, AS_SAID, true);
  const made = datasetName(source.name, terms);
  const there = (name: string): boolean => [...workspace.contracts.keys()].some((id) => id === `${authority}.${name}`);
  if (made === undefined)
    return decided('register', { zh: '文件名中没有可以作标识的词', en: 'the name of the source gives no id' }, false);
  if (!there(made)) return decided(made, { zh: '取自文件名', en: 'from the name of the source' }, true);
  let n = 2;
  while (there(`${made}-${n}`)) n += 1;
  return decided(
    `${made}-${n}`,
    { zh: '已有同一标识的数据集', en: `\`${authority}.${made}\` is there already` },
    false,
  );
}

/**
 * What it would be called, known before a row is read; undefined while nobody has said whose it is.
 * @throws YitongError `bad_identifier`
 */
export function nameBeforehand(found: Named, answers: Answers, context: Ground): DatasetId | undefined {
  const { id } = authorityOf(answers, context.workspace);
  return id === undefined ? undefined : datasetOf(id, datasetNamed(found, answers, context, id).name);
}
