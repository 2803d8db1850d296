/** The company's side of a compliance code: shows it, then who asks what, then what became of it. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { CompanyView } from '../../../documents/compliance/codes.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { ChoiceField, Form } from '../../ui/form.js';
import { Qr } from '../../ui/qr.js';
import { Countdown, type Definitions, QuestionWords } from './words.js';

interface ShowProps {
  readonly language: Language;
  readonly csrf: string;
  readonly definitions: Definitions;
  readonly names: Names;
  /** ms since 1970 */
  readonly now: number;
  /** For whom a code can be shown, named as only this session understands. */
  readonly subjects: readonly { readonly hidden: string; readonly key: string }[];
  /** Of the code that is under way, and the address that it says. */
  readonly code?: { readonly view: CompanyView; readonly url: string } | undefined;
  /** Why the last step did not happen. */
  readonly fault?: string | undefined;
}

interface Part extends ShowProps {
  readonly say: (zh: string, en: string) => string;
}

function Make({ subjects, say, again }: Part & { readonly again: boolean }): JSX.Element {
  const only = subjects.length === 1 ? subjects[0] : undefined;
  return (
    <Form class="stacked" action="/console/compliance" hidden={only === undefined ? {} : { of: only.hidden }}>
      {only !== undefined ? null : (
        <ChoiceField
          name="of"
          label={say('企业', 'Company')}
          value={undefined}
          options={subjects.map(({ hidden, key }) => ({ value: hidden, title: key }))}
        />
      )}
      <button class={again ? 'quiet big' : 'button big'} type="submit">
        {again ? say('出示新的合规码', 'Show a new code') : say('出示合规码', 'Show a compliance code')}
      </button>
    </Form>
  );
}

function Who({ code, names, say }: Part): JSX.Element {
  const scanner = code?.view.asked?.scanner;
  if (scanner === undefined || scanner.kind === 'public')
    return (
      <>
        <b>{say('公开页面，身份不明', 'Public page, unknown person')}</b>
        <span class="plain soft">
          {say('对方未登录。请当面确认核验人身份。', 'Nobody signed in. Make sure whom you have before you.')}
        </span>
      </>
    );
  const authority = names.authority(scanner.authority);
  const name = scanner.kind === 'client' ? (names.client(scanner.key) ?? scanner.name) : scanner.name;
  return (
    <>
      <b>{authority ?? name}</b>
      {authority === undefined ? null : <span class="plain">{name}</span>}
      <span class="plain soft">
        {scanner.kind === 'client'
          ? say('经证书确认的系统', 'a system, known by its certificate')
          : say('已登录的人员', 'somebody who signed in')}
      </span>
    </>
  );
}

function Asked(part: Part): JSX.Element {
  const { code, say, language, definitions, now } = part;
  const { view } = code ?? {};
  const asked = view?.asked;
  if (view === undefined || asked === undefined) return <></>;
  const confirmed = view.state === 'confirmed';
  return (
    <section class="ask card pad" data-state={view.state}>
      <h2>
        {confirmed
          ? say('已同意，等待对方取走答复', 'You agreed; the answer is waiting to be taken')
          : say('收到核验请求', 'Somebody asks')}
      </h2>
      <dl class="facts flat">
        <dt>{say('企业', 'Company')}</dt>
        <dd class="mono">{keyOf(view.subject)}</dd>
        <dt>{say('核验人', 'Who')}</dt>
        <dd>
          <Who {...part} />
        </dd>
        <dt>{say('核验事项', 'What')}</dt>
        <dd>
          <QuestionWords question={asked.question} definitions={definitions} language={language} />
        </dd>
        <dt>{say('比对数字', 'Number')}</dt>
        <dd>
          <b class="number">{asked.number}</b>
          <span class="plain soft">
            {say(
              '须与对方屏幕上的数字一致；不一致的，请拒绝。',
              'Must be the number on the other screen; if it is not, refuse.',
            )}
          </span>
        </dd>
      </dl>
      <p class="soft">
        {say(
          '同意后，对方仅获知各领域的结果：无记录、记录条数或未答复，不含记录内容，且仅可查看一次。',
          'If you agree, the other side learns of each domain whether there is none, how many, or no answer; ' +
            'nothing of any record; once.',
        )}
      </p>
      <Countdown until={view.until} now={now} language={language} />
      <div class="row choice-row">
        {confirmed ? null : (
          <Form action="/console/compliance/confirm" hidden={{ shown: view.shown ?? '' }}>
            <button class="button big" type="submit">
              {say('同意提供', 'Agree')}
            </button>
          </Form>
        )}
        <Form action="/console/compliance/refuse">
          <button class={confirmed ? 'quiet big' : 'button danger big'} type="submit">
            {confirmed ? say('改为拒绝', 'Refuse after all') : say('拒绝', 'Refuse')}
          </button>
        </Form>
      </div>
    </section>
  );
}

/** States in which something may still happen by itself. */
export const UNDER_WAY: ReadonlySet<string> = new Set(['created', 'scanned', 'confirmed']);

export function showView(props: ShowProps): JSX.Element {
  const { language, code, fault, now, definitions } = props;
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const part: Part = { ...props, say };
  const state = code?.view.state;
  const asked = code?.view.asked;
  return (
    <div
      class="phone"
      data-follow={state !== undefined && UNDER_WAY.has(state) ? '/console/compliance/state' : undefined}
      data-state={state}
    >
      <h1>{say('合规码', 'Compliance code')}</h1>
      {fault === undefined ? null : (
        <p class="notice bad" role="alert">
          {fault}
        </p>
      )}
      {state === undefined ? (
        <p class="lead">
          {say(
            '出示的合规码 60 秒内有效，仅限使用一次。对方扫码发起核验后，您可查看核验人与核验事项，并决定是否答复。',
            'Shows a code that is good for 60 seconds and for one question. You see who asks what, and decide ' +
              'whether it is answered.',
          )}
        </p>
      ) : null}
      {state === 'created' && code !== undefined ? (
        <section class="showcode" data-state="created">
          <Qr text={code.url} label={say('合规码', 'Compliance code')} />
          <Countdown until={code.view.until} now={now} language={language} />
          <p>
            <span class="mono soft">{keyOf(code.view.subject)}</span>
          </p>
          <p>
            {say(
              '请对方扫码。扫码后，此处将显示核验人与核验事项。',
              'Let the other side scan it. Then it stands here who asks what.',
            )}
          </p>
          <details>
            <summary>{say('无法扫码？', 'It cannot be scanned?')}</summary>
            <p class="mono">{code.url}</p>
          </details>
        </section>
      ) : null}
      {state === 'scanned' || state === 'confirmed' ? <Asked {...part} /> : null}
      {state === 'answered' ? (
        <div class="outcome ok" role="status">
          <b>{say('✓ 对方已取得答复', '✓ The answer was taken')}</b>
          {asked === undefined ? null : (
            <p>
              <QuestionWords question={asked.question} definitions={definitions} language={language} />
            </p>
          )}
          <p>{say('此码已失效。本次核验已记入日志。', 'The code is used. Question and answer are on record.')}</p>
        </div>
      ) : null}
      {state === 'refused' ? (
        <div class="outcome warn" role="status">
          <b>{say('您已拒绝', 'You refused')}</b>
          <p>{say('对方未获得任何结果，仅知道您已拒绝。', 'The other side learnt nothing, only that you refused.')}</p>
        </div>
      ) : null}
      {state === 'expired' ? (
        <div class="outcome warn" role="status">
          <b>{say('此码已过期', 'The code has expired')}</b>
          <p>{say('没有提供任何结果。', 'Nothing was answered.')}</p>
        </div>
      ) : null}
      {state === 'scanned' || state === 'confirmed' ? null : <Make {...part} again={state === 'created'} />}
      {state === undefined ? (
        <p class="soft">
          {say('需要当面出示报告内容的，在', 'To show what a report says, open one of ')}
          <a href="/console/reports">{say('已出具的报告', 'your reports')}</a>
          {say('中选择“扫码出示”。', ' and choose “Show it by a code”.')}
        </p>
      ) : null}
      <p class="foot">
        {say(
          '对方应将答复中的企业名称与营业执照比对。截图不作为证明；需要留存的，请出具报告。',
          'The other side compares the name in its answer with the licence on your wall. A picture of an ' +
            'answer proves nothing: who needs to keep something asks for a report.',
        )}
      </p>
    </div>
  );
}
