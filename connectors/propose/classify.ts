/** How sensitive a column is, by its name and by the patterns of its values; where both are silent it is not public. */
import { higher } from '../../contracts/fields.js';
import { CLASSIFICATIONS, type Classification, type KeyScheme, type Localised } from '../../contracts/types.js';
import { AS_SAID, because, count, type Decision, share, wrongAnswer } from './decision.js';
import type { Named } from './names.js';
import type { ColumnProfile } from './profile.js';
import { hasWord, plain, type Terms } from './terms.js';

interface ClassPlan {
  readonly classification: Classification;
  readonly decision: Decision;
}

interface Finding {
  readonly classification: Classification;
  readonly reason: Localised;
  readonly sure: boolean;
}

const percent = (part: number, whole: number): string => share(part, whole).replace(' ', '');

/** Average length from which a text is one in which anybody may be named. */
const FREE_TEXT = 60;
const MOST = 0.5;

function fromValues(column: ColumnProfile, schemes: ReadonlyMap<string, KeyScheme>): Finding[] {
  const found: Finding[] = [];
  const add = (classification: Classification, reason: Localised, sure = true): void =>
    void found.push({ classification, reason, sure });
  for (const [id, { ok }] of column.schemes) {
    const scheme = schemes.get(id);
    if (scheme?.persons === true && ok > column.told * 0.05)
      add('personal', {
        zh: `${percent(ok, column.told)} 的值是有效的${scheme.name.zh}，属于个人的号码`,
        en: `${share(ok, column.told)} of the values are valid by ${scheme.standard}, which numbers people`,
      });
  }
  if (column.mobiles > column.looked * MOST)
    add('personal', {
      zh: `${percent(column.mobiles, column.looked)} 的值是手机号码`,
      en: `${share(column.mobiles, column.looked)} of the values are mobile numbers`,
    });
  if (column.emails > column.looked * MOST)
    add('personal', {
      zh: `${percent(column.emails, column.looked)} 的值是电子邮箱`,
      en: `${share(column.emails, column.looked)} of the values are e-mail addresses`,
    });
  const few = Math.max(3, column.looked * 0.01);
  if (column.mobiles + column.emails >= few && column.mobiles + column.emails <= column.looked * MOST)
    add(
      'personal',
      {
        zh: `有 ${(column.mobiles + column.emails).toLocaleString('en')} 个值是电话号码或电子邮箱`,
        en: `${count(column.mobiles + column.emails, 'value')} are telephone numbers or e-mail addresses`,
      },
      false,
    );
  if (column.personNames > column.looked * 0.8 && column.distinct.estimate > 20)
    add(
      'personal',
      {
        zh: `${percent(column.personNames, column.looked)} 的值像是人名`,
        en: `${share(column.personNames, column.looked)} of the values look like people's names`,
      },
      false,
    );
  if (column.keysInside > 0)
    add('personal', {
      zh: `有 ${column.keysInside.toLocaleString('en')} 格的文字中夹有有效的个人号码`,
      en: `${count(column.keysInside, 'cell')} hold, inside other text, a valid number of a person`,
    });
  return found;
}

const inTitle = (word: string): Localised => ({
  zh: `列名中有“${word}”`,
  en: `\`${word}\` in its title`,
});

function fromName(title: string, { term, field }: Named, terms: Terms): Finding[] {
  const found: Finding[] = [];
  const bare = plain(title);
  const sensitive = hasWord(bare, terms.sensitiveWords);
  if (sensitive !== undefined) found.push({ classification: 'sensitive', reason: inTitle(sensitive), sure: false });
  const person = hasWord(bare, terms.personWords);
  if (person !== undefined) found.push({ classification: 'personal', reason: inTitle(person), sure: true });
  if (term !== undefined)
    found.push({
      classification: term.classification,
      reason: {
        zh: `认得这一列：是登记中常见的“${term.zh}”`,
        en: `its title is known: \`${field}\` is ${term.classification} in registers`,
      },
      sure: true,
    });
  return found;
}

const known = (column: string, text: string): Classification => {
  const found = CLASSIFICATIONS.find((one) => one === text);
  if (found === undefined)
    throw wrongAnswer(
      `${column} class`,
      `\`--class\` is one of ${CLASSIFICATIONS.join(', ')}, not \`${text}\``,
      '没有这种分类。',
    );
  return found;
};

/** Of a field that holds keys of it. */
export const classOfKey = ({ persons, classification }: KeyScheme): Classification =>
  classification ?? (persons ? 'personal' : 'public');

interface ClassContext {
  readonly schemes: ReadonlyMap<string, KeyScheme>;
  readonly terms: Terms;
  readonly subject: { readonly column: string; readonly scheme: KeyScheme };
  readonly given: string | undefined;
}

export function classOf(
  column: ColumnProfile,
  named: Named,
  { schemes, terms, subject, given }: ClassContext,
): ClassPlan {
  const decided = ({ classification, reason, sure }: Finding): ClassPlan => ({
    classification,
    decision: {
      about: `${named.field} class`,
      proposed: classification,
      ...because(reason),
      sure,
      alternatives: sure ? [] : CLASSIFICATIONS.filter((one) => one !== classification),
      option: `--class ${named.field}=`,
    },
  });
  if (given !== undefined) return decided({ classification: known(column.name, given), reason: AS_SAID, sure: true });
  const { persons } = subject.scheme;
  if (column.name === subject.column && (subject.scheme.classification !== undefined || !persons)) {
    return decided({
      classification: classOfKey(subject.scheme),
      reason:
        subject.scheme.classification === undefined
          ? {
              zh: `${subject.scheme.name.zh}是单位的标识，可以公开`,
              en: `the key of a firm (${subject.scheme.id}) is public`,
            }
          : {
              zh: `按${subject.scheme.name.zh}的规定`,
              en: `declared by the key scheme \`${subject.scheme.id}\``,
            },
      sure: true,
    });
  }
  const findings = [...fromValues(column, schemes), ...fromName(`${column.title} ${column.name}`, named, terms)];
  const highest = findings.reduce<Classification>((most, one) => higher(most, one.classification), 'public');
  const reason =
    findings.find(({ classification, sure }) => classification === highest && sure) ??
    findings.find(({ classification }) => classification === highest);
  if (persons && higher(highest, 'personal') === 'personal') {
    return decided({
      classification: 'personal',
      reason:
        reason?.classification === 'personal'
          ? reason.reason
          : { zh: '关于个人的内容属于个人信息', en: 'what is said of a person is personal' },
      sure: true,
    });
  }
  if (reason !== undefined) return decided(reason);
  if (column.told > 0 && column.characters / column.filled > FREE_TEXT)
    return decided({
      classification: 'restricted',
      reason: { zh: '较长的文字，其中可能提到个人', en: 'long free text, in which people may be named' },
      sure: true,
    });
  if (!named.readable)
    return decided({
      classification: 'restricted',
      reason: {
        zh: '列名中没有认得的词，不知道内容是什么',
        en: 'no word of its title is known, so nobody can say what it tells',
      },
      sure: true,
    });
  return decided({
    classification: 'internal',
    reason: {
      zh: '列名和内容都不涉及个人，也没有人说明可以公开',
      en: 'neither title nor values show a person, and nobody has said that it is public',
    },
    sure: true,
  });
}
