/**
 * The group of a company, found in the register's own relations: its company, branches, subsidiaries and controlling
 * shareholders.
 */

import { YitongError } from '../../../contracts/errors.js';
import { keyOf, type SubjectKey, subjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { ReportDefinition } from '../../../contracts/reports.js';
import type { KeyScheme } from '../../../contracts/types.js';
import { partsOf, valuesAt } from '../../answer/question/values-at-path.js';
import type { ReportSubject } from '../model/model.js';
import { textAt } from '../words/facts.js';

/** One company's entry in the register. */
export interface Entry {
  readonly name?: string;
  readonly related: readonly {
    readonly relation: Exclude<ReportSubject['relation'], 'self' | 'named'>;
    readonly subject: SubjectKey;
    readonly name: string;
  }[];
}

export interface Member {
  readonly subject: SubjectKey;
  readonly name: string;
  readonly relation: ReportSubject['relation'];
  /** Of a branch: the company whose branch it is, by the register. A branch is no legal person of its own. */
  readonly company?: SubjectKey;
}

export function entryOf(definition: ReportDefinition, scheme: KeyScheme, value: unknown): Entry {
  const name = textAt(value, definition.register.name);
  const related = definition.register.relations.flatMap(({ relation, in: list, subject, name: named, share }) =>
    valuesAt(value, partsOf(list)).flatMap((one): Entry['related'] => {
      const key = scheme.parse(textAt(one, subject) ?? '');
      if (!key.ok) return [];
      // a share that is not told controls nothing
      if (share !== undefined && !(Number(textAt(one, share.field) ?? Number.NaN) > share.above)) return [];
      return [{ relation, subject: subjectKey(scheme.id, key.key), name: textAt(one, named) ?? key.key }];
    }),
  );
  return { ...present({ name }), related };
}

/**
 * From the company downwards through subsidiaries to their branches, and upwards through controlling shareholders; not
 * sideways. The company first.
 * @param most members; more are refused @throws YitongError `bad_request`
 */
export async function membersOf(
  self: SubjectKey,
  entry: (subject: SubjectKey) => Promise<Entry>,
  most: number,
): Promise<readonly Member[]> {
  const own = await entry(self);
  const parent = own.related.find(({ relation }) => relation === 'parent');
  const found = new Map<SubjectKey, Member>([
    [
      self,
      {
        subject: self,
        name: own.name ?? keyOf(self),
        relation: 'self',
        ...(parent === undefined ? {} : { company: parent.subject }),
      },
    ],
  ]);
  const follow: Readonly<Record<Member['relation'], readonly string[]>> = {
    self: ['parent', 'branch', 'subsidiary', 'shareholder'],
    subsidiary: ['branch', 'subsidiary'],
    shareholder: ['shareholder'],
    parent: [],
    branch: [],
    named: [],
  };
  // members that are found while it runs are visited too
  for (const member of found.values()) {
    for (const { relation, subject, name } of (await entry(member.subject)).related) {
      if (found.has(subject) || !follow[member.relation].includes(relation)) continue;
      if (found.size >= most)
        throw new YitongError(
          'bad_request',
          `the group has more than ${String(most)} members; name those that the report is to be about`,
        );
      found.set(subject, {
        subject,
        name: (await entry(subject)).name ?? name,
        relation,
        ...(relation === 'branch' ? { company: member.subject } : {}),
      });
    }
  }
  return [...found.values()];
}

/** Companies that were named, each with its relation to the one that asks where it has one. */
export async function namedMembers(
  group: readonly Member[],
  subjects: readonly SubjectKey[],
  entry: (subject: SubjectKey) => Promise<Entry>,
): Promise<readonly Member[]> {
  const known = new Map(group.map((member) => [member.subject, member]));
  const named = async (subject: SubjectKey): Promise<Member> => {
    const member = known.get(subject);
    if (member !== undefined) return member;
    const { name, related } = await entry(subject);
    const parent = related.find(({ relation }) => relation === 'parent');
    return {
      subject,
      name: name ?? keyOf(subject),
      relation: 'named',
      ...(parent === undefined ? {} : { company: parent.subject }),
    };
  };
  return Promise.all(subjects.map(named));
}

/** As the model has them: a branch points to its company where that is in the report. */
export function subjectsOf(members: readonly Member[]): readonly (ReportSubject & { readonly subject: SubjectKey })[] {
  const places = new Map(members.map(({ subject }, i) => [subject, i]));
  return members.map(({ subject, name, relation, company }) => {
    const of = company === undefined ? undefined : places.get(company);
    return { subject, name, relation, ...present({ of }) };
  });
}
