/** What runs out: terms of applications and grants, the next first, month by month. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { type Chosen, type Filter, FilterBar } from '../../ui/filters.js';
import { type Say, sayIn } from '../../ui/say.js';
import { PATH } from './words.js';

export interface Ending {
  /** `YYYY-MM-DD` */
  readonly day: string;
  readonly what: Localised;
  readonly detail: Localised;
  readonly kind: 'term' | 'grant';
  readonly href?: string;
  /** Days until then; negative: it is over. */
  readonly left: number;
}

export function endingFilters(language: Language): readonly Filter[] {
  const say = sayIn(language);
  return [
    {
      kind: 'choice',
      id: 'kind',
      title: { zh: '类别', en: 'Kind' },
      options: [
        { value: 'term', title: say('办理期限', 'terms') },
        { value: 'grant', title: say('授权到期', 'grants') },
      ],
      closed: true,
    },
    { kind: 'period', title: { zh: '到期日', en: 'Ends' } },
  ];
}

export function fitsEnding({ kind, day }: Pick<Ending, 'kind' | 'day'>, chosen: Chosen): boolean {
  const { since, until } = chosen;
  return (
    (chosen['kind'] === undefined || chosen['kind'] === kind) &&
    (since === undefined || day >= since) &&
    (until === undefined || day <= until)
  );
}

export function calendarPage({
  language,
  of,
  filters,
  chosen,
  endings,
}: {
  readonly language: Language;
  readonly of: string;
  readonly filters: readonly Filter[];
  readonly chosen: Chosen;
  readonly endings: readonly Ending[];
}): JSX.Element {
  const say = sayIn(language);
  const months = [...new Set(endings.map(({ day }) => day.slice(0, 7)))];
  return (
    <>
      <p class="foot">
        <a href={PATH}>{say('← 共享事项', '← Matters of sharing')}</a>
      </p>
      <h1>{say('到期日历', 'What runs out')}</h1>
      <p class="lead">
        {say(`${of}：办理期限和授权的到期日，最近的在前。`, `${of}: terms and grants, what ends next in front.`)}
      </p>
      <FilterBar language={language} path={`${PATH}/calendar`} filters={filters} chosen={chosen} keeps={{}} />
      {endings.length === 0 ? (
        <div class="card">
          <p class="empty">
            {Object.keys(chosen).length === 0
              ? say('没有将到期的事项', 'Nothing runs out.')
              : say('没有符合条件的事项', 'Nothing matches.')}
          </p>
        </div>
      ) : (
        months.map((month) => (
          <section key={month} aria-label={month}>
            <h2>{say(`${month.slice(0, 4)} 年 ${Number(month.slice(5))} 月`, month)}</h2>
            <Days language={language} endings={endings.filter(({ day }) => day.startsWith(month))} say={say} />
          </section>
        ))
      )}
    </>
  );
}

function Days({
  endings,
  language,
  say,
}: {
  readonly endings: readonly Ending[];
  readonly language: Language;
  readonly say: Say;
}): JSX.Element {
  return (
    <ol class="card rows endings">
      {endings.map(({ day, what, detail, kind, href, left }) => (
        <li key={`${day} ${what.zh} ${detail.zh}`}>
          <time dateTime={day}>{say(`${Number(day.slice(8))} 日`, day)}</time>
          <div class="grow">
            <p>{href === undefined ? <b>{what[language]}</b> : <a href={href}>{what[language]}</a>}</p>
            <p class="foot">{detail[language]}</p>
          </div>
          <span class="marks">
            <span class="state none">{kind === 'term' ? say('办理期限', 'term') : say('授权到期', 'grant ends')}</span>
            <span class={`state ${left < 0 ? 'bad' : left <= 30 ? 'warn' : 'none'}`}>
              {left < 0
                ? say(`已过 ${-left} 天`, `${-left} days ago`)
                : left === 0
                  ? say('今日', 'today')
                  : say(`还有 ${left} 天`, `in ${left} ${left === 1 ? 'day' : 'days'}`)}
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}
