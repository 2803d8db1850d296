/** What others have done in matters of a company: the newest first, and what ended one above all. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';

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

export function messagesPage({
  language,
  messages,
  older,
}: {
  readonly language: Language;
  readonly messages: readonly Message[];
  readonly older: string | undefined;
}): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  return (
    <>
      <h1>{say('消息', 'Messages')}</h1>
      <p class="lead">
        {say(
          '一件事、异议、信用修复等事项的办理情况和结论。',
          'What was done and decided in your cases, objections and repairs.',
        )}
      </p>
      {messages.length === 0 ? (
        <div class="card">
          <p class="empty">{say('暂无消息', 'There are no messages.')}</p>
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
      {older === undefined ? null : (
        <div class="pager">
          <span />
          <span>
            <a class="quiet" href={older} rel="next">
              {say('更早 →', 'Earlier →')}
            </a>
          </span>
        </div>
      )}
    </>
  );
}
