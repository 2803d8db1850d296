/**
 * An issued report, or chosen domains of it, released by a code: the company chooses, shows, takes back; whoever scans
 * sees it once.
 */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { ReleaseView } from '../../../documents/compliance/release.js';
import type { ReportModel } from '../../../documents/model/model.js';
import type { ChangeKind } from '../../../documents/reports/change-kinds.js';
import type { ReleasedReport } from '../../../documents/reports/released-part.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute, localSecond } from '../../../ground/language/time.js';
import { Form } from '../../ui/form.js';
import { Qr } from '../../ui/qr.js';
import { changeNames } from '../../ui/report-words.js';
import { sayIn } from '../../ui/say.js';
import { Countdown, type Definitions, domainTitle } from '../compliance/words.js';
import { ReportContent } from '../reporting/content.js';

interface ChooseProps {
  readonly language: Language;
  readonly csrf: string;
  readonly id: string;
  /** The company, named as only this session understands. */
  readonly hidden: string;
  readonly model: Pick<ReportModel, 'title' | 'issuedAt' | 'domains'>;
  /** Why the last try did not work. */
  readonly fault?: string | undefined;
}

export function chooseRelease({ language, id, hidden, model, fault }: ChooseProps): JSX.Element {
  const say = sayIn(language);
  return (
    <div class="phone">
      <h1>{say('扫码出示报告', 'Show this report by a code')}</h1>
      <p class="lead">
        {say(
          '选择向对方出示的领域。对方扫码后可查看一次，未选择的领域不会向其显示；未查看前可以撤回。',
          'Choose what the other side sees. Whoever scans the code sees it once, and nothing of a domain that ' +
            'you leave out. Until then you can take it back.',
        )}
      </p>
      {fault === undefined ? null : (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
      <p>
        <b>{model.title[language]}</b>
        <span class="plain soft">
          {say('出具于 ', 'issued ')}
          {localMinute(model.issuedAt)}
        </span>
      </p>
      <Form class="stacked" action="/console/compliance/release" hidden={{ of: hidden, report: id }}>
        <fieldset class="asks">
          <legend>{say('出示范围', 'What is shown')}</legend>
          <div class="asked">
            <label>
              <input type="radio" name="scope" value="whole" required /> <b>{say('整份报告', 'The whole report')}</b>
            </label>
          </div>
          <div class="asked">
            <label>
              <input type="radio" name="scope" value="chosen" required checked />{' '}
              <b>{say('仅所选领域', 'These domains only')}</b>
            </label>
            <div class="picks" role="group" aria-label={say('领域', 'Domains')}>
              {model.domains.map((domain) => (
                <label>
                  <input type="checkbox" name="domain" value={domain.id} /> {domain.title[language]}
                </label>
              ))}
            </div>
          </div>
        </fieldset>
        <button class="button big" type="submit">
          {say('出示', 'Show the code')}
        </button>
      </Form>
    </div>
  );
}

interface ShownReleaseProps {
  readonly language: Language;
  readonly csrf: string;
  readonly definitions: Definitions;
  readonly names: Names;
  /** ms since 1970 */
  readonly now: number;
  readonly view: ReleaseView;
  /** The address that the code says. */
  readonly url: string;
  readonly fault?: string | undefined;
}

function Looker({
  view: { looker },
  names,
  say,
}: Pick<ShownReleaseProps, 'view' | 'names'> & { readonly say: (zh: string, en: string) => string }): JSX.Element {
  if (looker === undefined) return <></>;
  if (looker.kind === 'public')
    return <p>{say('查看人：公开页面，身份不明', 'Seen by: public page, unknown person')}</p>;
  const name = looker.kind === 'client' ? (names.client(looker.client ?? '') ?? looker.name) : looker.name;
  return (
    <p>
      {say('查看人：', 'Seen by: ')}
      {[names.authority(looker.authority), name].filter((one) => one !== undefined).join(say('，', ', '))}
    </p>
  );
}

export function shownRelease({ language, definitions, names, now, view, url, fault }: ShownReleaseProps): JSX.Element {
  const say = sayIn(language);
  const { state, scope, subject, until } = view;
  const domains = scope.domains.map((id) => domainTitle(definitions, scope.report, id, language)).join(say('、', ', '));
  const again = (
    <p>
      <a class="button" href={`/console/reports/${scope.id}`}>
        {say('返回报告', 'Back to the report')}
      </a>
    </p>
  );
  return (
    <div
      class="phone"
      data-follow={state === 'released' ? '/console/compliance/released/state' : undefined}
      data-state={state}
    >
      <h1>{say('扫码出示报告', 'Show this report by a code')}</h1>
      {fault === undefined ? null : (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
      {state === 'released' ? (
        <section class="showcode" data-state="released">
          <Qr text={url} label={say('报告二维码', 'Code of the report')} />
          <Countdown until={until} now={now} language={language} />
          <p>
            <span class="mono soft">{keyOf(subject)}</span>
          </p>
          <p>
            {say(
              '请对方扫码查看。先扫码者查看，且仅可查看一次；请勿转发此码。',
              'Let the other side scan it. Whoever is first sees it, once: do not send it on.',
            )}
          </p>
          <details>
            <summary>{say('无法扫码？', 'It cannot be scanned?')}</summary>
            <p class="mono">{url}</p>
          </details>
          <Form action="/console/compliance/release/withdraw">
            <button class="button danger big" type="submit">
              {say('撤回', 'Take it back')}
            </button>
          </Form>
        </section>
      ) : null}
      {state === 'looked' ? (
        <div class="outcome ok" role="status">
          <b>{say('✓ 对方已查看', '✓ It was seen')}</b>
          <Looker view={view} names={names} say={say} />
          <p>
            {say(
              `${localSecond(until)}。此码已失效，查看情况已记入日志。`,
              `At ${localSecond(until)}. The code is used, and the look is on record.`,
            )}
          </p>
        </div>
      ) : null}
      {state === 'withdrawn' ? (
        <div class="outcome warn" role="status">
          <b>{say('已撤回', 'Taken back')}</b>
          <p>{say('无人查看过。', 'Nobody has seen it.')}</p>
        </div>
      ) : null}
      {state === 'expired' ? (
        <div class="outcome warn" role="status">
          <b>{say('此码已过期', 'The code has expired')}</b>
          <p>{say('无人查看过。', 'Nobody has seen it.')}</p>
        </div>
      ) : null}
      <p class="soft">
        {say('出示范围：', 'What is shown: ')}
        {scope.whole ? say('整份报告', 'the whole report') : domains}
      </p>
      {state === 'released' ? null : again}
    </div>
  );
}

interface Base {
  readonly language: Language;
  /** Of somebody who signed in. */
  readonly csrf: string | undefined;
}

/** Before the look: an address that somebody only opens uses nothing up. */
export function beforeLook({
  language,
  csrf,
  code,
  fault,
}: Base & { readonly code: string; readonly fault?: string | undefined }): JSX.Element {
  const say = sayIn(language);
  return (
    <div class="phone" data-state={fault === undefined ? 'before' : 'over'}>
      <h1>{say('查看企业出示的报告', 'A report that a company shows you')}</h1>
      {fault === undefined ? (
        <>
          <p class="lead">
            {say(
              '企业选择了向您出示的内容。仅可查看一次；离开页面后不再显示。',
              'The company has chosen what you see. You see it once; it is gone when you leave the page.',
            )}
          </p>
          <form class="stacked" method="post" action="/compliance/report">
            {csrf === undefined ? null : <input type="hidden" name="csrf" value={csrf} />}
            <input type="hidden" name="code" value={code} />
            <button class="button big" type="submit">
              {say('查看（仅一次）', 'See it (once)')}
            </button>
          </form>
          <p class="soft">
            {csrf === undefined
              ? say(
                  '您尚未登录，企业将看到“公开页面，身份不明”。',
                  'You have not signed in: the company sees “public page, unknown person”.',
                )
              : say('企业将看到您的单位与姓名。', 'The company sees your authority and your name.')}
          </p>
        </>
      ) : (
        <div class="outcome warn" role="alert">
          <b>{fault}</b>
          <p>
            {say(
              '既不表示有记录，也不表示没有记录。需要查看的，请企业重新出示。',
              'That means neither that there is something on record nor that there is nothing. Ask the ' +
                'company to show it anew.',
            )}
          </p>
        </div>
      )}
    </div>
  );
}

const kindName = (kind: ChangeKind, language: Language): string =>
  kind === 'added'
    ? language === 'zh'
      ? '有新增记录'
      : 'there are new records'
    : kind === 'answered'
      ? language === 'zh'
        ? '现已答复'
        : 'answered now'
      : changeNames[kind][language];

export function releasedView({
  language,
  report,
}: {
  readonly language: Language;
  readonly report: ReleasedReport;
}): JSX.Element {
  const say = sayIn(language);
  const { title, issuer, issuedAt, subjects, domains, outcome, comparedAt, changes } = report;
  const [first] = subjects;
  return (
    <div data-state="looked">
      <h1>{first?.name}</h1>
      <p class="code soft">{keyOf(first?.subject ?? '')}</p>
      <p class="notice warn">
        <b>{say('请与企业营业执照核对名称和代码。', 'Compare name and code with the licence on the wall.')}</b>
      </p>
      <div class={`outcome ${outcome === 'changed' ? 'warn' : 'ok'}`} role="status" data-outcome={outcome}>
        <b>
          {outcome === 'changed'
            ? say('! 真实，但出具之后有变化', '! Genuine, but changed since issue')
            : say('✓ 真实有效', '✓ Genuine')}
        </b>
        <p>
          {comparedAt === undefined
            ? say(
                '报告的定义已停用，无法与登记比对。',
                'The definition of this report is no longer in use, so it cannot be compared with the registers.',
              )
            : say(
                `与登记比对于 ${localSecond(comparedAt)}，仅比对所出示的领域。`,
                `Compared with the registers at ${localSecond(comparedAt)}, in the domains that are shown.`,
              )}
        </p>
        {changes.length === 0 ? null : (
          <ul class="plainlist">
            {changes.map(({ subject, domain, changes: kinds }) => (
              <li>
                {subjects.length > 1 ? `${subjects[subject]?.name ?? ''} · ` : ''}
                {domains.find(({ id }) => id === domain)?.title[language]}
                {say('：', ': ')}
                {kinds.map((kind) => kindName(kind, language)).join(say('、', ', '))}
              </li>
            ))}
          </ul>
        )}
      </div>
      <p class="notice">
        {say(
          '企业决定出示哪些领域；未列出的领域不作任何结论。需要其他领域的，请企业另行出示。',
          'The company chooses which domains it shows; of any other this says nothing. Ask the company for one.',
        )}
      </p>
      <dl class="card facts">
        <dt>{say('报告', 'Report')}</dt>
        <dd>{title[language]}</dd>
        <dt>{say('出具单位', 'Issued by')}</dt>
        <dd>{issuer[language]}</dd>
        <dt>{say('出具时间', 'Issued at')}</dt>
        <dd>{localMinute(issuedAt)}</dd>
        <dt>{say('出示领域', 'Domains shown')}</dt>
        <dd>{domains.map((domain) => domain.title[language]).join(say('、', ', '))}</dd>
      </dl>
      <ReportContent model={report} language={language} />
      <p class="foot">
        {say(
          '内容仅显示一次，离开本页后不再显示；截图不作为证明。需要留存的，请企业提供带核验码的报告。',
          'Shown this once; a picture of it proves nothing. Whoever needs to keep something asks for the ' +
            'report with its code.',
        )}
      </p>
    </div>
  );
}
