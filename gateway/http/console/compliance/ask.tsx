/** The scanner's side of a compliance code: one question, the number to compare, the answer once. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { ComplianceAnswer, ScannerView } from '../../../documents/compliance/codes.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import { ChoiceField, FaultSummary, TextField } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { Countdown, type Definitions, domainTitle, MONTHS, monthsWords, QuestionWords } from './words.js';

interface Base {
  readonly language: Language;
  readonly definitions: Definitions;
  /** Of somebody who signed in. */
  readonly csrf: string | undefined;
}

/** Of the form, as an element. */
export const ASK_FORM = 'ask';

export interface AskProps extends Base {
  readonly code: string;
  /** As it was asked before, where that did not work. */
  readonly chosen?: { readonly report: string; readonly domains: readonly string[]; readonly months: number };
  readonly fault?: string;
}

export function askForm({ language, definitions, csrf, code, chosen, fault }: AskProps): JSX.Element {
  const say = sayIn(language);
  // the shortest list first: it has to be found on a phone
  const reports = [...definitions.values()].sort((a, b) => a.domains.length - b.domains.length);
  const first = chosen?.report ?? reports[0]?.id;
  return (
    <div class="phone">
      <h1>{say('扫合规码', 'Ask by compliance code')}</h1>
      <p class="lead">
        {say(
          '扫描企业手机上的合规码，发起一次核验。企业可看到核验人与核验事项，同意后您可查看一次答复。',
          'Ask one question by the code on a company’s phone. The company sees who you are and what you ask; ' +
            'if it agrees, you get the answer once.',
        )}
      </p>
      {fault === undefined ? null : (
        <FaultSummary
          language={language}
          lines={[{ text: fault, to: chosen !== undefined && code !== '' ? 'ask-domains' : 'f-code' }]}
        />
      )}
      <form class="stacked" method="post" action="/compliance" id={ASK_FORM}>
        {csrf === undefined ? null : <input type="hidden" name="csrf" value={csrf} />}
        <div class="camera" data-camera="" hidden>
          <video muted playsInline hidden aria-label={say('相机画面', 'Picture of the camera')} />
          <button class="quiet big" type="button">
            {say('用相机扫码', 'Scan with the camera')}
          </button>
          <p
            class="soft"
            data-told=""
            role="status"
            data-none={say('相机不可用，请改为输入。', 'The camera cannot be used; enter the code.')}
            data-found={say('已读到合规码。', 'The code was read.')}
          />
        </div>
        <TextField
          name="code"
          label={say('合规码（或码中的网址）', 'Code, or the address that it says')}
          required
          minLength={43}
          maxLength={300}
          value={code}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
        />
        <fieldset class="asks" id="ask-domains">
          <legend>{say('核验事项', 'What to ask')}</legend>
          {reports.map(({ id, title, domains }) => (
            <div class="asked">
              <label>
                <input type="radio" name="report" value={id} checked={id === first} required /> <b>{title[language]}</b>
              </label>
              <div class="picks" role="group" aria-label={title[language]}>
                {domains.map((domain) => (
                  <label>
                    <input
                      type="checkbox"
                      name="domain"
                      value={`${id}/${domain.id}`}
                      checked={chosen?.report === id && chosen.domains.includes(domain.id)}
                    />{' '}
                    {domain.title[language]}
                  </label>
                ))}
              </div>
            </div>
          ))}
        </fieldset>
        <ChoiceField
          name="months"
          label={say('查询期间', 'Period')}
          value={String(chosen?.months ?? 24)}
          options={MONTHS.map((months) => ({ value: String(months), title: monthsWords(months, language) }))}
        />
        <p class="soft">
          {csrf === undefined
            ? say(
                '您尚未登录，企业将看到“公开页面，身份不明”。',
                'You have not signed in: the company sees “public page, unknown person”.',
              )
            : say('企业将看到您的单位与姓名。', 'The company sees your authority and your name.')}{' '}
          {say('请仅选择所需领域。', 'Ask only for what you need.')}
        </p>
        <button class="button big" type="submit">
          {say('发起核验', 'Ask')}
        </button>
      </form>
    </div>
  );
}

interface WaitProps extends Base {
  readonly view: ScannerView;
  /** ms since 1970 */
  readonly now: number;
}

const Again = ({ language }: { readonly language: Language }): JSX.Element => (
  <p>
    <a class="button" href="/compliance">
      {sayIn(language)('重新发起核验', 'Ask again')}
    </a>
  </p>
);

export function waitView({ language, definitions, csrf, view, now }: WaitProps): JSX.Element {
  const say = sayIn(language);
  const { state, number, question, until } = view;
  if (state === 'refused' || state === 'expired' || state === 'answered') {
    return (
      <div class="phone" data-state={state}>
        <h1>{say('合规码', 'Compliance code')}</h1>
        <div class="outcome warn" role="status">
          <b>
            {state === 'refused'
              ? say('企业拒绝答复', 'The company refused to answer')
              : state === 'expired'
                ? say('已过时限', 'The time is over')
                : say('答复已显示过一次', 'The answer was shown once')}
          </b>
          <p>
            {state === 'refused'
              ? say(
                  '拒绝答复既不表示有记录，也不表示没有记录。',
                  'That means neither that there is something on record nor that there is nothing.',
                )
              : say('请企业出示新的合规码。', 'Let the company show a new code.')}
          </p>
        </div>
        <Again language={language} />
      </div>
    );
  }
  const ready = state === 'confirmed';
  return (
    <div class="phone" data-follow={ready ? undefined : '/compliance/answer/state'} data-state={state}>
      <h1>{ready ? say('企业已同意', 'The company agreed') : say('等待企业确认', 'Waiting for the company')}</h1>
      <section class="ask card pad">
        <dl class="facts flat">
          <dt>{say('核验事项', 'You ask')}</dt>
          <dd>
            <QuestionWords question={question} definitions={definitions} language={language} />
          </dd>
          <dt>{say('比对数字', 'Number')}</dt>
          <dd>
            <b class="number">{number}</b>
            <span class="plain soft">
              {say('请企业核对：两边屏幕上的数字须一致。', 'The company compares it: both screens must show the same.')}
            </span>
          </dd>
        </dl>
        <Countdown until={until} now={now} language={language} />
      </section>
      {ready ? (
        <form class="stacked" method="post" action="/compliance/answer" data-at-once="">
          {csrf === undefined ? null : <input type="hidden" name="csrf" value={csrf} />}
          <button class="button big" type="submit">
            {say('查看答复（仅一次）', 'See the answer (once)')}
          </button>
        </form>
      ) : null}
    </div>
  );
}

export function answerView({
  language,
  definitions,
  answer,
}: Base & { readonly answer: ComplianceAnswer }): JSX.Element {
  const say = sayIn(language);
  const { subject, name, question, answeredAt, domains } = answer;
  const key = keyOf(subject);
  return (
    <div class="phone" data-state="answered">
      <h1>{name ?? key}</h1>
      {name === undefined ? (
        <p class="notice bad">
          {say(
            '登记系统中没有该企业，“无记录”不作为结论。',
            'The register does not have this company: “none on record” says nothing of it.',
          )}
        </p>
      ) : (
        <p class="mono soft">{key}</p>
      )}
      <p class="notice warn">
        <b>{say('请与企业营业执照核对名称和代码。', 'Compare name and code with the licence on the wall.')}</b>
      </p>
      <div class="card">
        <table>
          <thead>
            <tr>
              <th>{say('领域', 'Domain')}</th>
              <th>{say('结果', 'Result')}</th>
            </tr>
          </thead>
          <tbody>
            {domains.map(({ domain, state, count = 0, asOf }) => (
              <tr data-domain={domain} data-result={state}>
                <th>{domainTitle(definitions, question.report, domain, language)}</th>
                <td>
                  <span class={`state ${state === 'none' ? 'ok' : state === 'not_answered' ? 'none' : 'warn'}`}>
                    {state === 'none'
                      ? say('无记录', 'none on record')
                      : state === 'records'
                        ? say(`${String(count)} 条记录`, `${String(count)} on record`)
                        : state === 'at_least'
                          ? say(`至少 ${String(count)} 条`, `at least ${String(count)}`)
                          : say('未答复', 'not answered')}
                  </span>
                  {state === 'at_least' || state === 'not_answered' ? (
                    <span class="plain soft">
                      {say('有部门数据未及时更新，不视为无记录', 'a register is not current: this is not “none”')}
                      {asOf === undefined ? '' : say(`；数据截至 ${localSecond(asOf)}`, `; as of ${localSecond(asOf)}`)}
                    </span>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p>
        <QuestionWords question={question} definitions={definitions} language={language} />
      </p>
      <p class="foot">
        {say(
          `答复于 ${localSecond(answeredAt)}。答复仅显示一次，离开本页后不再显示；截图不作为证明。需要留存的，请企业出示报告。`,
          `Answered at ${localSecond(answeredAt)}. Shown this once; a picture of it proves nothing. Whoever ` +
            'needs to keep something asks for a report.',
        )}
      </p>
      <Again language={language} />
    </div>
  );
}
