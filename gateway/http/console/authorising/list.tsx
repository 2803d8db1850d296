/** Authorisations that a company has given and received: one list, with the side as one of its columns. */
import { keyOf, type SubjectKey } from '../../../../contracts/ids.js';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Authorisation } from '../../../documents/reports/index.js';
import type { Language } from '../../../ground/language/language.js';
import { fromLocal, localMinute } from '../../../ground/language/time.js';
import type { Column } from '../../ui/list.js';
import type { Listing } from '../../ui/listing.js';
import { sayIn } from '../../ui/say.js';
import type { Subjects } from '../../ui/speaking.js';

export interface AuthorisationRow {
  readonly one: Authorisation;
  /** Whether this company gave it; else it was given to it. */
  readonly mine: boolean;
}

interface About {
  readonly language: Language;
  readonly definitions: ReadonlyMap<string, ReportDefinition>;
  readonly subjects: Subjects;
  readonly today: string;
  /** What companies are called, as far as it is known. */
  readonly called: ReadonlyMap<string, string>;
}

type State = 'ok' | 'withdrawn' | 'ended' | 'later';
const states: Readonly<Record<State, Localised & { readonly css: string }>> = {
  ok: { zh: '有效', en: 'in force', css: 'ok' },
  later: { zh: '未生效', en: 'not begun', css: 'none' },
  withdrawn: { zh: '已撤回', en: 'withdrawn', css: 'bad' },
  ended: { zh: '已到期', en: 'ended', css: 'none' },
};
const stateOf = ({ withdrawnAt, since, until }: Authorisation, today: string): State =>
  withdrawnAt !== undefined ? 'withdrawn' : today > until ? 'ended' : today < since ? 'later' : 'ok';

const sides = { given: { zh: '作出', en: 'given' }, received: { zh: '获得', en: 'received' } } as const;
const sideOf = ({ mine }: AuthorisationRow): keyof typeof sides => (mine ? 'given' : 'received');
const otherOf = ({ one, mine }: AuthorisationRow): SubjectKey => (mine ? one.to : one.from);

/** What one covers, in words. */
export function coverage(
  { report, domains, purposes }: Pick<Authorisation, 'report' | 'domains' | 'purposes'>,
  definitions: About['definitions'],
  language: Language,
): string {
  const say = sayIn(language);
  const definition = definitions.get(report);
  const all = definition?.domains.length ?? 0;
  const named =
    definition?.domains.filter(({ id }) => domains?.includes(id) === true).map(({ title }) => title[language]) ?? [];
  const first = named.slice(0, 4).join(say('、', ', '));
  const where =
    domains === undefined
      ? say('全部领域', 'all domains')
      : named.length > 4
        ? say(`${first}等 ${named.length} / ${all} 个领域`, `${first} and ${named.length - 4} more of ${all} domains`)
        : first;
  const why =
    purposes === undefined
      ? say('不限用途', 'any purpose')
      : purposes.map((id) => definition?.purposes.get(id)?.[language] ?? say('未登记的用途', id)).join(say('、', ', '));
  return `${definition?.title[language] ?? say('已停用的报告', report)} · ${where} · ${why}`;
}

/** No address names a company: by that nothing is narrowed. */
export function authorisationListing(about: About): Listing<AuthorisationRow> {
  const { language, definitions, today } = about;
  const say = sayIn(language);
  return {
    id: 'authorisations',
    path: '/console/authorisations',
    columns: columnsOf(about),
    keyOf: ({ one, mine }) => `${one.id} ${String(mine)}`,
    page: 20,
    choices: [
      {
        id: 'side',
        title: { zh: '方向', en: 'Given or received' },
        options: Object.entries(sides).map(([value, name]) => ({ value, title: name[language] })),
        of: (row) => [{ value: sideOf(row), title: '' }],
      },
      {
        id: 'state',
        title: { zh: '状态', en: 'State' },
        options: Object.entries(states).map(([value, name]) => ({ value, title: name[language] })),
        of: ({ one }) => [{ value: stateOf(one, today), title: '' }],
      },
      {
        id: 'kind',
        title: { zh: '报告', en: 'Report' },
        of: ({ one: { report } }) => [
          { value: report, title: definitions.get(report)?.title[language] ?? say('已停用的报告', report) },
        ],
      },
    ],
    period: { title: { zh: '到期日', en: 'Last day' }, at: ({ one }) => fromLocal(one.until) },
  };
}

function columnsOf(about: About): readonly Column<AuthorisationRow>[] {
  const { language, definitions, subjects, today, called } = about;
  const say = sayIn(language);
  return [
    {
      id: 'company',
      title: { zh: '对方企业', en: 'Other company' },
      head: true,
      sorts: true,
      value: (row) => [called.get(otherOf(row)) ?? '', keyOf(otherOf(row))].filter(Boolean).join(' '),
      cell: (row) => {
        const name = called.get(otherOf(row));
        const code = keyOf(otherOf(row));
        return name === undefined ? (
          <b class="code">{code}</b>
        ) : (
          <>
            <b>{name}</b> <span class="code soft">{code}</span>
          </>
        );
      },
    },
    {
      id: 'side',
      title: { zh: '方向', en: 'Side' },
      sorts: true,
      value: (row) => sides[sideOf(row)][language],
      cell: (row) => sides[sideOf(row)][language],
    },
    {
      id: 'coverage',
      title: { zh: '范围', en: 'For' },
      value: ({ one }) => coverage(one, definitions, language),
      cell: ({ one }) => coverage(one, definitions, language),
    },
    {
      id: 'until',
      title: { zh: '期限', en: 'Days' },
      sorts: true,
      value: ({ one }) => `${one.since} – ${one.until}`,
      cell: ({ one: { since, until, withdrawnAt } }) => (
        <>
          {since} – {until}
          {withdrawnAt === undefined ? null : (
            <span class="plain soft">
              {say(`${localMinute(withdrawnAt)} 撤回`, `withdrawn ${localMinute(withdrawnAt)}`)}
            </span>
          )}
        </>
      ),
    },
    {
      id: 'state',
      title: { zh: '状态', en: 'State' },
      sorts: true,
      value: ({ one }) => states[stateOf(one, today)][language],
      cell: ({ one }) => {
        const { css, ...name } = states[stateOf(one, today)];
        return <span class={`state ${css}`}>{name[language]}</span>;
      },
    },
    {
      id: 'act',
      title: { zh: '操作', en: 'Act' },
      fixed: true,
      cell: ({ one, mine }) =>
        mine && one.withdrawnAt === undefined && today <= one.until ? (
          <a class="quiet" href={`/console/authorisations/${one.id}/withdraw${subjects.query('?')}`}>
            {say('撤回', 'Withdraw')}
          </a>
        ) : null,
    },
  ];
}
