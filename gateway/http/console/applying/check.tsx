/** A draft, looked over before it is submitted: what is missing, what stands in the way, and what is left to do. */

import type { JSX } from 'preact';
import { namesOf } from '../../../../contracts/bundle/rule.js';
import { askedIn } from '../../../procedures/cases/form.js';
import type { MaterialLine } from '../../../procedures/cases/papers.js';
import { openPorts } from '../../../procedures/cases/plan.js';
import type { OpenedCase } from '../../../procedures/cases/types.js';
import { Form } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';
import { termIn } from '../matters/matter.js';
import { applicantWords, PATH } from './desk.js';
import type { FillProps } from './fill.js';
import { Materials } from './papers.js';
import { OwnSteps, Ways } from './parts.js';
import { dateWords, valueWords } from './words.js';

interface CheckProps extends FillProps {
  readonly found: OpenedCase;
  readonly subject: string;
  readonly materials: readonly MaterialLine[];
  /** Where what registers say of the subject is objected to. */
  readonly objections: string | undefined;
  readonly development: boolean;
  /** It was just saved, to be come back to. */
  readonly isSaved: boolean;
}

/** What is lacking that whoever applies can bring. */
function lacking({ form }: Pick<CheckProps, 'form'>) {
  const asked = new Set(askedIn(form).map(({ element }) => element.id));
  const by = (what: string) => form.missing.filter((one) => one.what === what);
  return {
    questions: by('question').length,
    values: [...by('value'), ...by('invalid')].filter(({ name }) => asked.has(name)).length,
    identity: by('value').filter(({ name }) => !asked.has(name)).length,
    registers: by('away').length + by('conflict').length,
    materials: by('material').length,
  };
}

/** What is left to do before it can be submitted, and whether it can be. */
export function readiness(props: Pick<CheckProps, 'form' | 'found'>) {
  const { form, found } = props;
  const left = lacking(props);
  const isBarred = form.obstacles.some((one) => one.state === 'no');
  const steps = Object.entries(form.plan.steps).map(([step, planned]) => ({
    id: step,
    step: planned,
    done: found.state.steps[step] ?? [],
  }));
  const filing = steps.filter(({ step }) => step.uses.includes('form'));
  const isComplete = left.questions + left.values + left.registers + left.materials === 0 && !isBarred;
  const isReady =
    isComplete && left.identity === 0 && filing.every(({ step, done }) => openPorts(step, done).length === 0);
  return { left, isBarred, steps, isComplete, isReady };
}

/** What follows from answers that were changed after signing. */
export const heldWords = (isComplete: boolean, say: Say): string | undefined =>
  isComplete
    ? undefined
    : say(
        '请先补齐上面所列内容；签名后再修改的，需要重新签名。',
        'First what is listed above: what is changed later has to be signed again.',
      );

export function checkPage(props: CheckProps): JSX.Element {
  const { language, id, bundle, form, found, subject, isSaved, development } = props;
  const say = sayIn(language);
  const { state, acts } = found;
  const { left, isBarred, steps, isComplete, isReady } = readiness(props);
  const done = [
    ...(left.questions === 0 ? ['questions' as const] : []),
    ...(left.values === 0 ? ['form' as const] : []),
  ];
  return (
    <div class="apply">
      <p class="foot">
        <a href={PATH}>{say('← 我的办件', '← My cases')}</a>
      </p>
      <div class="head">
        <h1>{bundle.title[language]}</h1>
        <span class="state warn">{say('草稿，尚未提交', 'draft, not submitted')}</span>
      </div>
      <p class="soft">
        {applicantWords(subject, form.values)} ·{' '}
        {say(`${dateWords(state.openedAt, 'zh')}开始填写`, `begun ${dateWords(state.openedAt, 'en')}`)}
      </p>
      {isSaved ? (
        <p class="notice" role="status">
          {say(
            '已保存。您可以随时从“我的办件”回来继续填写。',
            'It is saved: come back to it from “My cases” whenever you like.',
          )}
        </p>
      ) : null}
      <Ways language={language} here="check" id={id} done={done} />
      <Missing {...props} left={left} />
      <Obstacles {...props} />
      <h2>{say('提交后由这些部门办理', 'Who does what')}</h2>
      <ul class="card needs">
        {form.merged.items.map(({ item, applies }) => (
          <li key={item.id}>
            <b>{item.title[language]}</b>
            <span class="soft">
              {props.nameOf(item.authority, item.elsewhere ? found.state.region : undefined)}
              {item.told ? say(' · 由系统告知，无需申请', ' · told by the platform') : ` · ${termIn(item.term, say)}`}
            </span>
            {applies === 'yes' ? null : <span class="state warn">{say('视情况需要', 'perhaps')}</span>}
          </li>
        ))}
      </ul>
      <Materials language={language} id={id} lines={props.materials} />
      <Written {...props} />
      <OwnSteps
        language={language}
        id={id}
        bundle={bundle}
        steps={steps}
        acts={acts}
        events={state.events}
        isSubmitted={false}
        development={development}
        held={heldWords(isComplete, say)}
      />
      <div class="card pad submit">
        <Form name="submit" action={`${PATH}/${id}`} hidden={{ act: 'submit', key: `submit ${state.events}` }}>
          <button class="button big" type="submit" disabled={!isReady}>
            {say('提交申请', 'Submit')}
          </button>
        </Form>
        {isReady ? (
          <p class="soft">
            {say('提交后，各部门的办理进度会显示在本页。', 'After that, this page says how far it is.')}
          </p>
        ) : (
          <p class="soft">
            {isBarred
              ? say('存在不符合办理条件的情形，暂不能提交。', 'Something stands in the way: it cannot be submitted.')
              : isComplete
                ? say('完成身份核验和签名后即可提交。', 'Show who you are and sign; then it can be submitted.')
                : say('补齐上面所列内容后即可提交。', 'It can be submitted once nothing is missing.')}
          </p>
        )}
      </div>
      <Withdraw language={language} id={id} isDraft events={state.events} />
    </div>
  );
}

function Missing({
  language,
  id,
  left,
}: CheckProps & { readonly left: ReturnType<typeof lacking> }): JSX.Element | null {
  const say = sayIn(language);
  const { questions, values, registers, materials } = left;
  if (questions + values + registers + materials === 0) return null;
  return (
    <section class="notice warn" aria-labelledby="missing">
      <h2 class="in" id="missing">
        {say('还差这些', 'Still missing')}
      </h2>
      <ul class="plainlist">
        {questions === 0 ? null : (
          <li>
            <a href={`${PATH}/${id}/questions`}>
              {say(`${questions}个问题还没有回答`, `${questions} questions to answer`)}
            </a>
          </li>
        )}
        {values === 0 ? null : (
          <li>
            <a href={`${PATH}/${id}/form`}>{say(`表单还有${values}项没有填好`, `${values} fields of the form`)}</a>
          </li>
        )}
        {materials === 0 ? null : (
          <li>
            <a href="#materials">{say(`${materials}份材料还没有上传`, `${materials} papers to upload`)}</a>
          </li>
        )}
        {registers === 0 ? null : (
          <li>
            <a href={`${PATH}/${id}/form`}>
              {say(
                `${registers}项登记信息暂时取不到或者不一致`,
                `${registers} that registers do not say, or say differently`,
              )}
            </a>
          </li>
        )}
      </ul>
    </section>
  );
}

/** `no` with its owner, which bars; `unknown`, which its authority looks into. */
export function Obstacles({
  language,
  form,
  bundle,
  nameOf,
  objections,
  id,
}: Pick<CheckProps, 'language' | 'form' | 'bundle' | 'nameOf' | 'objections' | 'id'>): JSX.Element | null {
  const say = sayIn(language);
  const { obstacles, items } = form.merged;
  const looked = items.reduce((sum, { item }) => sum + item.requires.length, 0);
  if (obstacles.length === 0)
    return looked === 0 ? null : (
      <p class="notice" role="status">
        {say(`已核查${looked}项办理条件，均符合。`, `${looked} conditions were looked at; all are met.`)}
      </p>
    );
  // one that bars several items is told once
  const first = obstacles.filter(
    (one, at) => obstacles.findIndex((other) => other.requirement.says.en === one.requirement.says.en) === at,
  );
  const itemsOf = (says: string): string =>
    obstacles
      .filter((one) => one.requirement.says.en === says)
      .map(({ item }) => bundle.items.get(item)?.title[language] ?? '')
      .join(say('、', ', '));
  return (
    <>
      <h2>{say('办理条件', 'Conditions')}</h2>
      <ul class="card needs obstacles">
        {first.map(({ item, requirement: { rule, says, basis }, state, owners }) => (
          <li key={`${item} ${says.en}`} data-obstacle={state}>
            <span class={`state ${state === 'no' ? 'bad' : 'warn'}`}>
              {state === 'no' ? say('不符合', 'not met') : say('暂不能确定', 'not known')}
            </span>
            <div>
              <p>
                <b>{says[language]}</b>
              </p>
              <p class="soft">
                {itemsOf(says.en)}
                {owners.length === 0
                  ? null
                  : say(
                      `；记载部门：${owners.map((owner) => nameOf(owner)).join('、')}`,
                      `; on record with: ${owners.map((owner) => nameOf(owner)).join(', ')}`,
                    )}
              </p>
              {basis.length === 0 ? null : (
                <p class="foot" lang="zh">
                  {basis.join('；')}
                </p>
              )}
              <p class="soft">
                {state === 'unknown' ? (
                  say(
                    '登记库没有答复或者您不清楚，不视为符合；提交后由办理部门核查。',
                    'Nobody has said, and that is not “clear”: its department looks after you submit.',
                  )
                ) : owners.length === 0 ? (
                  <a href={`${PATH}/${id}/questions`}>
                    {say('根据您的回答，可修改回答', 'By your answers: change them')}
                  </a>
                ) : objections === undefined ? (
                  say('请向记载部门处理后再提交。', 'Settle it with the department first.')
                ) : (
                  <>
                    {say('请向记载部门处理后再提交；', 'Settle it with the department first; ')}
                    <a href={objections}>{say('记载有误的，提出异议', 'is it wrong? Object to it')}</a>
                  </>
                )}
              </p>
              {[...namesOf(rule.rule)].some((name) => bundle.questions.has(name)) ? (
                <p>
                  <a href={`${PATH}/${id}/questions`}>
                    {say('与您的回答有关，可修改回答', 'It hangs on your answers too: change them')}
                  </a>
                </p>
              ) : null}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

/** All that is in the form, to be looked over. */
function Written({ language, form, elements, workspace, id }: CheckProps): JSX.Element {
  const say = sayIn(language);
  const shown = form.merged.fields.filter(({ element }) => form.values[element.id] !== undefined);
  const groups = [...new Set(shown.map(({ element }) => element.id.split('.')[0] ?? ''))];
  return (
    <details class="card pad whole">
      <summary>{say(`核对全部内容（${shown.length}项）`, `Look over all of it (${shown.length})`)}</summary>
      {groups.map((group) => (
        <section key={group}>
          <h3>{elements.groups.get(group)?.[language] ?? ''}</h3>
          <dl class="facts flat">
            {shown
              .filter(({ element }) => element.id.startsWith(`${group}.`))
              .map(({ element }) => (
                <>
                  <dt>{element.title[language]}</dt>
                  <dd>{valueWords(element, form.values[element.id] ?? null, workspace.codelists, language)}</dd>
                </>
              ))}
          </dl>
        </section>
      ))}
      <p class="foot">
        <a href={`${PATH}/${id}/form`}>{say('修改', 'Change it')}</a>
      </p>
    </details>
  );
}

export function Withdraw({
  language,
  id,
  isDraft,
  events,
}: {
  readonly language: 'zh' | 'en';
  readonly id: string;
  readonly isDraft: boolean;
  readonly events: number;
}): JSX.Element {
  const say = sayIn(language);
  const title = isDraft ? say('放弃这份草稿', 'Give this draft up') : say('撤回申请', 'Withdraw');
  return (
    <details class="withdraw">
      <summary>{title}</summary>
      <Form name="withdraw" action={`${PATH}/${id}`} hidden={{ act: 'withdraw', key: `withdraw ${events}` }}>
        <p>
          {isDraft
            ? say('草稿不再保留在待办中，不能恢复。', 'It ends, and cannot be taken up again.')
            : say(
                '各部门停止办理，不能恢复；需要时可以重新申请。',
                'All departments stop, and it cannot be taken up again.',
              )}
        </p>
        <button class="button danger" type="submit">
          {title}
        </button>
      </Form>
    </details>
  );
}
