/** One matter on one page: what is asked, its risk, answers, terms, what is missing, what happened, and acts. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import { deliveryNames, formNames } from '../../../../policies/words.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { AreaField, Form } from '../../ui/form.js';
import { counted, numberOf, type Say, sayIn } from '../../ui/say.js';
import { Keys } from '../casework/keys.js';
import { type ActProps, Acts } from './acts.js';
import { type FileLine, Files } from './files-part.js';
import { RiskCard } from './risk-card.js';
import type { AskedDataset, MatterView, StepLine } from './views.js';
import { attributes, ClassMark, Clocks, Mark, PATH } from './words.js';

/** A department that let a term run out. */
export interface LateHere {
  readonly name: Localised;
  /** Where it is ordered to mend it. */
  readonly order: string;
}

interface MatterProps {
  readonly language: Language;
  readonly matter: MatterView;
  readonly seen: string;
  readonly mayEdit: boolean;
  readonly mayComment: boolean;
  /** Whether grants may be opened. */
  readonly mayGrants: boolean;
  readonly files: readonly FileLine[];
  readonly places: readonly { readonly to: string; readonly title: Localised }[];
  /** Of a correction: systems that were told of its answer. */
  readonly told: readonly {
    readonly client: Localised;
    readonly authority: Localised;
    readonly at: string;
    /** How many answers it had the record by. */
    readonly answers: number;
  }[];
  /** For the sharing authority. */
  readonly late: readonly LateHere[];
  /** There is, or was, a grant of it, whose use is recorded. */
  readonly mayUse: boolean;
}

type Part = MatterProps & ActProps & { readonly say: Say };

export function matterPage(props: MatterProps): JSX.Element {
  const { language, matter, mayEdit, seen } = props;
  const say = sayIn(language);
  const part: Part = { ...props, say, id: matter.id, seen };
  return (
    <>
      <p class="foot">
        <a href={PATH} data-key="b">
          {say('← 共享事项', '← Matters of sharing')}
        </a>
      </p>
      <div class="head">
        <h1>{matter.title[language]}</h1>
        <Mark of={matter.state} language={language} />
      </div>
      <div class="head">
        <p class="lead">
          {matter.requester[language]}
          {matter.client === undefined
            ? ''
            : say(`（使用系统：${matter.client.zh}）`, ` (system: ${matter.client.en}) `)}
          {matter.provider === undefined ? '' : say(` · ${matter.provider.zh} · `, ` · ${matter.provider.en} · `)}
          {say('编号 ', 'number ')}
          <span class="mono exact">{numberOf(matter.id)}</span>
        </p>
        <Keys
          language={language}
          keys={[
            ['a', say('逐字段答复', 'answer')],
            ['s', say('一次性告知补正', 'tell what is missing')],
            ['y', say('同意', 'agree')],
            ['c', say('同意提交', 'consent')],
            ['Esc', say('离开输入框', 'out of a field')],
            ['b', say('回到列表', 'back')],
          ]}
        />
      </div>
      {matter.deputed.length === 0 ? null : (
        <p class="notice" role="status">
          {say(`您代${matter.deputed.join('、')}办理此事项。`, `You act for ${matter.deputed.join(', ')} here.`)}
        </p>
      )}
      <Missing {...part} />
      <Clocks clocks={matter.clocks} language={language} />
      <Late {...part} />
      {mayEdit ? (
        <p class="row">
          <a class="button" href={`${PATH}/${matter.id}/edit`} data-key="e">
            {say('继续填写', 'Go on writing')}
          </a>
        </p>
      ) : null}
      <Acts {...part} acts={matter.acts} />
      {matter.datasets.map((dataset) => (
        <Dataset {...part} dataset={dataset} key={dataset.id} />
      ))}
      {matter.parts.map((one) => (
        <section class="card pad asked" aria-label={one.title[language]} key={one.id}>
          <div class="head">
            <h2>{one.title[language]}</h2>
            <Mark of={one.state} language={language} />
          </div>
          {one.clock === undefined ? null : <Clocks clocks={[one.clock]} language={language} />}
          <Acts {...part} acts={one.acts} />
        </section>
      ))}
      <About {...part} />
      <Facts {...part} />
      <Files language={language} id={matter.id} files={props.files} places={props.places} />
      <Told {...part} />
      <History {...part} />
      <Comments {...part} />
    </>
  );
}

function Late({ late, say }: Part): JSX.Element | null {
  if (late.length === 0) return null;
  return (
    <section class="notice bad" aria-label={say('已逾期', 'Overdue')}>
      {late.map(({ name, order }) => (
        <p key={order}>
          <b>{say(`${name.zh}已逾期。`, `${name.en} has let a term run out.`)}</b>{' '}
          {say('可以在本页沟通记录中催办，或者', 'Ask for it in the messages below, or')}{' '}
          <a href={order}>{say('责令其改正', 'order it to mend this')}</a>
        </p>
      ))}
    </section>
  );
}

function Missing({ matter: { missing }, language, say }: Part): JSX.Element | null {
  if (missing.length === 0) return null;
  return (
    <section class="notice warn" aria-label={say('需要补充', 'Missing')}>
      <p>
        <b>{say(`需要补充 ${missing.length} 项（一次性列明）`, `${missing.length} missing, told at once`)}</b>
      </p>
      <ul class="fields">
        {missing.map(({ where, says }) => (
          <li key={where.zh + says}>
            {where[language]}
            {say('：', ': ')}
            {says}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Dataset(part: Part & { readonly dataset: AskedDataset }): JSX.Element {
  const { dataset, language, mayGrants, say } = part;
  const { title, provider, attribute, state, clock, risk, acts, grant } = dataset;
  return (
    <section class="card pad asked" aria-label={title[language]}>
      <div class="head">
        <h2>{title[language]}</h2>
        <span class="marks">
          <Mark of={attributes[attribute]} language={language} />
          <Mark of={state} language={language} />
        </span>
      </div>
      <p class="foot">
        {provider[language]}
        {say(' 提供', '')} · {dataset.rows[language]} ·{' '}
        {dataset.delivery.map((one) => deliveryNames[one][language]).join(say('、', ', '))} ·{' '}
        {say(`每日至多 ${dataset.callsADay.toLocaleString('en')} 次`, `${dataset.callsADay} calls a day at most`)} ·{' '}
        {dataset.from} {say('至', 'to')} {dataset.until}
      </p>
      {clock === undefined ? null : <Clocks clocks={[clock]} language={language} />}
      {grant === undefined || !part.mayUse ? null : (
        <p class="row">
          <a class="quiet" href={`/console/sharing/records/${grant}`}>
            {say('使用记录', 'Records of use')}
          </a>
        </p>
      )}
      {grant === undefined ? null : (
        <p class="notice" role="status">
          {mayGrants ? (
            <a href={`/console/grants/${grant}`}>{say('授权已生效，查看授权', 'The grant is in force')}</a>
          ) : (
            say('授权已生效', 'The grant is in force')
          )}
        </p>
      )}
      <div class={risk === undefined ? '' : 'with-risk'}>
        <FieldTable {...part} />
        {risk === undefined ? null : <RiskCard risk={risk} language={language} />}
      </div>
      <Acts {...part} acts={acts} />
    </section>
  );
}

function FieldTable({ dataset: { fields }, language, say }: Part & { readonly dataset: AskedDataset }): JSX.Element {
  const answered = fields.some(({ answer }) => answer !== undefined);
  return (
    <table class="stack asked-fields">
      <thead>
        <tr>
          <th scope="col">{say('字段', 'Field')}</th>
          <th scope="col">{say('申请理由', 'Why')}</th>
          {answered ? <th scope="col">{say('答复', 'Answer')}</th> : null}
        </tr>
      </thead>
      <tbody>
        {fields.map(({ path, title, classification, as, reason, answer }) => (
          <tr key={path}>
            <th scope="row">
              {title[language]} <ClassMark of={classification} language={language} />
              {as === 'value' ? null : <span class="state none">{formNames[as][language]}</span>}
            </th>
            <td>{reason === '' ? '–' : reason}</td>
            {answered ? (
              <td>
                {answer === undefined ? (
                  '–'
                ) : answer.yes ? (
                  <span class="state ok">{say('同意', 'yes')}</span>
                ) : (
                  <>
                    <span class="state bad">{say('不同意', 'no')}</span>
                    <span class="plain">{answer.reason}</span>
                  </>
                )}
              </td>
            ) : null}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What a matter that is no application concerns. */
function About({ matter: { about, basis }, mayGrants, language, say }: Part): JSX.Element | null {
  if (about.length === 0) return null;
  return (
    <>
      <h2>{say('涉及内容', 'What it concerns')}</h2>
      <div class="card">
        <dl class="facts">
          {about.map(({ label, words, href, grant }) => {
            const to = href ?? (mayGrants && grant !== undefined ? `/console/grants/${grant}` : undefined);
            return (
              <>
                <dt>{label[language]}</dt>
                <dd>{to === undefined ? words[language] : <a href={to}>{words[language]}</a>}</dd>
              </>
            );
          })}
          <dt>{say('依据', 'Basis')}</dt>
          <dd>{basis}</dd>
        </dl>
      </div>
    </>
  );
}

function Facts({ matter: { facts }, language, say }: Part): JSX.Element | null {
  if (facts.length === 0) return null;
  return (
    <>
      <h2>{say('申请内容', 'The application')}</h2>
      <div class="card">
        <dl class="facts">
          {facts.map(({ label, text }) => (
            <>
              <dt>{label[language]}</dt>
              <dd>{text === '' ? say('未填写', 'not said') : text}</dd>
            </>
          ))}
        </dl>
      </div>
    </>
  );
}

const Line = ({
  line,
  language,
  say,
}: {
  readonly line: StepLine;
  readonly language: Language;
  readonly say: Say;
}): JSX.Element => (
  <li>
    <div class="grow">
      <p>
        <b>{line.act[language]}</b>
      </p>
      {line.says === undefined ? null : <p class="said own">{line.says[language]}</p>}
      <p class="foot">
        {line.who[language]}
        {line.receipt === undefined ? null : (
          <>
            {say(' · 回执 ', ' · receipt ')}
            <span class="mono exact">{line.receipt}</span>
          </>
        )}
      </p>
    </div>
    <time dateTime={new Date(line.at).toISOString()}>{localMinute(line.at)}</time>
  </li>
);

/** Who had the record and was told of the answer (政务数据共享条例 Art.26). */
function Told({ told, language, say }: Part): JSX.Element | null {
  if (told.length === 0) return null;
  return (
    <>
      <h2>{say('已告知的应用', 'Systems that were told')}</h2>
      <ul class="card rows history">
        {told.map(({ client, authority, at, answers }) => (
          <li key={client.en}>
            <div class="grow">
              <p>
                <b>{client[language]}</b>
              </p>
              <p class="foot">
                {authority[language]}
                {say(` · 曾 ${answers} 次获得该记录`, ` · had the record ${counted(answers, 'time')}`)}
              </p>
            </div>
            <time dateTime={at}>{localMinute(Date.parse(at))}</time>
          </li>
        ))}
      </ul>
    </>
  );
}

function History({ matter: { history }, language, say }: Part): JSX.Element {
  return (
    <>
      <h2>{say('办理经过（北京时间）', 'What happened (UTC+8)')}</h2>
      <ol class="card rows history">
        {[...history].reverse().map((line) => (
          <Line line={line} language={language} say={say} key={`${line.at} ${line.act.zh}`} />
        ))}
      </ol>
    </>
  );
}

function Comments({ id, matter: { comments }, mayComment, language, say }: Part): JSX.Element | null {
  if (comments.length === 0 && !mayComment) return null;
  return (
    <>
      <h2 id="comments">{say('沟通记录', 'Comments')}</h2>
      <section class="card pad">
        {comments.length === 0 ? null : (
          <ol class="rows history">
            {comments.map((line) => (
              <Line line={line} language={language} say={say} key={line.at} />
            ))}
          </ol>
        )}
        {mayComment ? (
          <Form action={`${PATH}/${id}/comment`} class="stacked">
            <AreaField
              name="text"
              rows={2}
              maxLength={2000}
              required
              label={say('写给双方办理人员（申请、提供单位均可见）', 'To both sides')}
            />
            <p>
              <button class="button low" type="submit">
                {say('发送', 'Send')}
              </button>
            </p>
          </Form>
        ) : null}
      </section>
    </>
  );
}
