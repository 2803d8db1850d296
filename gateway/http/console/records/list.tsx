/** Grants and what is recorded of their use: those of which nothing is recorded in front, for whoever oversees them. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { sayIn } from '../../ui/say.js';
import { PATH, statusNames } from './words.js';

export const SHOWS = ['lacking', 'kept', 'all'] as const;
export type Show = (typeof SHOWS)[number];

export interface UseLine {
  readonly grant: string;
  readonly client: Localised;
  readonly dataset: Localised;
  readonly requester: Localised;
  readonly provider: Localised;
  readonly until?: string;
  readonly over: boolean;
  readonly lacking: boolean;
  readonly records: number;
  readonly at?: string;
  readonly status?: keyof typeof statusNames;
}

interface ListProps {
  readonly language: Language;
  readonly of: string;
  readonly show: Show;
  readonly counts: Readonly<Record<Show, number>>;
  readonly lines: Listed<UseLine>;
}

const names: Readonly<Record<Show, Localised>> = {
  lacking: { zh: '没有使用记录', en: 'Nothing recorded' },
  kept: { zh: '已有使用记录', en: 'Recorded' },
  all: { zh: '全部', en: 'All' },
};

const addressOf = (show: Show): string => (show === 'lacking' ? PATH : `${PATH}?show=${show}`);

/** What there is of the use of a grant, and by what the list is narrowed. */
export function useListing(language: Language): Listing<UseLine> {
  const say = sayIn(language);
  const named = (of: (line: UseLine) => Localised) => (line: UseLine) => [
    { value: of(line).en, title: of(line)[language] },
  ];
  return {
    id: 'use-records',
    path: PATH,
    columns: columnsOf(language),
    keyOf: ({ grant }) => grant,
    words: {
      title: { zh: '应用、数据集、单位', en: 'System, dataset, authority' },
      of: ({ client, dataset, requester, provider }) =>
        [client, dataset, requester, provider].flatMap(({ zh, en }) => [zh, en]),
    },
    choices: [
      { id: 'requester', title: { zh: '使用单位', en: 'Used by' }, of: named(({ requester }) => requester) },
      { id: 'provider', title: { zh: '提供单位', en: 'Provider' }, of: named(({ provider }) => provider) },
      {
        id: 'term',
        title: { zh: '授权', en: 'Grant' },
        options: [
          { value: 'in-force', title: say('未终止', 'not over') },
          { value: 'over', title: say('已终止', 'over') },
        ],
        of: (line) => [{ value: isOver(line) ? 'over' : 'in-force', title: '' }],
      },
    ],
    period: {
      title: { zh: '最近登记', en: 'Last recorded' },
      at: ({ at }) => (at === undefined ? undefined : Date.parse(at)),
    },
  };
}

const isOver = ({ until, over }: UseLine): boolean => until === undefined || over;

function columnsOf(language: Language): readonly Column<UseLine>[] {
  const say = sayIn(language);
  return [
    {
      id: 'client',
      title: { zh: '使用方', en: 'Used by' },
      head: true,
      sorts: true,
      value: ({ client, requester }) => `${client[language]} · ${requester[language]}`,
      cell: ({ grant, client, requester }) => (
        <>
          <a href={`${PATH}/${grant}`}>{client[language]}</a>
          <span class="plain soft">{requester[language]}</span>
        </>
      ),
    },
    {
      id: 'dataset',
      title: { zh: '数据集', en: 'Dataset' },
      sorts: true,
      value: ({ dataset, provider }) => `${dataset[language]} · ${provider[language]}`,
      cell: ({ dataset, provider }) => (
        <>
          {dataset[language]}
          <span class="plain soft">
            {provider[language]}
            {say(' 提供', '')}
          </span>
        </>
      ),
    },
    {
      id: 'until',
      title: { zh: '授权期限', en: 'Until' },
      sorts: true,
      class: 'date',
      value: (line) => (isOver(line) ? say('已终止', 'over') : line.until),
      cell: (line) =>
        isOver(line) ? (
          <span class="state none">{say('已终止', 'over')}</span>
        ) : (
          say(`至 ${line.until ?? ''}`, line.until ?? '')
        ),
    },
    {
      id: 'records',
      title: { zh: '使用记录', en: 'Records' },
      sorts: true,
      value: ({ records }) => records,
      cell: (line) => <Records line={line} language={language} />,
    },
    {
      id: 'recorded',
      title: { zh: '最近登记（北京时间）', en: 'Last recorded (UTC+8)' },
      sorts: true,
      class: 'date',
      value: ({ at }) => (at === undefined ? undefined : localMinute(Date.parse(at))),
      cell: ({ at }) => (at === undefined ? '–' : localMinute(Date.parse(at))),
    },
  ];
}

function Records({
  line: { records, lacking, status },
  language,
}: {
  readonly line: UseLine;
  readonly language: Language;
}): JSX.Element {
  const say = sayIn(language);
  if (records === 0) return <span class={`state ${lacking ? 'bad' : 'none'}`}>{say('没有记录', 'none')}</span>;
  return (
    <>
      {status === undefined ? null : (
        <span class={`state ${statusNames[status].css}`}>{statusNames[status][language]}</span>
      )}
      <span class="plain soft">{say(`${records} 条`, `${records}`)}</span>
    </>
  );
}

export function listPage(props: ListProps): JSX.Element {
  const { language, of, show, counts, lines } = props;
  const say = sayIn(language);
  return (
    <>
      <p class="foot">
        <a href="/console/applications">{say('← 共享事项', '← Matters of sharing')}</a>
      </p>
      <h1>{say('共享数据使用记录', 'Records of use')}</h1>
      <p class="lead">
        {say(
          `${of}。获得共享数据的单位应当记录使用场景、应用成效、存储和销毁情况，保存不少于三年。`,
          `${of}. Whoever is given data records scenario, effect, storage and destruction, for three years.`,
        )}
      </p>
      {counts.lacking === 0 ? null : (
        <p class="notice warn" role="status">
          {say(
            `${counts.lacking} 项有效授权还没有使用记录。`,
            `${counts.lacking} ${counts.lacking === 1 ? 'grant' : 'grants'} in force without a record of use.`,
          )}
        </p>
      )}
      <nav class="pills" aria-label={say('列表', 'Lists')}>
        {SHOWS.map((one) => (
          <a href={addressOf(one)} aria-current={one === show ? 'true' : undefined} key={one}>
            {names[one][language]} {counts[one].toLocaleString('en')}
          </a>
        ))}
      </nav>
      <ListOf listed={lines} empty={say('没有符合条件的授权', 'No such grant.')} />
    </>
  );
}
