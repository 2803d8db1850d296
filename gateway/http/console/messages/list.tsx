/** What others have done in matters of a company: the newest first, and what ended one above all. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { type Chosen, type Filter, FilterBar, periodOf } from '../../ui/filters.js';
import { Pager } from '../../ui/pager.js';
import { sayIn } from '../../ui/say.js';

export interface Message {
  /** The page of what it is about. */
  readonly href: string;
  /** Id of the ticket; absent of a case. */
  readonly ticket?: string;
  /** What it is about: an objection, a repair, a matter of several departments. */
  readonly matter: Localised;
  /** The register, or the item of a case; absent where it is about none that the workspace has. */
  readonly dataset: Localised | undefined;
  /** Key of the company, where somebody speaks for several. */
  readonly subject?: string | undefined;
  readonly act: Localised;
  readonly by: Localised;
  /** ms since 1970 */
  readonly at: number;
  /** The state in which the matter ended with it. */
  readonly ended?: Localised | undefined;
  /** What was written, by its title. */
  readonly said: readonly { readonly title: Localised; readonly text: string }[];
  /** It has come since they looked at the page last. */
  readonly fresh: boolean;
}

/** The kind of what is no ticket. */
export const OF_CASES = 'case';

/** @param kinds of tickets, by their lifecycle */
export function messageFilters(
  language: Language,
  kinds: readonly { readonly id: string; readonly title: Localised }[],
): readonly Filter[] {
  const say = sayIn(language);
  return [
    {
      kind: 'choice',
      id: 'kind',
      title: { zh: '事项', en: 'About' },
      options: [
        ...kinds.map(({ id, title }) => ({ value: id, title: title[language] })),
        { value: OF_CASES, title: say('一件事', 'cases') },
      ],
      closed: true,
    },
    {
      kind: 'choice',
      id: 'what',
      title: { zh: '内容', en: 'What' },
      options: [{ value: 'ended', title: say('仅办理结论', 'conclusions alone') }],
      closed: true,
    },
    { kind: 'period', title: { zh: '时间', en: 'Time' } },
  ];
}

/** Whether a message is what was asked for, but for its kind. */
export function isAsked({ at, ended }: Pick<Message, 'at' | 'ended'>, chosen: Chosen): boolean {
  const { since = 0, until = Infinity } = periodOf(chosen);
  return at >= since && at < until && (chosen['what'] !== 'ended' || ended !== undefined);
}

export function messagesPage({
  language,
  messages,
  filters,
  chosen,
  newest,
  older,
}: {
  readonly language: Language;
  readonly messages: readonly Message[];
  readonly filters: readonly Filter[];
  readonly chosen: Chosen;
  readonly newest: string | undefined;
  readonly older: string | undefined;
}): JSX.Element {
  const say = sayIn(language);
  const isNarrowed = Object.keys(chosen).length > 0;
  return (
    <>
      <h1>{say('消息', 'Messages')}</h1>
      <p class="lead">
        {say(
          '一件事、异议、信用修复等事项的办理情况和结论。',
          'What was done and decided in your cases, objections and repairs.',
        )}
      </p>
      {messages.length === 0 && !isNarrowed ? null : (
        <FilterBar language={language} path="/console/messages" filters={filters} chosen={chosen} keeps={{}} />
      )}
      {messages.length === 0 ? (
        <div class="card">
          <p class="empty">
            {!isNarrowed
              ? say('暂无消息', 'There are no messages.')
              : older === undefined
                ? say('没有符合条件的消息', 'Nothing matches.')
                : say(
                    '较近的消息中没有符合条件的，请查看更早的消息。',
                    'Nothing matches so far: look at earlier ones.',
                  )}
          </p>
        </div>
      ) : (
        <ol class="timeline">
          {messages.map(({ href, ticket, matter, dataset, subject, act, by, at, ended, said, fresh }) => (
            <li class="card pad" data-ticket={ticket} data-ended={ended === undefined ? undefined : ''}>
              <div class="head">
                <h2 class="own">
                  <a href={href}>
                    {ended === undefined ? act[language] : say(`办理结论：${ended.zh}`, `Concluded: ${ended.en}`)}
                  </a>{' '}
                  {fresh ? <span class="state warn">{say('新', 'new')}</span> : null}
                </h2>
                <time dateTime={new Date(at).toISOString()}>{localMinute(at)}</time>
              </div>
              <p class="soft">
                {[matter, dataset, by].flatMap((one) => (one === undefined ? [] : [one[language]])).join(' · ')}
                {subject === undefined ? null : (
                  <>
                    {' '}
                    · <span class="mono">{subject}</span>
                  </>
                )}
              </p>
              {said.map(({ title, text }) => (
                <p class="said">
                  <b>{title[language]}</b>
                  {say('：', ': ')}
                  {text}
                </p>
              ))}
            </li>
          ))}
        </ol>
      )}
      <Pager
        back={{ href: newest, words: say('最新', 'Newest') }}
        on={{ href: older, words: say('更早 →', 'Earlier →'), rel: 'next' }}
      />
    </>
  );
}
