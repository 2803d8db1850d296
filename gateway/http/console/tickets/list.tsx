/** Tickets that somebody sees, the next to run out first. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { SeenTicket } from '../../../procedures/lifecycles/tickets.js';
import type { Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { numberOf, sayIn } from '../../ui/say.js';
import { Due, nameOf } from './words.js';

export const SHOWS = ['todo', 'open', 'closed'] as const;
export type Show = (typeof SHOWS)[number];

interface TicketsProps {
  readonly language: Language;
  readonly show: Show;
  readonly counts: Readonly<Record<Show, number>>;
  readonly over: number;
  readonly tickets: Listed<SeenTicket>;
  /** What the person may open a ticket with. */
  readonly begin: readonly string[];
  /** Whose own records it is about. */
  readonly isSubject: boolean;
}

type NameOf = (id: string) => Localised;

/** What there is of a ticket, and by what tickets are narrowed. */
export function ticketListing(language: Language, dataset: NameOf): Listing<SeenTicket> {
  const say = sayIn(language);
  const stateOf = ({ lifecycle, state }: SeenTicket): string => nameOf(lifecycle.states, state.state, language);
  return {
    id: 'tickets',
    path: '/console/tickets',
    columns: columnsOf(language, dataset),
    keyOf: ({ head }) => head.id,
    words: {
      title: { zh: '编号、数据集', en: 'Number, dataset' },
      of: ({ head, lifecycle }) => {
        const { zh, en } = dataset(head.dataset);
        return [head.id, numberOf(head.id), zh, en, lifecycle.title.zh, lifecycle.title.en];
      },
    },
    choices: [
      {
        id: 'kind',
        title: { zh: '事项', en: 'Kind' },
        of: ({ lifecycle }) => [{ value: lifecycle.id, title: lifecycle.title[language] }],
      },
      {
        id: 'state',
        title: { zh: '状态', en: 'State' },
        // two lifecycles may call a state by one id
        of: (one) => [{ value: `${one.lifecycle.id}.${one.state.state}`, title: stateOf(one) }],
      },
      {
        id: 'term',
        title: { zh: '期限', en: 'Due' },
        options: [
          { value: 'over', title: say('已逾期', 'over') },
          { value: 'near', title: say('一个工作日内到期', 'within one working day') },
          { value: 'none', title: say('没有期限', 'none runs') },
        ],
        of: ({ due }) => [
          { value: due === undefined ? 'none' : due.over ? 'over' : due.left <= 1 ? 'near' : 'later', title: '' },
        ],
      },
    ],
    period: { title: { zh: '提出时间', en: 'Opened' }, at: ({ state }) => state.openedAt },
  };
}

function columnsOf(language: Language, dataset: NameOf): readonly Column<SeenTicket>[] {
  const turnOf = ({ lifecycle, due }: SeenTicket): string | undefined =>
    due === undefined ? undefined : nameOf(lifecycle.parties, lifecycle.clocks[due.clock]?.party ?? '', language);
  return [
    {
      id: 'ticket',
      title: { zh: '事项', en: 'Ticket' },
      head: true,
      sorts: true,
      value: ({ head, lifecycle }) => `${lifecycle.title[language]} · ${dataset(head.dataset)[language]}`,
      cell: ({ head, lifecycle }) => (
        <>
          <a href={`/console/tickets/${head.id}`}>{lifecycle.title[language]}</a>
          <span class="plain">{dataset(head.dataset)[language]}</span>
          <span class="id exact">{numberOf(head.id)}</span>
        </>
      ),
    },
    {
      id: 'state',
      title: { zh: '状态', en: 'State' },
      sorts: true,
      value: ({ lifecycle, state }) => nameOf(lifecycle.states, state.state, language),
      cell: ({ lifecycle, state, over }) => (
        <span class={`state ${over ? 'none' : 'ok'}`}>{nameOf(lifecycle.states, state.state, language)}</span>
      ),
    },
    {
      id: 'due',
      title: { zh: '期限', en: 'Due' },
      sorts: true,
      value: ({ due }) => due?.due.day,
      cell: ({ due }) => (due === undefined ? '–' : <Due reading={due} language={language} />),
    },
    {
      id: 'turn',
      title: { zh: '承办方', en: 'Whose turn' },
      sorts: true,
      value: turnOf,
      cell: (one) => turnOf(one) ?? '–',
    },
    {
      id: 'opened',
      title: { zh: '提出（北京时间）', en: 'Opened (UTC+8)' },
      sorts: true,
      value: ({ state }) => localMinute(state.openedAt),
      cell: ({ state }) => <time dateTime={new Date(state.openedAt).toISOString()}>{localMinute(state.openedAt)}</time>,
    },
  ];
}

const names: Readonly<Record<Show, Localised>> = {
  todo: { zh: '待我办理', en: 'For me to do' },
  open: { zh: '办理中', en: 'Under way' },
  closed: { zh: '已办结', en: 'Closed' },
};

export function ticketsPage({ language, show, counts, over, tickets, begin, isSubject }: TicketsProps): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <div class="head">
        <h1>{say('异议、修复与投诉', 'Objections, repair and complaints')}</h1>
        {begin.length === 0 ? null : (
          <a class="button" href="/console/tickets/records" title={begin.join(say('、', ', '))}>
            {isSubject
              ? say('选择记录并提出', 'Choose a record')
              : begin.length > 2
                ? say(`${begin[0] ?? ''}等`, `${begin[0] ?? ''} …`)
                : begin.join(say('、', ' / '))}
          </a>
        )}
      </div>
      <p class="lead">
        {isSubject
          ? say(
              '信用记录有误、不全，或者已经履行义务的，先选择该记录再提出；对数据使用的投诉在“数据使用记录”中提出。',
              'Where a record of yours is wrong or lacking, or what it is about is settled, choose it and say so. ' +
                'You complain about a look at your data in its history.',
            )
          : say(
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
      <ListOf
        listed={tickets}
        class="stack tickets"
        empty={
          show === 'todo'
            ? say('暂无待办事项', 'There is nothing for you to do.')
            : say('暂无相关事项', 'There are none.')
        }
      />
    </>
  );
}
