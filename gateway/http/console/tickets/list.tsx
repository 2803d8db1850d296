/** Tickets that somebody sees, the next to run out first. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { SeenTicket } from '../../../procedures/lifecycles/tickets.js';
import { Pager } from '../../ui/pager.js';
import { numberOf } from '../../ui/say.js';
import { Due, nameOf } from './words.js';

export const SHOWS = ['todo', 'open', 'closed'] as const;
export type Show = (typeof SHOWS)[number];

interface TicketsProps {
  readonly language: Language;
  readonly show: Show;
  readonly counts: Readonly<Record<Show, number>>;
  readonly over: number;
  readonly tickets: readonly SeenTicket[];
  readonly dataset: (id: string) => Localised;
  /** What the person may open a ticket with. */
  readonly begin: readonly string[];
  readonly previous: string | undefined;
  readonly next: string | undefined;
}

const names: Readonly<Record<Show, Localised>> = {
  todo: { zh: '待我办理', en: 'For me to do' },
  open: { zh: '办理中', en: 'Under way' },
  closed: { zh: '已办结', en: 'Closed' },
};

export function ticketsPage({
  language,
  show,
  counts,
  over,
  tickets,
  dataset,
  begin,
  previous,
  next,
}: TicketsProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  return (
    <>
      <div class="head">
        <h1>{say('异议、修复与投诉', 'Objections, repair and complaints')}</h1>
        {begin.length === 0 ? null : (
          <a class="button" href="/console/tickets/records" title={begin.join(say('、', ', '))}>
            {begin.length > 2 ? say(`${begin[0] ?? ''}等`, `${begin[0] ?? ''} …`) : begin.join(say('、', ' / '))}
          </a>
        )}
      </div>
      <p class="lead">
        {say(
          '按到期先后排列。期限按工作日计算，办理之日次日起算；逾期仅作提示与告警，不自动作出决定。',
          'The next to run out comes first. Terms are working days, and the day of the act does not count. One ' +
            'that runs out is shown and raises an alert; it decides nothing.',
        )}
      </p>
      {over === 0 ? null : (
        <p class="notice bad" role="status">
          {say(`${over} 件已逾期`, `${over} ${over === 1 ? 'is' : 'are'} past the term.`)}
        </p>
      )}
      <nav class="pills" aria-label={say('筛选', 'Filter')}>
        {SHOWS.map((one) => (
          <a href={`?show=${one}`} aria-current={one === show ? 'true' : undefined}>
            {names[one][language]} {counts[one]}
          </a>
        ))}
      </nav>
      <div class="card">
        {tickets.length === 0 ? (
          <p class="empty">
            {show === 'todo'
              ? say('暂无待办事项', 'There is nothing for you to do.')
              : say('暂无工单', 'There are no tickets.')}
          </p>
        ) : (
          <table class="tickets">
            <thead>
              <tr>
                <th scope="col">{say('事项', 'Ticket')}</th>
                <th scope="col">{say('状态', 'State')}</th>
                <th scope="col">{say('期限', 'Due')}</th>
                <th scope="col" class="wide">
                  {say('承办方', 'Whose turn')}
                </th>
                <th scope="col" class="wide">
                  {say('提出（北京时间）', 'Opened (UTC+8)')}
                </th>
              </tr>
            </thead>
            <tbody>
              {tickets.map(({ head, lifecycle, state, due, over: closed }) => (
                <tr>
                  <th scope="row">
                    <a href={`/console/tickets/${head.id}`}>{lifecycle.title[language]}</a>
                    <span class="plain">{dataset(head.dataset)[language]}</span>
                    <span class="id exact">{numberOf(head.id)}</span>
                  </th>
                  <td>
                    <span class={`state ${closed ? 'none' : 'ok'}`}>
                      {nameOf(lifecycle.states, state.state, language)}
                    </span>
                  </td>
                  <td>{due === undefined ? '–' : <Due reading={due} language={language} />}</td>
                  <td class="wide">
                    {due === undefined
                      ? '–'
                      : nameOf(lifecycle.parties, lifecycle.clocks[due.clock]?.party ?? '', language)}
                  </td>
                  <td class="wide">
                    <time dateTime={new Date(state.openedAt).toISOString()}>{localMinute(state.openedAt)}</time>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      <Pager
        back={{ href: previous, words: say('← 上一页', '← Previous'), rel: 'prev' }}
        on={{ href: next, words: say('下一页 →', 'Next →'), rel: 'next' }}
      />
    </>
  );
}
