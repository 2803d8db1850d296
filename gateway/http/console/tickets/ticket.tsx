/** One ticket: the record, what happened, how its clocks stand, and what may be done now. */

import type { ComponentChildren, JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import { clocksAhead } from '../../../../contracts/lifecycle/engine.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import type { ShownRecord } from '../../../procedures/lifecycles/records.js';
import type { OpenedTicket } from '../../../procedures/lifecycles/tickets.js';
import { counted, numberOf, sayIn } from '../../ui/say.js';
import { ActForm, actsOf, Due, Facts, nameOf } from './words.js';

/** What of a use of data is told on its ticket, and where more of it stands. */
export interface UsedData {
  readonly name: Localised;
  /** In the log. */
  readonly index: number;
  readonly href: string | undefined;
}

interface TicketProps {
  readonly language: Language;
  readonly csrf: string;
  readonly ticket: OpenedTicket;
  /** As it is now; undefined where it has left its register, or nobody can say which it was. */
  readonly record: ShownRecord | undefined;
  /** Of a ticket about a use of data. */
  readonly used?: UsedData | undefined;
}

export function ticketPage({ language, ticket, record, used }: TicketProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const { head, lifecycle, state, events, acts, over, record: about } = ticket;
  const effect = lifecycle.states[state.state]?.effect;
  const done = actsOf(lifecycle);
  return (
    <>
      <div class="head">
        <h1>{lifecycle.title[language]}</h1>
        <span class={`state ${over ? 'none' : 'ok'}`}>{nameOf(lifecycle.states, state.state, language)}</span>
      </div>
      <p class="lead">
        <span class="mono">{numberOf(head.id)}</span> · {lifecycle.basis}
      </p>
      <Now language={language} ticket={ticket} record={record} />
      {effect === 'mark' ? (
        <p class="notice warn" role="status">
          {about?.missing === true
            ? say(
                '信用报告的相应领域标注“异议处理中”。',
                'Credit reports mark the domains concerned with an objection.',
              )
            : say('该记录在信用报告中标注“异议”。', 'The record is marked with an objection on credit reports.')}
        </p>
      ) : null}
      {effect === 'hide' || effect === 'delete' ? (
        <p class="notice" role="status">
          {say('该记录不再展示，也不进入信用报告。', 'The record is no longer shown, nor on credit reports.')}
        </p>
      ) : null}
      {about === undefined ? (
        <p class="notice warn">
          {say('主体已依法抹除，内容不可读取。', 'The subject was erased; what was written cannot be read.')}
        </p>
      ) : (
        <section
          class="card pad"
          aria-label={used === undefined ? say('所涉记录', 'The record') : say('所涉数据使用', 'The use of data')}
        >
          {used === undefined ? null : (
            <p>
              <b>{used.name[language]}</b> ·{' '}
              {used.href === undefined ? (
                say(`日志第 ${used.index} 条`, `entry ${used.index} of the log`)
              ) : (
                <a href={used.href}>{say(`日志第 ${used.index} 条`, `entry ${used.index} of the log`)}</a>
              )}
            </p>
          )}
          {used !== undefined ? (
            <p class="mono">{keyOf(about.subject)}</p>
          ) : (
            <p class="mono">
              {keyOf(about.subject)} {about.missing === true ? null : ` · ${about.recordId}`}
            </p>
          )}
          {used !== undefined ? null : record === undefined ? (
            <p class="foot">{say('该记录目前不在登记册中。', 'The record is not in its register at present.')}</p>
          ) : (
            <Facts record={record} language={language} />
          )}
        </section>
      )}
      <h2>{say('期限', 'Terms')}</h2>
      <Terms language={language} ticket={ticket} record={record} />
      {acts.length === 0 ? null : (
        <>
          <h2>{say('办理', 'What you may do')}</h2>
          <div class="two">
            {acts.map((act) => (
              <section class="card pad" aria-label={nameOf(lifecycle.acts, act, language)}>
                <ActForm
                  language={language}
                  name={act}
                  action={`/console/tickets/${head.id}`}
                  lifecycle={lifecycle}
                  act={act}
                />
              </section>
            ))}
          </div>
        </>
      )}
      <h2>{say('经过', 'What happened')}</h2>
      <ol class="timeline">
        {[...events].reverse().map(({ at, act, party, fields = {}, files = [], entry }) => (
          <li class="card pad">
            <div class="head">
              <h3>
                {nameOf(done, act, language)} <small>{partyOf({ language, ticket, record }, party)}</small>
              </h3>
              <time dateTime={new Date(at).toISOString()}>{localSecond(at)}</time>
            </div>
            {Object.entries(fields).map(([name, value]) => (
              <p class="said">
                <b>{nameOf(lifecycle.fields, name, language)}</b>
                {say('：', ': ')}
                {value}
              </p>
            ))}
            {files.length === 0 ? null : (
              <ul class="plainlist">
                {files.map((file) => (
                  <li>
                    <a href={`/console/tickets/${head.id}/files/${file.id}`} download class="own">
                      {file.name}
                    </a>{' '}
                    <span class="soft">
                      {(file.size / 1024).toFixed(0)} {say('千字节', 'KiB')}
                    </span>
                  </li>
                ))}
              </ul>
            )}
            <p class="foot">
              {say('日志回执 ', 'Receipt ')}
              <span class="mono exact">{entry}</span>
            </p>
          </li>
        ))}
      </ol>
    </>
  );
}

type Part = Pick<TicketProps, 'language' | 'ticket' | 'record'>;

/** A party as people know it: of a record the authority that holds it, by its name. */
const partyOf = ({ language, ticket: { lifecycle }, record }: Part, party: string): string =>
  lifecycle.parties[party]?.authority === 'record' && record !== undefined
    ? record.authority[language]
    : nameOf(lifecycle.parties, party, language);

/** Whose turn it is, for what, and until when: what whoever waits asks first. */
function Now(part: Part): JSX.Element | null {
  const {
    language,
    ticket: { lifecycle, due, over },
  } = part;
  if (over || due === undefined) return null;
  const rule = lifecycle.clocks[due.clock];
  const party = partyOf(part, rule?.party ?? '');
  const what = nameOf(lifecycle.clocks, due.clock, language);
  return (
    <p class={due.over ? 'notice bad' : 'notice'} role="status">
      {language === 'zh' ? `现由${party}办理“${what}”，期限 ` : `With: ${party}, for: ${what}, due `}
      <Due reading={due} language={language} />
    </p>
  );
}

/** Terms that ran, that run, and that are still to come; on a phone each with its party, as on a wide screen. */
function Terms(part: Part): JSX.Element {
  const {
    language,
    ticket: { lifecycle, state, clocks, over },
  } = part;
  const say = sayIn(language);
  const titles = { due: say('期限', 'Due'), who: say('承办方', 'Who'), basis: say('依据', 'Basis') };
  const ahead = over ? [] : clocksAhead(lifecycle, state);
  const days = (clock: string): string => {
    const rule = lifecycle.clocks[clock];
    const n = rule?.days ?? 0;
    return rule?.calendarDays === true
      ? say(`${n} 日内`, `within ${counted(n, 'day')}`)
      : say(`${n} 个工作日内`, `within ${counted(n, 'working day')}`);
  };
  const row = (clock: string, due: ComponentChildren): JSX.Element => (
    <tr key={clock}>
      <th scope="row">{nameOf(lifecycle.clocks, clock, language)}</th>
      <td data-title={titles.due}>{due}</td>
      <td data-title={titles.who}>{partyOf(part, lifecycle.clocks[clock]?.party ?? '')}</td>
      <td data-title={titles.basis}>{lifecycle.clocks[clock]?.basis}</td>
    </tr>
  );
  if (clocks.length + ahead.length === 0)
    return (
      <div class="card">
        <p class="empty">{say('没有期限。', 'There are no terms.')}</p>
      </div>
    );
  return (
    <div class="card">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">{say('事项', 'What')}</th>
            <th scope="col">{titles.due}</th>
            <th scope="col">{titles.who}</th>
            <th scope="col">{titles.basis}</th>
          </tr>
        </thead>
        <tbody>
          {clocks.map((reading) =>
            row(
              reading.clock,
              reading.stoppedAt === undefined ? (
                <Due reading={reading} language={language} />
              ) : (
                <>
                  <time dateTime={reading.due.day}>{reading.due.day}</time>{' '}
                  <span class={`state ${reading.over ? 'warn' : 'ok'}`}>
                    {reading.over ? say('逾期办理', 'done late') : say('按期办理', 'done in time')}
                  </span>
                </>
              ),
            ),
          )}
          {ahead.map(({ clock, after }) =>
            row(
              clock,
              <span class="soft">
                {say(
                  `“${after.map((act) => nameOf(lifecycle.acts, act, language)).join('”或者“')}”后 ${days(clock)}`,
                  `${days(clock)} of: ${after.map((act) => nameOf(lifecycle.acts, act, language)).join(' or ')}`,
                )}
              </span>,
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}
