/** What subjects complain of. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import type { HandledComplaint } from '../../../procedures/lifecycles/complaints.js';
import type { Complaint } from '../../people/complaints.js';
import { type Chosen, type Filter, FilterBar, periodOf } from '../../ui/filters.js';
import { Pager } from '../../ui/pager.js';
import { sayIn } from '../../ui/say.js';
import { Due, nameOf } from '../tickets/words.js';

interface ComplaintsProps {
  readonly language: Language;
  /** `search`: everything about that subject. */
  readonly complaints: readonly (Complaint & { readonly search?: string })[];
  /** Those that are tickets, the next to run out first. */
  readonly handled: readonly (HandledComplaint & { readonly search?: string })[];
  readonly filters: readonly Filter[];
  readonly chosen: Chosen;
  readonly first: string | undefined;
  readonly next: string | undefined;
}

/** @param states in which complaints are */
export function complaintFilters(
  language: Language,
  states: readonly { readonly value: string; readonly title: string }[],
): readonly Filter[] {
  const say = sayIn(language);
  return [
    { kind: 'choice', id: 'state', title: { zh: '状态', en: 'State' }, options: states },
    {
      kind: 'choice',
      id: 'turn',
      title: { zh: '办理', en: 'Whose turn' },
      options: [
        { value: 'mine', title: say('待我办理', 'for me to do') },
        { value: 'over', title: say('已逾期', 'past its term') },
      ],
      closed: true,
    },
    { kind: 'period', title: { zh: '提出时间', en: 'Made' } },
  ];
}

export const complaintState = ({ ticket: { lifecycle, state } }: HandledComplaint): string =>
  `${lifecycle.id}.${state.state}`;

export function fitsComplaint(one: HandledComplaint, chosen: Chosen): boolean {
  const { state, acts, due, over } = one.ticket;
  const { since = 0, until = Infinity } = periodOf(chosen);
  const turn = chosen['turn'];
  return (
    (chosen['state'] === undefined || chosen['state'] === complaintState(one)) &&
    (turn === undefined || (turn === 'mine' ? !over && acts.length > 0 : due?.over === true)) &&
    state.openedAt >= since &&
    state.openedAt < until
  );
}

export function complaintsPage(props: ComplaintsProps): JSX.Element {
  const { language, complaints, handled, filters, chosen, first, next } = props;
  const say = sayIn(language);
  const isNarrowed = Object.keys(chosen).length > 0;
  return (
    <>
      <h1>{say('投诉', 'Complaints')}</h1>
      <p class="lead">
        {say(
          '企业用户对某次数据使用的投诉。按到期先后排列。内容以主体专属密钥加密保存；本次查阅已记入日志。',
          'What data subjects complain of, each about one look, the next to run out first. Kept under the ' +
            'subject’s own key; this look is on record.',
        )}
      </p>
      {complaints.length + handled.length === 0 && !isNarrowed ? null : (
        <FilterBar language={language} path="/console/complaints" filters={filters} chosen={chosen} keeps={{}} />
      )}
      {handled.length === 0 ? null : (
        <ol class="timeline">
          {handled.map(({ id, about, subject, search, ticket: { lifecycle, state, events, due, over, acts } }) => (
            <li class="card pad">
              <div class="head">
                <h2>
                  {about === undefined ? (
                    say('主体已抹除', 'Subject erased')
                  ) : (
                    <a href={`/console/entries/${about}`}>{say(`针对第 ${about} 条`, `About entry ${about}`)}</a>
                  )}{' '}
                  <span class={`state ${over ? 'none' : 'ok'}`}>{nameOf(lifecycle.states, state.state, language)}</span>
                </h2>
                <time dateTime={new Date(state.openedAt).toISOString()}>{localSecond(state.openedAt)}</time>
              </div>
              <p class="said">
                {Object.values(events[0]?.fields ?? {}).join(' ') || say('主体已依法抹除。', 'The subject was erased.')}
              </p>
              {due === undefined ? null : (
                <p class="foot">
                  {nameOf(lifecycle.clocks, due.clock, language)}
                  {say('期限：', ': ')}
                  <Due reading={due} language={language} />
                </p>
              )}
              <p class="row">
                <a class={acts.length > 0 ? 'button low' : 'quiet'} href={`/console/tickets/${id}`}>
                  {acts.length > 0 ? say('办理', 'Handle it') : say('查看', 'See it')}
                </a>
                {search === undefined ? null : (
                  <a href={search}>{language === 'zh' && subject !== undefined ? keyOf(subject) : subject}</a>
                )}
              </p>
            </li>
          ))}
        </ol>
      )}
      {complaints.length === 0 || handled.length === 0 ? null : (
        <h2>{say('早期投诉（仅存日志）', 'Earlier ones, in the log alone')}</h2>
      )}
      {complaints.length === 0 ? (
        handled.length > 0 ? null : (
          <div class="card">
            <p class="empty">
              {isNarrowed ? say('没有符合条件的投诉', 'Nothing matches.') : say('暂无投诉', 'There are no complaints.')}
            </p>
          </div>
        )
      ) : (
        <ol class="timeline">
          {complaints.map(({ about, entry, at, text, subject, search }) => (
            <li class="card pad">
              <div class="head">
                <h2>
                  <a href={`/console/entries/${about}`}>{say(`针对第 ${about} 条`, `About entry ${about}`)}</a>
                </h2>
                <time dateTime={at}>{at === '' ? '–' : localSecond(at)}</time>
              </div>
              <p class="said">{text ?? say('主体已依法抹除。', 'The subject was erased.')}</p>
              <p class="foot">
                {search === undefined ? null : (
                  <>
                    <a href={search}>{language === 'zh' && subject !== undefined ? keyOf(subject) : subject}</a> ·{' '}
                  </>
                )}
                <a href={`/console/entries/${entry}`}>{say(`投诉记为第 ${entry} 条`, `on record as entry ${entry}`)}</a>
              </p>
            </li>
          ))}
        </ol>
      )}
      <Pager
        back={{ href: first, words: say('最新', 'Newest') }}
        on={{ href: next, words: say('更早 →', 'Older →'), rel: 'next' }}
      />
    </>
  );
}
