/** How sensitive a column is, by its name and by the patterns of its values; where both are silent it is not public. */
import { YitongError } from '../../contracts/errors.js';
import { higher } from '../../contracts/fields.js';
import { CLASSIFICATIONS, type Classification, type KeyScheme } from '../../contracts/types.js';
import { count, type Decision, share } from './decision.js';
import type { Named } from './names.js';
import type { ColumnProfile } from './profile.js';
import { hasWord, plain, type Terms } from './terms.js';

interface ClassPlan {
  readonly classification: Classification;
  readonly decision: Decision;
}

interface Finding {
  readonly classification: Classification;
  readonly reason: string;
  readonly sure: boolean;
}

/** Average length from which a text is one in which anybody may be named. */
const FREE_TEXT = 60;
const MOST = 0.5;

function fromValues(column: ColumnProfile, schemes: ReadonlyMap<string, KeyScheme>): Finding[] {
  const found: Finding[] = [];
  const add = (classification: Classification, reason: string, sure = true): void =>
    void found.push({ classification, reason, sure });
  for (const [id, { ok }] of column.schemes) {
    const scheme = schemes.get(id);
    if (scheme?.persons === true && ok > column.told * 0.05)
      add('personal', `${share(ok, column.told)} of the values are valid by ${scheme.standard}, which numbers people`);
  }
  if (column.mobiles > column.looked * MOST)
    add('personal', `${share(column.mobiles, column.looked)} of the values are mobile numbers`);
  if (column.emails > column.looked * MOST)
    add('personal', `${share(column.emails, column.looked)} of the values are e-mail addresses`);
  const few = Math.max(3, column.looked * 0.01);
  if (column.mobiles + column.emails >= few && column.mobiles + column.emails <= column.looked * MOST)
    add(
      'personal',
      `${count(column.mobiles + column.emails, 'value')} are telephone numbers or e-mail addresses`,
      false,
    );
  if (column.personNames > column.looked * 0.8 && column.distinct.estimate > 20)
    add('personal', `${share(column.personNames, column.looked)} of the values look like people's names`, false);
  if (column.keysInside > 0)
    add('personal', `${count(column.keysInside, 'cell')} hold, inside other text, a valid number of a person`);
  return found;
}

function fromName(title: string, { term, field }: Named, terms: Terms): Finding[] {
  const found: Finding[] = [];
  const bare = plain(title);
  const sensitive = hasWord(bare, terms.sensitiveWords);
  if (sensitive !== undefined)
    found.push({ classification: 'sensitive', reason: `\`${sensitive}\` in its title`, sure: false });
  const person = hasWord(bare, terms.personWords);
  if (person !== undefined)
    found.push({ classification: 'personal', reason: `\`${person}\` in its title`, sure: true });
  if (term !== undefined)
    found.push({
      classification: term.classification,
      reason: `its title is known: \`${field}\` is ${term.classification} in registers`,
      sure: true,
    });
  return found;
}

const known = (text: string): Classification => {
  const found = CLASSIFICATIONS.find((one) => one === text);
  if (found === undefined)
    throw new YitongError('bad_feed', `\`--class\` is one of ${CLASSIFICATIONS.join(', ')}, not \`${text}\``);
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
      reason,
      sure,
      alternatives: sure ? [] : CLASSIFICATIONS.filter((one) => one !== classification),
      option: `--class ${named.field}=`,
    },
  });
  if (given !== undefined) return decided({ classification: known(given), reason: 'as you said', sure: true });
  const { persons } = subject.scheme;
  if (column.name === subject.column && (subject.scheme.classification !== undefined || !persons)) {
    return decided({
      classification: classOfKey(subject.scheme),
      reason:
        subject.scheme.classification === undefined
          ? `the key of a firm (${subject.scheme.id}) is public`
          : `declared by the key scheme \`${subject.scheme.id}\``,
      sure: true,
    });
  }
  const findings = [...fromValues(column, schemes), ...fromName(`${column.title} ${column.name}`, named, terms)];
  const highest = findings.reduce<Classification>((most, one) => higher(most, one.classification), 'public');
  const because =
    findings.find(({ classification, sure }) => classification === highest && sure) ??
    findings.find(({ classification }) => classification === highest);
  if (persons && higher(highest, 'personal') === 'personal') {
    return decided({
      classification: 'personal',
      reason: because?.classification === 'personal' ? because.reason : 'what is said of a person is personal',
      sure: true,
    });
  }
  if (because !== undefined) return decided(because);
  if (column.told > 0 && column.characters / column.filled > FREE_TEXT)
    return decided({
      classification: 'restricted',
      reason: 'long free text, in which people may be named',
      sure: true,
    });
  if (!named.readable)
    return decided({
      classification: 'restricted',
      reason: 'no word of its title is known, so nobody can say what it tells',
      sure: true,
    });
  return decided({
    classification: 'internal',
    reason: 'neither title nor values show a person, and nobody has said that it is public',
    sure: true,
  });
}
