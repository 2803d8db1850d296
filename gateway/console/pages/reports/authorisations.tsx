/** Whom a company has let ask for its report, who lets it, and a form to let one more. */
import type { JSX } from 'preact';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Authorisation } from '../../../reports/index.js';
import type { Language } from '../../page.js';
import { localMinute } from '../../time.js';
import { Picks } from './picks.js';
import { Speaking, type Subjects } from './speaking.js';
import { keyOf, sayIn } from './words.js';

export interface AuthorisationsProps {
  readonly language: Language;
  readonly csrf: string;
  readonly subjects: Subjects;
  readonly definitions: ReadonlyMap<string, ReportDefinition>;
  readonly definition: ReportDefinition;
  readonly given: readonly Authorisation[];
  readonly received: readonly Authorisation[];
  readonly today: string;
  readonly until: string;
  readonly latest: string;
  /** Recorded just now. */
  readonly done?: Authorisation | undefined;
  readonly fault?: Localised | undefined;
  readonly sent?: { readonly to: string; readonly until: string; readonly domains: readonly string[]; readonly purposes: readonly string[] } | undefined;
}

function StateOf({ one: { withdrawnAt, since, until }, today, language }: { readonly one: Authorisation; readonly today: string; readonly language: Language }): JSX.Element {
  const say = sayIn(language);
  if (withdrawnAt !== undefined) return <span class="state bad">{say('已撤回', 'withdrawn')}</span>;
  if (today > until) return <span class="state none">{say('已到期', 'ended')}</span>;
  return today < since ? <span class="state none">{say('未生效', 'not begun')}</span> : <span class="state ok">{say('有效', 'in force')}</span>;
}

/** What it covers, in words. */
export function coverage({ report, domains, purposes }: Authorisation, definitions: AuthorisationsProps['definitions'], language: Language): string {
  const say = sayIn(language);
  const definition = definitions.get(report);
  const all = definition?.domains.length ?? 0;
  const named = definition?.domains.filter(({ id }) => domains?.includes(id) === true).map(({ title }) => title[language]) ?? [];
  const first = named.slice(0, 4).join(say('、', ', '));
  const where = domains === undefined ? say('全部领域', 'all domains') : named.length > 4 ? say(`${first}等 ${named.length} / ${all} 个领域`, `${first} and ${named.length - 4} more of ${all} domains`) : first;
  const why = purposes === undefined ? say('不限用途', 'any purpose') : purposes.map((id) => definition?.purposes.get(id)?.[language] ?? say('未登记的用途', id)).join(say('、', ', '));
  return `${definition?.title[language] ?? say('已停用的报告', report)} · ${where} · ${why}`;
}

export function authorisationsPage({ language, csrf, subjects, definitions, definition, given, received, today, until, latest, done, fault, sent }: AuthorisationsProps): JSX.Element {
  const say = sayIn(language);
  const list = (rows: readonly Authorisation[], mine: boolean): JSX.Element => (
    <ul class="card rows">
      {rows.map((one) => (
        <li>
          <div>
            <p><b class="code">{keyOf(mine ? one.to : one.from)}</b> <StateOf one={one} today={today} language={language} /></p>
            <p class="soft">{coverage(one, definitions, language)}</p>
            <p class="soft">{one.since} – {one.until}{one.withdrawnAt === undefined ? null : say(`，${localMinute(one.withdrawnAt)} 撤回`, `, withdrawn ${localMinute(one.withdrawnAt)}`)}</p>
          </div>
          {mine && one.withdrawnAt === undefined && today <= one.until ? <a class="quiet" href={`/console/authorisations/${one.id}/withdraw${subjects.query('?')}`}>{say('撤回', 'Withdraw')}</a> : null}
        </li>
      ))}
    </ul>
  );
  const none = (text: string): JSX.Element => <div class="card"><p class="empty">{text}</p></div>;
  const { domains, purposes } = definition;
  return (
    <>
      <h1>{say('授权', 'Authorisations')}</h1>
      <p class="lead">{say('经本企业授权，另一家企业才能在它的信用报告中写入本企业的记录。分支机构随本企业一并授权。', 'Only with your authorisation may another company’s report tell of you. Your branches go with you.')}</p>
      <Speaking language={language} subjects={subjects} />
      {done === undefined ? null : <p class="notice" role="status">{done.withdrawnAt === undefined ? say('授权已生效：', 'The authorisation is in force: ') : say('授权已撤回：', 'The authorisation is withdrawn: ')}<b class="code">{keyOf(done.to)}</b></p>}
      {fault === undefined ? null : <p class="notice bad" role="alert">{fault[language]}</p>}
      <h2>{say('本企业作出的授权', 'Given')}</h2>
      {given.length === 0 ? none(say('暂无数据', 'No other company may ask about this one.')) : list(given, true)}
      <h2>{say('本企业获得的授权', 'Received')}</h2>
      {received.length === 0 ? none(say('暂无数据。需要时，请对方登录后向本企业的统一社会信用代码授权。', 'No company has authorised this one. Have it sign in and authorise your code.')) : list(received, false)}
      <h2>{say('新授权', 'Authorise a company')}</h2>
      {definitions.size < 2 ? null : <nav class="pills" aria-label={say('报告种类', 'Kind of report')}>{[...definitions.values()].map(({ id, title }) => <a href={`/console/authorisations?report=${id}${subjects.query('&')}`} aria-current={id === definition.id ? 'true' : undefined}>{title[language]}</a>)}</nav>}
      <form method="post" action="/console/authorisations" class="card pad sheet" data-once>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="of" value={subjects.hidden} />
        <input type="hidden" name="report" value={definition.id} />
        <div class="filters in">
          <label class="span">{say('授权给哪家企业（统一社会信用代码）', 'Which company (its code, 18 characters)')}<input type="text" name="to" value={sent?.to ?? ''} required maxLength={18} minLength={18} autocomplete="off" spellcheck={false} /></label>
          <label>{say('有效至（当日含，至多一年）', 'Until (that day included, a year at most)')}<input type="date" name="until" value={sent?.until ?? until} min={today} max={latest} required /></label>
        </div>
        <fieldset><legend>{say('用途', 'Purposes')}</legend><Picks name="purposes" language={language} all={[...purposes].map(([id, title]) => ({ id, title }))} chosen={new Set(sent?.purposes ?? purposes.keys())} /></fieldset>
        <details open={sent !== undefined && sent.domains.length < domains.length}>
          <summary>{say(`领域（默认全部 ${domains.length} 个）`, `Domains (all ${domains.length} unless you change it)`)}</summary>
          <Picks name="domains" language={language} all={domains} chosen={new Set(sent?.domains ?? domains.map(({ id }) => id))} />
        </details>
        <p class="row"><button class="button" type="submit">{say('授权', 'Authorise')}</button><span class="soft">{say('即时生效，记入审计日志；可随时撤回。', 'In force at once and on record; you can withdraw it at any time.')}</span></p>
      </form>
    </>
  );
}

export function withdrawPage({ language, csrf, subjects, definitions, one }: Pick<AuthorisationsProps, 'language' | 'csrf' | 'subjects' | 'definitions'> & { readonly one: Authorisation }): JSX.Element {
  const say = sayIn(language);
  return (
    <section class="narrow">
      <h1>{say('撤回这项授权？', 'Withdraw this authorisation?')}</h1>
      <p class="lead">{say('撤回后，对方不能再为本企业出具新的报告。已经出具的报告仍然有效。', 'Then the other company can ask for no new report about you. Reports that were issued stay what they are.')}</p>
      <dl class="card facts">
        <dt>{say('授权给', 'Given to')}</dt><dd class="code">{keyOf(one.to)}</dd>
        <dt>{say('范围', 'For')}</dt><dd>{coverage(one, definitions, language)}</dd>
        <dt>{say('期限', 'Days')}</dt><dd>{one.since} – {one.until}</dd>
      </dl>
      <form method="post" action={`/console/authorisations/${one.id}/withdraw`} class="row">
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="of" value={subjects.hidden} />
        <button class="button danger" type="submit">{say('撤回授权', 'Withdraw it')}</button>
        <a class="quiet" href={`/console/authorisations${subjects.query('?')}`}>{say('暂不撤回', 'Keep it')}</a>
      </form>
    </section>
  );
}
