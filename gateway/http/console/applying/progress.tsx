/** A case that was submitted: a line for each department, what is asked of whoever applies, and what it has come to. */

import type { JSX } from 'preact';
import type { Bundle, Elements } from '../../../../contracts/bundle/types.js';
import type { Workspace } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { CaseEvent } from '../../../procedures/cases/machine.js';
import { outcomesOf } from '../../../procedures/cases/outcomes.js';
import type { MaterialLine } from '../../../procedures/cases/papers.js';
import type { OpenedCase } from '../../../procedures/cases/types.js';
import { AreaField, Form } from '../../ui/form.js';
import { gradeNames, RatingForm } from '../../ui/rating.js';
import { numberOf, sayIn } from '../../ui/say.js';
import { Withdraw } from './check.js';
import { applicantWords, PATH } from './desk.js';
import { ValueField } from './fill.js';
import { Materials } from './papers.js';
import { OwnSteps } from './parts.js';
import { actWords, dateWords, phaseOf, ports, statuses, termWords, valueWords } from './words.js';

interface ProgressProps {
  readonly language: Language;
  readonly id: string;
  readonly bundle: Bundle;
  readonly elements: Elements;
  readonly found: OpenedCase;
  readonly subject: string;
  readonly materials: readonly MaterialLine[];
  readonly events: readonly { readonly number: number; readonly event: CaseEvent; readonly entry: string }[];
  readonly workspace: Pick<Workspace, 'codelists'>;
  readonly nameOf: (authority: string, region?: string) => string;
  readonly development: boolean;
}

export function progressPage(props: ProgressProps): JSX.Element {
  const { language, id, bundle, found, subject, development } = props;
  const say = sayIn(language);
  const { state, over, acts, contents } = found;
  const { css, ...phase } = phaseOf(state, over);
  const steps = Object.entries(state.plan?.steps ?? {}).map(([step, planned]) => ({
    id: step,
    step: planned,
    done: state.steps[step] ?? [],
  }));
  const asked = acts.filter(({ act }) => act === 'give').length;
  const turns = new Set(acts.flatMap(({ act, step }) => (act === 'step' ? [step] : []))).size;
  return (
    <div class="apply">
      <p class="foot">
        <a href={PATH}>{say('← 我的办件', '← My cases')}</a>
      </p>
      <div class="head">
        <h1>{bundle.title[language]}</h1>
        <span class={`state ${css}`}>{phase[language]}</span>
      </div>
      <p class="soft">
        {applicantWords(subject, contents?.values)}
        {state.submittedAt === undefined
          ? null
          : say(` · ${dateWords(state.submittedAt, 'zh')}提交`, ` · submitted ${dateWords(state.submittedAt, 'en')}`)}
        {say(' · 办件编号 ', ' · number ')}
        <span class="code exact">{numberOf(id)}</span>
      </p>
      {contents === undefined ? (
        <p class="notice warn" role="status">
          {say('主体已依法抹除，所填内容不可读取。', 'The subject was erased; what was written cannot be read.')}
        </p>
      ) : null}
      {asked + turns === 0 ? null : (
        <p class="notice warn" role="status">
          {[
            asked === 0
              ? undefined
              : say(`有${asked}个部门要求您补正，见下方。`, `${asked} asked for a supplement: see below.`),
            turns === 0 ? undefined : say(`有${turns}件事需要您办理。`, `${turns} for you to do.`),
          ]
            .filter((one) => one !== undefined)
            .join(say('', ' '))}{' '}
          {asked === 0 ? (
            <a href="#steps">{say('去办理', 'Go there')}</a>
          ) : (
            <a href="#asked">{say('去补正', 'Go there')}</a>
          )}
        </p>
      )}
      <Outcomes {...props} />
      <Rating {...props} />
      {state.plan === undefined ? null : (
        <>
          <h2>{say('办理进度', 'How far it is')}</h2>
          <ol class="card lines">
            {Object.keys(state.plan.items).map((item) => (
              <Line {...props} key={item} item={item} />
            ))}
          </ol>
        </>
      )}
      <OwnSteps
        language={language}
        id={id}
        bundle={bundle}
        steps={steps}
        acts={acts}
        events={state.events}
        isSubmitted={state.submittedAt !== undefined}
        development={development}
      />
      {contents === undefined || state.plan === undefined ? null : (
        <>
          <Materials language={language} id={id} lines={props.materials} />
          <Contents {...props} />
        </>
      )}
      <Told {...props} />
      {acts.some(({ act }) => act === 'withdraw') ? (
        <Withdraw language={language} id={id} isDraft={false} events={state.events} />
      ) : null}
    </div>
  );
}

/** Who has it, since when, until when; and what was said. */
function Line(props: ProgressProps & { readonly item: string }): JSX.Element | null {
  const { language, bundle, found, nameOf, item } = props;
  const { state, terms, contents } = found;
  const say = sayIn(language);
  const planned = state.plan?.items[item];
  const stands = state.items[item];
  if (planned === undefined || stands === undefined) return null;
  const { status, since, decidedAt } = stands;
  const { css, ...mark } = statuses[status];
  const told = planned.told && status === 'granted';
  const words = contents?.items[item];
  const term = terms[item];
  return (
    <li data-item={item} data-status={status}>
      <div class="head">
        <h3>{bundle.items.get(item)?.title[language] ?? say('事项', 'an item')}</h3>
        <span class={`state ${css}`}>{told ? say('已更新', 'taken note of') : mark[language]}</span>
      </div>
      <p>
        {nameOf(planned.authority, planned.region)}
        <span class="soft">
          {status === 'waiting'
            ? waitsFor(props)
            : decidedAt === undefined || status === 'prepared'
              ? say(` · ${dateWords(since, 'zh')}起`, ` · since ${dateWords(since, 'en')}`)
              : null}
        </span>
      </p>
      {found.waitsAbroad?.includes(item) === true ? (
        <p class="soft">
          {say(
            '正在送往对方地区，送达后开始办理。',
            'On its way to the other region, where it begins once it is there.',
          )}
        </p>
      ) : null}
      {term === undefined || ['dropped', 'undone', 'passed'].includes(status) ? null : (
        <p class={term.over && decidedAt === undefined ? 'fault' : 'soft'}>{termWords(term, decidedAt, language)}</p>
      )}
      {decidedAt === undefined ? <LookedInto {...props} /> : null}
      <Issued {...props} />
      {status === 'supplement' && term === undefined ? (
        <p class="soft">{say('等待您补正，期限暂停计算。', 'The term stands still until you have given it.')}</p>
      ) : null}
      {words?.reasons === undefined ? null : (
        <p class="said">
          <b>{say('理由：', 'Reasons: ')}</b>
          {words.reasons}
        </p>
      )}
      {words?.remark === undefined ? null : (
        <p class="said">
          <b>{say('部门说明：', 'Remark: ')}</b>
          {words.remark}
        </p>
      )}
      {status === 'supplement' ? <Supplement {...props} /> : null}
    </li>
  );
}

function waitsFor({ language, bundle, found: { state }, item }: ProgressProps & { readonly item: string }): string {
  const say = sayIn(language);
  const titleOf = (id: string): string => bundle.items.get(id)?.title[language] ?? '';
  const before = (state.plan?.items[item]?.after ?? []).filter((one) =>
    ['waiting', 'held', 'supplement'].includes(state.items[one]?.status ?? ''),
  );
  if (before.length > 0)
    return say(
      `，等待${before.map((id) => `“${titleOf(id)}”`).join('、')}`,
      `, after: ${before.map(titleOf).join(', ')}`,
    );
  const step = Object.entries(state.plan?.steps ?? {}).find(([, one]) => one.before === item)?.[0];
  return step === undefined
    ? ''
    : say(
        `，等待您“${bundle.steps.get(step)?.title.zh ?? ''}”`,
        `, after you: ${bundle.steps.get(step)?.title.en ?? ''}`,
      );
}

/** What nobody had said when it was submitted, and its department looks into. */
function LookedInto({ language, bundle, found, item }: ProgressProps & { readonly item: string }): JSX.Element | null {
  const say = sayIn(language);
  const planned = found.state.plan?.items[item];
  const unknown = (planned?.unknown ?? []).flatMap((at) => bundle.items.get(item)?.requires[at]?.says[language] ?? []);
  const lines = [
    ...(planned?.sure === false ? [say('是否需要办理', 'whether it applies')] : []),
    ...unknown.map((what) => say(`是否存在“${what}”的情形`, `whether this stands in the way: ${what}`)),
  ];
  return lines.length === 0 ? null : (
    <p class="soft">
      {say('部门将核查：', 'Its department looks: ')}
      {lines.join(say('；', '; '))}
    </p>
  );
}

/** What exists since it was granted: the number of a licence. */
function Issued({
  language,
  bundle,
  elements,
  found: { state, contents },
  workspace,
  item,
}: ProgressProps & { readonly item: string }): JSX.Element | null {
  if (state.items[item]?.status !== 'granted') return null;
  const made = (bundle.items.get(item)?.issues ?? []).flatMap((id) => {
    const element = elements.elements.get(id);
    const value = contents?.values[id];
    return element === undefined || value === undefined ? [] : [{ element, value }];
  });
  return (
    <>
      {made.map(({ element, value }) => (
        <p key={element.id}>
          {element.title[language]}
          {language === 'zh' ? '：' : ': '}
          <b class="own">{valueWords(element, value, workspace.codelists, language)}</b>
        </p>
      ))}
    </>
  );
}

/** What a department asks for, whole, with the fields in which it is given. */
function Supplement({
  language,
  id,
  elements,
  found: { contents, state },
  workspace,
  item,
}: ProgressProps & { readonly item: string }): JSX.Element {
  const say = sayIn(language);
  const asked = contents?.items[item]?.asked;
  const fields = (asked?.fields ?? []).flatMap((name) => {
    const element = elements.elements.get(contents?.layout[item]?.[name] ?? '');
    return element === undefined ? [] : [element];
  });
  return (
    <Form
      class="supplement fill"
      name={`give ${item}`}
      action={`${PATH}/${id}`}
      hidden={{ act: 'give', item, key: `give ${item} ${state.events}` }}
    >
      <p class="said" id="asked">
        <b>{say('需要补正：', 'Asked for: ')}</b>
        {asked?.says ?? ''}
      </p>
      {fields.map((element) => (
        <ValueField
          key={element.id}
          language={language}
          element={element}
          schema={element.schema}
          required
          value={contents?.values[element.id]}
          codelists={workspace.codelists}
        />
      ))}
      <AreaField
        name="says"
        label={
          fields.length === 0
            ? say('补正内容', 'What you give')
            : say('补正说明（选填）', 'What you say to it (optional)')
        }
        rows={3}
        maxLength={10_000}
      />
      <p class="foot">{say('补正只要求一次，请一次交齐。', 'It is asked for once: give all of it.')}</p>
      <p class="row goes">
        <button class="button" type="submit">
          {say('提交补正', 'Give it')}
        </button>
      </p>
    </Form>
  );
}

/** What it has come to: what stands, what does not, who has something to do, and what can be done. */
function Outcomes({ language, bundle, found, nameOf }: ProgressProps): JSX.Element | null {
  const say = sayIn(language);
  const { state, taskTerms } = found;
  const reached = outcomesOf(state, bundle);
  const titles = (ids: readonly string[]): string =>
    ids.map((one) => bundle.items.get(one)?.title[language] ?? '').join(say('、', ', '));
  if (reached.length === 0) return null;
  return (
    <>
      {reached.map(({ outcome, kind, title, item, stands, undone, task, offers }) => {
        const owed = state.tasks[outcome];
        const term = taskTerms[outcome];
        return (
          <section class={`notice ${kind === 'done' ? '' : 'bad'} reached`} key={outcome} data-outcome={outcome}>
            <h2 class="in">
              {item === undefined || title[language].includes(titles([item]))
                ? title[language]
                : `${titles([item])}${say('：', ': ')}${title[language]}`}
            </h2>
            {stands.length === 0 ? null : <p>{say(`不受影响：${titles(stands)}`, `Stands: ${titles(stands)}`)}</p>}
            {undone.length === 0 ? null : (
              <p>{say(`随之终止或者撤销：${titles(undone)}`, `Ended or undone with it: ${titles(undone)}`)}</p>
            )}
            {task === undefined || owed === undefined ? null : (
              <p>
                {say('后续：', 'Next: ')}
                {task[language]}
                {say(`（${nameOf(owed.owner)}`, ` (${nameOf(owed.owner)}`)}
                {term === undefined
                  ? ''
                  : say(`，${termWords(term, owed.doneAt, 'zh')}`, `, ${termWords(term, owed.doneAt, 'en')}`)}
                {say('）', ')')}
              </p>
            )}
            {offers.length === 0 ? null : (
              <>
                <p>
                  <b>{say('您可以：', 'You can:')}</b>
                </p>
                <ul class="plainlist offers">
                  {offers.map((offer) => (
                    <li key={offer.en}>{offer[language]}</li>
                  ))}
                </ul>
              </>
            )}
            {kind === 'done' ? null : (
              <p>
                <a href={`/console/matters/start?bundle=${bundle.id}`}>{say('重新申请', 'Apply again')}</a>
              </p>
            )}
          </section>
        );
      })}
    </>
  );
}

/** How it was: said once, and what was answered. */
function Rating({ language, id, found: { state, contents, acts, answerTerm } }: ProgressProps): JSX.Element | null {
  const say = sayIn(language);
  const { rating } = state;
  if (rating === undefined)
    return acts.some(({ act }) => act === 'rate') ? (
      <section class="card pad" id="rate" aria-label={say('评价本次服务', 'Rate it')}>
        <RatingForm language={language} action={`${PATH}/${id}`} hidden={{ key: 'rate' }} />
      </section>
    ) : null;
  const { says, answer } = contents?.rating ?? {};
  return (
    <section class="card pad" id="rate">
      <p>
        <b>{say('您的评价：', 'Your rating: ')}</b>
        {gradeNames[rating.grade][language]}
      </p>
      {says === undefined ? null : <p class="said">{says}</p>}
      {answer !== undefined ? (
        <p class="said">
          <b>{say('部门回复：', 'The answer: ')}</b>
          {answer}
        </p>
      ) : answerTerm === undefined ? null : (
        <p class="soft">
          {say(
            `牵头部门将于 ${answerTerm.due.day} 前核实并回复。`,
            `The leading department answers by ${answerTerm.due.day}.`,
          )}
        </p>
      )}
    </section>
  );
}

/** What was submitted, with its source where a register said it. */
function Contents({ language, elements, found: { contents }, workspace }: ProgressProps): JSX.Element {
  const say = sayIn(language);
  const shown = Object.entries(contents?.values ?? {}).flatMap(([id, value]) => {
    const element = elements.elements.get(id);
    return element === undefined ? [] : [{ element, value }];
  });
  return (
    <details class="card pad whole">
      <summary>{say(`已提交的内容（${shown.length}项）`, `What was submitted (${shown.length})`)}</summary>
      <dl class="facts flat">
        {shown.map(({ element, value }) => (
          <>
            <dt>{element.title[language]}</dt>
            <dd>{valueWords(element, value, workspace.codelists, language)}</dd>
          </>
        ))}
      </dl>
    </details>
  );
}

/** What happened, the newest first. */
function Told({ language, bundle, events, nameOf }: ProgressProps): JSX.Element {
  const say = sayIn(language);
  const shown = events.filter(({ event: { act } }) => act !== 'save' && act !== 'open');
  const about = (event: CaseEvent): string => {
    if ('item' in event) return bundle.items.get(event.item)?.title[language] ?? '';
    if (event.act === 'attach') return bundle.materials.get(event.material)?.title[language] ?? '';
    return event.act === 'step' ? ports[event.port].done[language] : '';
  };
  return (
    <>
      <h2>{say('办理记录', 'What happened')}</h2>
      <ol class="card told">
        {[...shown].reverse().map(({ number, event }) => (
          <li key={number}>
            <time dateTime={new Date(event.at).toISOString()}>{localMinute(event.at)}</time>
            <span>
              {event.by === 'applicant' ? say('您', 'You') : nameOf(event.by.authority, event.by.region)}
              {say('：', ': ')}
              <b>{event.act === 'step' ? about(event) : actWords(event.act, language)}</b>
              {event.act === 'step' || about(event) === '' ? null : <span class="soft"> {about(event)}</span>}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
