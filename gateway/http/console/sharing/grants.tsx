/** All grants: who has what for which purpose until when, and whether it is used. */

import type { JSX } from 'preact';
import { actOf } from '../../../../contracts/acts.js';
import type { Localised } from '../../../../contracts/types.js';
import { endOfDay } from '../../../../policies/dates.js';
import type { Grant } from '../../../../policies/types.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Basis } from '../../ui/basis.js';
import { Form, ReasonField, TickField } from '../../ui/form.js';
import { Id } from '../../ui/id.js';
import { addressOf, type Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { Picking } from '../../ui/picking.js';
import { type Say, sayIn } from '../../ui/say.js';

export type GrantState = 'active' | 'suspended' | 'not-begun' | 'ended';

export const PATH = '/console/grants';
/** Days before its end from which a grant counts as one that ends soon. */
const ENDING = 30;

export interface GrantSummary {
  readonly grant: Grant;
  readonly state: GrantState;
  readonly client: Localised;
  readonly dataset: Localised;
  /** Whose client it is. */
  readonly user: Localised;
  /** Whose dataset it is. */
  readonly provider: Localised & { readonly id: string };
  /** Of the grant, in its order. */
  readonly purposes: readonly Localised[];
  /** ms since 1970, within the days that are looked at. */
  readonly last?: number;
  readonly requests: number;
  /** Of today, where the grant has a volume; absent where they cannot be read. */
  readonly calls?: number;
  /** Fields that were never released in those days. */
  readonly unused: readonly string[];
}

export interface ClientCount {
  readonly id: string;
  readonly name: Localised;
  readonly grants: number;
}

interface GrantsProps {
  readonly language: Language;
  readonly all: readonly GrantSummary[];
  /** Whose those that were found are. */
  readonly clients: readonly ClientCount[];
  readonly grants: Listed<GrantSummary>;
  readonly days: number;
  /** The day on which the log begins, where it is too young for what is said of use. */
  readonly logBegins: string | undefined;
}

const states: Readonly<Record<GrantState, Localised & { readonly css: string }>> = {
  active: { zh: '有效', en: 'in force', css: 'ok' },
  suspended: { zh: '已暂停', en: 'suspended', css: 'bad' },
  'not-begun': { zh: '未生效', en: 'not begun', css: 'none' },
  ended: { zh: '已到期', en: 'ended', css: 'none' },
};

export function StateOfGrant({
  state,
  language,
}: {
  readonly state: GrantState;
  readonly language: Language;
}): JSX.Element {
  const { css, ...name } = states[state];
  return <span class={`state ${css}`}>{name[language]}</span>;
}

function callsInWords(calls: number | undefined, of: number, language: Language): string {
  const most = of.toLocaleString('en');
  if (calls === undefined)
    return language === 'zh' ? `每日 ${most} 次，今日调用量暂不可知` : `${most} a day; today’s are not known now`;
  const made = calls.toLocaleString('en');
  return language === 'zh' ? `今日已调用 ${made} / ${most} 次` : `${made} of ${most} calls today`;
}

/** What there is of a grant, and by what grants are narrowed. */
export function grantListing(language: Language, names: Names, now: number): Listing<GrantSummary> {
  const say = sayIn(language);
  return {
    id: 'grants',
    path: PATH,
    columns: columnsOf(language, names),
    keyOf: ({ grant }) => grant.id,
    page: 20,
    words: {
      title: { zh: '应用、数据集、用途、法律依据', en: 'Client, dataset, purpose, law' },
      of: ({ grant, client, dataset, provider, purposes }) => [
        ...[grant.id, grant.client, grant.dataset, ...grant.purposes, ...grant.legalBasis],
        ...[client, dataset, provider, ...purposes].flatMap(({ zh, en }) => [zh, en]),
      ],
    },
    choices: [
      {
        id: 'state',
        title: { zh: '状态', en: 'State' },
        options: [
          ...(Object.entries(states) as [GrantState, Localised][]).map(([value, name]) => ({
            value,
            title: name[language],
          })),
          { value: 'unused', title: say('未使用', 'unused') },
          { value: 'ending', title: say(`${ENDING} 天内到期`, `ends within ${ENDING} days`) },
        ],
        of: ({ grant, state, last }) =>
          [
            state,
            ...(last === undefined ? ['unused'] : []),
            ...(isEnding(grant, now) && state !== 'ended' ? ['ending'] : []),
          ].map((value) => ({ value, title: value })),
      },
      {
        id: 'provider',
        title: { zh: '提供单位', en: 'Provider' },
        of: ({ provider }) => [{ value: provider.id, title: provider[language] }],
      },
      {
        id: 'law',
        title: { zh: '法律依据', en: 'Law' },
        of: ({ grant }) => grant.legalBasis.map(actOf).map((act) => ({ value: act, title: act })),
      },
      {
        id: 'purpose',
        title: { zh: '用途', en: 'Purpose' },
        of: ({ grant, purposes }) =>
          grant.purposes.map((value, at) => ({ value, title: purposes[at]?.[language] ?? value })),
      },
    ],
  };
}

const isEnding = ({ until }: Grant, now: number): boolean => {
  const end = endOfDay(until);
  return end > now && end - now <= ENDING * 86_400_000;
};

function columnsOf(language: Language, names: Names): readonly Column<GrantSummary>[] {
  const say = sayIn(language);
  return [
    {
      id: 'pick',
      title: { zh: '选', en: 'Pick' },
      fixed: true,
      class: 'chooses',
      cell: ({ grant, state, client, dataset }) =>
        state === 'active' || state === 'not-begun' ? (
          <TickField
            name="grant"
            value={grant.id}
            label={
              <span class="unseen">{say(`选择${client.zh}：${dataset.zh}`, `pick ${client.en}: ${dataset.en}`)}</span>
            }
          />
        ) : null,
    },
    {
      id: 'grant',
      title: { zh: '应用、数据集与提供单位', en: 'Client, dataset, provider' },
      head: true,
      sorts: true,
      value: ({ client, dataset, provider }) => [client, dataset, provider].map((one) => one[language]).join(' · '),
      cell: ({ grant, client, dataset, provider }) => (
        <>
          <a href={`${PATH}/${grant.id}`} data-row>
            {client[language]}
          </a>
          <span class="plain">{dataset[language]}</span>
          <span class="plain soft">{provider[language]}</span>
          <Id language={language}>{grant.id}</Id>
        </>
      ),
    },
    {
      id: 'law',
      title: { zh: '法律依据', en: 'Legal basis' },
      sorts: true,
      class: 'law',
      value: ({ grant }) => grant.legalBasis.join('；'),
      cell: ({ grant }) => <Basis all={grant.legalBasis} />,
    },
    {
      id: 'purposes',
      title: { zh: '用途', en: 'Purposes' },
      sorts: true,
      value: ({ grant }) => purposesIn(grant, names, say),
      cell: ({ grant }) => purposesIn(grant, names, say),
    },
    ...columnsOfUse(language),
  ];
}

const purposesIn = ({ purposes }: Grant, names: Names, say: Say): string =>
  purposes.map((id) => names.purpose(id) ?? '').join(say('、', ', '));

const columnsOfUse = (language: Language): readonly Column<GrantSummary>[] => {
  const say = sayIn(language);
  return [
    {
      id: 'term',
      title: { zh: '期限', en: 'Term' },
      sorts: true,
      class: 'date',
      value: ({ grant }) => grant.until,
      cell: ({ grant }) => say(`至 ${grant.until}`, `to ${grant.until}`),
    },
    {
      id: 'state',
      title: { zh: '状态', en: 'State' },
      sorts: true,
      value: ({ state }) => states[state][language],
      cell: ({ grant, state, calls }) => (
        <>
          <StateOfGrant state={state} language={language} />
          {grant.callsADay === undefined ? null : (
            <span class="plain">{callsInWords(calls, grant.callsADay, language)}</span>
          )}
        </>
      ),
    },
    {
      id: 'last',
      title: { zh: '最近使用', en: 'Last use' },
      sorts: true,
      class: 'last',
      value: ({ last }) => (last === undefined ? undefined : localMinute(last)),
      cell: ({ last }) => (last === undefined ? say('无', 'none') : localMinute(last)),
    },
    {
      id: 'unused',
      title: { zh: '未使用字段', en: 'Fields unused' },
      number: true,
      sorts: true,
      value: ({ unused }) => unused.length,
      cell: ({ grant, unused }) => `${unused.length} / ${grant.fields.length}`,
    },
  ];
};

/** What is picked of the list is stopped by one act and one reason: all that rests on an act that was repealed. */
const Suspending = ({
  table,
  grants: { language, shown, keeps, state },
}: Pick<GrantsProps, 'grants'> & { readonly table: JSX.Element }): JSX.Element => {
  const say = sayIn(language);
  const open = shown.filter((one) => one.state === 'active' || one.state === 'not-begun').length;
  if (open === 0) return table;
  const back = addressOf({ path: PATH, keeps, state }, {}).slice(PATH.length);
  return (
    <Form action={`${PATH}/suspend`} hidden={{ back }}>
      <div class="row together" data-choose="grant">
        <ReasonField
          class="grow"
          label={say('暂停所选授权的理由（记入日志）', 'Why those picked are suspended (goes on record)')}
        />
        <button class="button low danger" type="submit">
          {say('暂停所选', 'Suspend those picked')}
        </button>
        <Picking language={language} all={say('全选', 'All')} picked={0} />
      </div>
      {table}
    </Form>
  );
};

const Tiles = ({ language, all, days }: Pick<GrantsProps, 'language' | 'all' | 'days'>): JSX.Element => {
  const say = sayIn(language);
  const count = (holds: (one: GrantSummary) => boolean): string => all.filter(holds).length.toLocaleString('en');
  return (
    <div class="tiles">
      <div class="tile">
        <b>{all.length}</b>
        <span>{say('授权总数', 'grants')}</span>
      </div>
      <div class="tile">
        <b>{count((one) => one.state === 'active')}</b>
        <span>{say('有效授权数', 'in force')}</span>
      </div>
      <div class="tile">
        <b>{count((one) => one.state === 'suspended')}</b>
        <span>{say('已暂停授权数', 'suspended')}</span>
      </div>
      <div class="tile">
        <b>{count((one) => one.last === undefined)}</b>
        <span>
          <a href={`${PATH}?state=unused`}>{say(`近 ${days} 天未使用的授权数`, `unused for ${days} days`)}</a>
        </span>
      </div>
    </div>
  );
};

/** What is not known is not said to be unused. */
export const Young = ({
  language,
  days,
  begins,
}: {
  readonly language: Language;
  readonly days: number;
  readonly begins: string | undefined;
}): JSX.Element | null =>
  begins === undefined ? null : (
    <p class="notice">
      {language === 'zh'
        ? `日志始于 ${begins}，不足 ${days} 天：“未使用”仅指该日以来未使用。`
        : `The log begins on ${begins}, less than ${days} days ago: “unused” means since that day.`}
    </p>
  );

export function grantsPage({ language, all, clients, grants, days, logBegins }: GrantsProps): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <h1>{say('共享授权', 'Grants')}</h1>
      <p class="lead">
        {say(
          `各应用可为何种用途、依据哪部法律使用哪些数据、有效期限，以及近 ${days} 天的使用情况。`,
          `Who may have what for which purpose, by which law and until when, and what of it was used in the last ` +
            `${days} days.`,
        )}
      </p>
      <Young language={language} days={days} begins={logBegins} />
      <Tiles language={language} all={all} days={days} />
      {clients.length === 0 ? null : (
        <p class="row ways by-client">
          <span class="soft">{say('按应用查看、一并暂停：', 'By system, to suspend all of one:')}</span>
          {clients.map(({ id, name, grants: many }) => (
            <a class="quiet" href={`${PATH}/clients/${id}`}>
              {name[language]} {many}
            </a>
          ))}
        </p>
      )}
      <ListOf
        listed={grants}
        empty={say('暂无数据', 'There are no grants.')}
        class="stack grants"
        around={(table) => <Suspending table={table} grants={grants} />}
      />
    </>
  );
}
