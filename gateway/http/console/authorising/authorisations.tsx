/** Whom a company has let ask for its report, who lets it, and a form to let one more. */

import type { JSX } from 'preact';
import { keyOf, type SubjectKey } from '../../../../contracts/ids.js';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Authorisation, Invitation } from '../../../documents/reports/index.js';
import type { Language } from '../../../ground/language/language.js';
import { CompanyField } from '../../ui/company-field.js';
import { FaultSummary, Form, formId, TextField } from '../../ui/form.js';
import { type Listed, ListOf } from '../../ui/listing.js';
import { sayIn } from '../../ui/say.js';
import { Speaking, type Subjects } from '../../ui/speaking.js';
import { Picks } from '../reporting/picks.js';
import { type AuthorisationRow, coverage } from './list.js';

export interface AuthorisationsProps {
  readonly language: Language;
  readonly csrf: string;
  readonly subjects: Subjects;
  readonly definitions: ReadonlyMap<string, ReportDefinition>;
  readonly definition: ReportDefinition;
  readonly authorisations: Listed<AuthorisationRow>;
  /** What the companies are called, this one too, as far as it is known. */
  readonly called: ReadonlyMap<string, string>;
  /** Not answered yet: by this company, and by others. */
  readonly invited: readonly Invitation[];
  readonly inviting: readonly Invitation[];
  readonly declined: boolean;
  /** Whether a company is found by its name. */
  readonly byName: boolean;
  readonly today: string;
  readonly until: string;
  readonly latest: string;
  /** Recorded just now. */
  readonly done?: Authorisation | undefined;
  readonly fault?: Localised | undefined;
  /** The field that it is about. */
  readonly faultAt?: string | undefined;
  readonly sent?:
    | {
        readonly to: string;
        readonly until: string;
        readonly domains: readonly string[];
        readonly purposes: readonly string[];
      }
    | undefined;
}

/** A company by its name where that is known, and by its code. */
function Company({
  subject,
  called,
}: {
  readonly subject: SubjectKey;
  readonly called: AuthorisationsProps['called'];
}): JSX.Element {
  const name = called.get(subject);
  return name === undefined ? (
    <b class="code">{keyOf(subject)}</b>
  ) : (
    <>
      <b>{name}</b> <span class="code soft">{keyOf(subject)}</span>
    </>
  );
}

/** What others ask this company for. */
function Invitations({
  invited,
  language,
  definitions,
  subjects,
  today,
  until,
  latest,
}: Pick<
  AuthorisationsProps,
  'invited' | 'language' | 'definitions' | 'subjects' | 'today' | 'until' | 'latest'
>): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <h2>{say(`待答复的授权请求（${invited.length}）`, `Others ask for your authorisation (${invited.length})`)}</h2>
      {invited.map((one) => (
        <Form
          class="card pad invitation"
          action={`/console/authorisations/${one.id}/answer`}
          hidden={{ of: subjects.hidden }}
        >
          <p>
            <b>{one.names.to}</b> <span class="code soft">{keyOf(one.to)}</span>
          </p>
          <p>
            {say('请求授权其申请写有本企业记录的信用报告。', 'asks to have its report tell of you.')}{' '}
            <span class="soft">{coverage(one, definitions, language)}</span>
          </p>
          <p class="soft">
            {say(
              `使用单位：${one.bearer}；请于 ${one.until} 前答复`,
              `To be shown to ${one.bearer}; to be answered by ${one.until}`,
            )}
          </p>
          <div class="row">
            <TextField
              type="date"
              name="until"
              label={say('授权至', 'Until')}
              value={until}
              min={today}
              max={latest}
              required
            />
            <button class="button low" type="submit" name="answer" value="agree">
              {say('同意授权', 'Authorise it')}
            </button>
            <button class="quiet low" type="submit" name="answer" value="decline" formnovalidate>
              {say('拒绝', 'Decline')}
            </button>
          </div>
        </Form>
      ))}
    </>
  );
}

export function authorisationsPage({
  language,
  subjects,
  definitions,
  definition,
  authorisations,
  called,
  invited,
  inviting,
  declined,
  byName,
  today,
  until,
  latest,
  done,
  fault,
  faultAt,
  sent,
}: AuthorisationsProps): JSX.Element {
  const say = sayIn(language);
  const shared = { language, definitions, subjects, called, today };
  const { domains, purposes } = definition;
  return (
    <>
      <h1>{say('授权', 'Authorisations')}</h1>
      <p class="lead">
        {say(
          '经本企业授权，另一家企业（例如银行、集团母公司）才能申请写有本企业记录的信用报告。分支机构随本企业一并授权。',
          'Only with your authorisation may another company, a bank or a parent, ask for a report that tells of you. ' +
            'Your branches go with you.',
        )}
      </p>
      <Speaking language={language} subjects={subjects} name={called.get(subjects.subject)} />
      {done === undefined ? null : (
        <p class="notice" role="status">
          {done.withdrawnAt === undefined
            ? say('授权已生效：', 'The authorisation is in force: ')
            : say('授权已撤回：', 'The authorisation is withdrawn: ')}
          <Company subject={done.to} called={called} />
        </p>
      )}
      {fault === undefined ? null : (
        <FaultSummary language={language} lines={[{ text: fault[language], to: faultAt }]} />
      )}
      {declined ? (
        <p class="notice" role="status">
          {say('已拒绝该请求。', 'You have declined it.')}
        </p>
      ) : null}
      {invited.length === 0 ? null : <Invitations invited={invited} until={until} latest={latest} {...shared} />}
      <h2>{say('作出和获得的授权', 'Given and received')}</h2>
      <ListOf
        listed={authorisations}
        empty={say(
          '暂无授权。本企业未授权他人，也未获得他人授权；需要时，可在申请报告时请对方授权。',
          'None: no other company may ask about this one, nor this one about others. Ask for it with a report.',
        )}
      />
      {inviting.length === 0 ? null : (
        <>
          <h2>{say('等待对方答复', 'Asked, not answered yet')}</h2>
          <ul class="card rows">
            {inviting.map((one) => (
              <li>
                <div>
                  <p>
                    <b>{one.names.from}</b> <span class="code soft">{keyOf(one.from)}</span>
                  </p>
                  <p class="soft">{coverage(one, definitions, language)}</p>
                </div>
                <a class="quiet" href={`/console/authorisations?invitation=${one.id}`}>
                  {say('可发给对方的链接', 'The link to send')}
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
      <h2>{say('新授权', 'Authorise a company')}</h2>
      {definitions.size < 2 ? null : (
        <nav class="pills" aria-label={say('报告种类', 'Kind of report')}>
          {[...definitions.values()].map(({ id, title }) => (
            <a
              href={`/console/authorisations?report=${id}${subjects.query('&')}`}
              aria-current={id === definition.id ? 'true' : undefined}
            >
              {title[language]}
            </a>
          ))}
        </nav>
      )}
      <Form
        name="authorise"
        action="/console/authorisations"
        class="card pad sheet"
        data-once
        hidden={{ of: subjects.hidden, report: definition.id }}
      >
        <div class="filters in">
          <div class="span">
            <CompanyField
              language={language}
              name="to"
              label={
                byName
                  ? say('授权给哪家企业（名称或统一社会信用代码）', 'Which company (its name, or its code)')
                  : say('授权给哪家企业（统一社会信用代码）', 'Which company (its code, 18 characters)')
              }
              value={sent?.to ?? ''}
              byName={byName}
              required
              fault={faultAt === `${formId('authorise')}-to` ? fault : undefined}
            />
          </div>
          <TextField
            type="date"
            name="until"
            label={say('有效至（当日含，至多一年）', 'Until (that day included, a year at most)')}
            value={sent?.until ?? until}
            min={today}
            max={latest}
            required
          />
        </div>
        <fieldset>
          <legend>{say('用途', 'Purposes')}</legend>
          <Picks
            name="purposes"
            language={language}
            all={[...purposes].map(([id, title]) => ({ id, title }))}
            chosen={new Set(sent?.purposes ?? purposes.keys())}
          />
        </fieldset>
        <details open={sent !== undefined && sent.domains.length < domains.length}>
          <summary>
            {say(`领域（默认全部 ${domains.length} 个）`, `Domains (all ${domains.length} unless you change it)`)}
          </summary>
          <Picks
            name="domains"
            language={language}
            all={domains}
            chosen={new Set(sent?.domains ?? domains.map(({ id }) => id))}
          />
        </details>
        <p class="row">
          <button class="button" type="submit">
            {say('授权', 'Authorise')}
          </button>
          <span class="soft">
            {say(
              '即时生效，记入审计日志；可随时撤回。',
              'In force at once and on record; you can withdraw it at any time.',
            )}
          </span>
        </p>
      </Form>
    </>
  );
}

export function withdrawPage({
  language,
  subjects,
  definitions,
  called,
  one,
}: Pick<AuthorisationsProps, 'language' | 'csrf' | 'subjects' | 'definitions' | 'called'> & {
  readonly one: Authorisation;
}): JSX.Element {
  const say = sayIn(language);
  return (
    <section class="narrow">
      <h1>{say('撤回这项授权？', 'Withdraw this authorisation?')}</h1>
      <p class="lead">
        {say(
          '撤回后，对方不能再为本企业出具新的报告。已经出具的报告仍然有效。',
          'Then the other company can ask for no new report about you. Reports that were issued stay what they are.',
        )}
      </p>
      <dl class="card facts">
        <dt>{say('授权给', 'Given to')}</dt>
        <dd>
          <Company subject={one.to} called={called} />
        </dd>
        <dt>{say('范围', 'For')}</dt>
        <dd>{coverage(one, definitions, language)}</dd>
        <dt>{say('期限', 'Days')}</dt>
        <dd>
          {one.since} – {one.until}
        </dd>
      </dl>
      <Form action={`/console/authorisations/${one.id}/withdraw`} class="row" hidden={{ of: subjects.hidden }}>
        <button class="button danger" type="submit">
          {say('撤回授权', 'Withdraw it')}
        </button>
        <a class="quiet" href={`/console/authorisations${subjects.query('?')}`}>
          {say('暂不撤回', 'Keep it')}
        </a>
      </Form>
    </section>
  );
}
