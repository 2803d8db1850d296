/** Grants and what is recorded of their use: those of which nothing is recorded in front, for whoever oversees them. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Pager } from '../../ui/pager.js';
import { type Say, sayIn } from '../../ui/say.js';
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
  readonly q: string;
  readonly lines: readonly UseLine[];
  /** From 1. */
  readonly page: number;
  readonly pages: number;
}

const names: Readonly<Record<Show, Localised>> = {
  lacking: { zh: '没有使用记录', en: 'Nothing recorded' },
  kept: { zh: '已有使用记录', en: 'Recorded' },
  all: { zh: '全部', en: 'All' },
};

function addressOf(show: Show, q = '', page = 1): string {
  const query = new URLSearchParams({
    ...(show === 'lacking' ? {} : { show }),
    ...(q === '' ? {} : { q }),
    ...(page === 1 ? {} : { page: String(page) }),
  }).toString();
  return query === '' ? PATH : `${PATH}?${query}`;
}

export function listPage(props: ListProps): JSX.Element {
  const { language, of, show, counts, q, lines, page, pages } = props;
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
      <form class="filters" method="get" action={PATH} role="search">
        {show === 'lacking' ? null : <input type="hidden" name="show" value={show} />}
        <label class="grow">
          {say('应用、数据集、单位', 'System, dataset, authority')}
          <input type="search" name="q" value={q} maxLength={100} />
        </label>
        <button class="quiet" type="submit">
          {say('查找', 'Find')}
        </button>
      </form>
      <div class="card">
        {lines.length === 0 ? (
          <p class="empty">{say('没有符合条件的授权', 'No such grant.')}</p>
        ) : (
          <Lines lines={lines} language={language} say={say} />
        )}
      </div>
      <Pager
        back={{
          href: page > 1 ? addressOf(show, q, page - 1) : undefined,
          words: say('← 上一页', '← Previous'),
          rel: 'prev',
        }}
        on={{
          href: page < pages ? addressOf(show, q, page + 1) : undefined,
          words: say('下一页 →', 'Next →'),
          rel: 'next',
        }}
      />
    </>
  );
}

function Lines({
  lines,
  language,
  say,
}: {
  readonly lines: readonly UseLine[];
  readonly language: Language;
  readonly say: Say;
}): JSX.Element {
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">{say('使用方', 'Used by')}</th>
          <th scope="col">{say('数据集', 'Dataset')}</th>
          <th scope="col">{say('授权期限', 'Until')}</th>
          <th scope="col">{say('使用记录', 'Records')}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ grant, client, dataset, requester, provider, until, over, lacking, records, at, status }) => (
          <tr key={grant}>
            <th scope="row">
              <a href={`${PATH}/${grant}`}>{client[language]}</a>
              <span class="plain soft">{requester[language]}</span>
            </th>
            <td>
              {dataset[language]}
              <span class="plain soft">
                {provider[language]}
                {say(' 提供', '')}
              </span>
            </td>
            <td>
              {until === undefined || over ? (
                <span class="state none">{say('已终止', 'over')}</span>
              ) : (
                say(`至 ${until}`, until)
              )}
            </td>
            <td>
              {records === 0 ? (
                <span class={`state ${lacking ? 'bad' : 'none'}`}>{say('没有记录', 'none')}</span>
              ) : (
                <>
                  {status === undefined ? null : (
                    <span class={`state ${statusNames[status].css}`}>{statusNames[status][language]}</span>
                  )}
                  <span class="plain soft">
                    {say(`${records} 条`, `${records}`)}
                    {at === undefined
                      ? ''
                      : say(`，最近 ${localMinute(Date.parse(at))}`, `, ${localMinute(Date.parse(at))}`)}
                  </span>
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
