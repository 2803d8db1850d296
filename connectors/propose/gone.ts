/**
 * Rows that a source still has although they have left its register: a column that says so in words or digits. What is
 * not said is that they all count; whoever knows the source says which do not.
 */
import type { Condition } from '../feed.js';
import { type Answers, AS_SAID, because, type Decision, wrongAnswer } from './decision.js';
import type { ColumnProfile } from './profile.js';
import { hasWord, plain } from './terms.js';
import { simplified } from './traditional.js';

interface GonePlan {
  /** Of rows that are not the dataset's any more. */
  readonly rows: Condition | undefined;
  /** Undefined where no column speaks of it. */
  readonly decision: Decision | undefined;
}

/** Values that such a column has at most. */
const FEW = 12;
/** Titles of columns that say `yes` of a row that is gone, and of such that say `yes` of one that is not. */
const LEFT = ['删除', '作废', '失效', '移出', '停用', 'deleted', 'delete', 'del', 'void', 'removed', 'inactive'];
const STAYS = ['有效标志', '有效标识', '是否有效', '有效状态', '启用', 'valid', 'active', 'enabled'];
const YES = new Set(['1', '是', '有', 'Y', 'y', 'yes', 'Yes', 'true', 'TRUE', 'True', 'oui', 'sim', 'S']);
const NO = new Set(['0', '否', '无', 'N', 'n', 'no', 'No', 'false', 'FALSE', 'False', 'non', 'não']);

/** The values of a column that mean, by its title, that a row is gone. */
function meant({ title, values }: ColumnProfile): readonly string[] {
  const bare = plain(title);
  const words = [...(values?.keys() ?? [])];
  const says = (word: string, of: ReadonlySet<string>): boolean => of.has(word) || of.has(simplified(word));
  if (hasWord(bare, STAYS) !== undefined)
    return words.filter((word) => says(word, NO) || hasWord(plain(word), LEFT) !== undefined);
  if (hasWord(bare, LEFT) === undefined) return [];
  return words.filter(
    (word) => says(word, YES) || (!says(word, NO) && !word.includes('未') && hasWord(plain(word), LEFT) !== undefined),
  );
}

/** `COLUMN=word`, as options have it. */
const spoken = (column: string, values: readonly string[]): string => `${column}=${values.join(',')}`;

/** @throws YitongError `bad_feed` where the column that was named is not there */
export function findGone(columns: ReadonlyMap<string, ColumnProfile>, said: Answers['gone']): GonePlan {
  const decided = (
    proposed: string,
    zh: string,
    en: string,
    sure: boolean,
    alternatives: readonly string[] = [],
  ): Decision => ({ about: 'gone', proposed, ...because({ zh, en }), sure, alternatives, option: '--gone ' });
  if (said === null) return { rows: undefined, decision: decided('none', AS_SAID.zh, AS_SAID.en, true) };
  if (said !== undefined) {
    const { column, values } = said;
    if (!columns.has(column))
      throw wrongAnswer('gone', `\`--gone\`: there is no column \`${column}\``, '样表中没有这一列。');
    return {
      rows: { column, in: values },
      decision: decided(spoken(column, values), AS_SAID.zh, AS_SAID.en, true),
    };
  }
  const found = [...columns.values()].flatMap((column) => {
    const { values, name } = column;
    const words = values === undefined || values.size > FEW ? [] : meant(column);
    return words.length === 0 ? [] : [{ name, words }];
  });
  const [first] = found;
  if (first === undefined) return { rows: undefined, decision: undefined };
  return {
    rows: undefined,
    decision: decided(
      'none',
      `“${first.name}”可能标明某行已经删除或者作废；若是，请选择哪个值表示这个意思，否则各行都当作有效记录`,
      `\`${first.name}\` may say that a row has left; unless somebody says so, every row counts`,
      false,
      found.map(({ name, words }) => spoken(name, words)),
    ),
  };
}
