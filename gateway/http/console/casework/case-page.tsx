/** One case for an officer: the own items whole, what to decide, where the others stand, what happened. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import { localMinute } from '../../../ground/language/time.js';
import { ACTS as actNames } from '../../../procedures/cases/act-words.js';
import { gradeNames } from '../../ui/rating.js';
import { numberOf, sayIn } from '../../ui/say.js';
import { AnswerForm, StopForm, TaskForm } from './acts.js';
import { OwnItem } from './item.js';
import { Keys } from './keys.js';
import { actsOn, type CaseProps, type Part } from './props.js';
import { Mark, phases, ports, statuses, Term, valueText } from './words.js';

export function casePage(props: CaseProps): JSX.Element {
  const { language, opened, bundle, nameOf } = props;
  const say = sayIn(language);
  const part: Part = { ...props, say };
  const { state, contents } = opened;
  const lead = state.plan?.authority ?? '';
  const own = ownItems(props);
  return (
    <>
      <p class="foot">
        {props.roles.includes('case-officer') ? (
          <a href="/console/casework" data-key="b">
            {say('← 待办事项', '← Inbox')}
          </a>
        ) : (
          <a href="/console/case-figures" data-key="b">
            {say('← 办理统计', '← Figures')}
          </a>
        )}
      </p>
      <div class="head">
        <h1>{bundle?.title[language] ?? say('已停用的事项', state.bundle)}</h1>
        <Mark of={phases[state.phase]} language={language} />
      </div>
      <div class="head">
        <p class="lead">
          {say('办件编号 ', 'Case ')}
          <span class="mono exact">{numberOf(opened.id)}</span>
          {state.submittedAt === undefined ? null : (
            <>
              {say(' · 提交于 ', ' · submitted ')}
              <time dateTime={new Date(state.submittedAt).toISOString()}>{localMinute(state.submittedAt)}</time>
            </>
          )}
          {say(' · 牵头部门：', ' · led by ')}
          {nameOf(lead)}
        </p>
        <Keys
          language={language}
          keys={[
            ['g', say('同意办理', 'grant')],
            ['r', say('不予办理', 'refuse')],
            ['s', say('一次性告知补正', 'ask for a supplement')],
            ['p', say('确认不适用', 'does not apply')],
            ['t', say('任务办结', 'task done')],
            ['Esc', say('离开输入框', 'out of a field')],
            ['b', say('回到待办事项', 'back to the inbox')],
          ]}
        />
      </div>
      {contents === undefined ? (
        <p class="notice warn" role="status">
          {say(
            '申请人信息已依法抹除，内容不可读取，不再办理。',
            'The subject was erased: nothing can be read or done.',
          )}
        </p>
      ) : (
        <Applicant {...part} />
      )}
      <Brought {...part} />
      {own.map((item, at) => (
        <OwnItem {...part} item={item} first={at === 0} key={item} />
      ))}
      <Rating {...part} />
      <Tasks {...part} />
      <Progress {...part} />
      <History {...part} />
      {!props.roles.includes('case-officer') || !opened.acts.some(({ act }) => act === 'stop') ? null : (
        <StopForm {...part} />
      )}
    </>
  );
}

/** An item that another region brought: whose case it is, and what was done of its steps there. */
function Brought({ language, opened: { state, contents }, regionName, videoPath, say }: Part): JSX.Element | null {
  const { guest } = state;
  if (guest === undefined) return null;
  const steps = Object.entries(contents?.origin?.steps ?? {});
  return (
    <section class="card pad brought" aria-labelledby="brought">
      <h2 id="brought">{say('跨省通办：由其他地区受理', 'Brought by another region')}</h2>
      <dl class="facts">
        <dt>{say('受理地区', 'Region')}</dt>
        <dd>{regionName(guest.region)}</dd>
        <dt>{say('对方办件编号', 'Case there')}</dt>
        <dd class="mono exact">{numberOf(guest.case)}</dd>
        {steps.map(([name, reference]) => {
          const port = name.slice(name.lastIndexOf('.') + 1) as keyof typeof ports;
          return [
            <dt key={name}>{ports[port]?.[language] ?? say('步骤', 'step')}</dt>,
            <dd key={`${name} at`}>
              {say('已在对方地区完成 ', 'done there ')}
              {port === 'video' && videoPath !== undefined ? (
                <a href={`${videoPath}`}>{say('查看视频核验', 'look at it')}</a>
              ) : (
                <span class="mono exact soft">{numberOf(reference.replace(/^[a-z]+-/, ''))}</span>
              )}
            </dd>,
          ];
        })}
      </dl>
    </section>
  );
}

/** What is the officer's turn comes first. */
function ownItems({ opened: { state }, authority }: CaseProps): readonly string[] {
  const own = Object.entries(state.plan?.items ?? {}).filter(
    ([, planned]) => planned.authority === authority && planned.region === undefined,
  );
  const turn = (item: string): number => (state.items[item]?.status === 'held' ? 0 : 1);
  return own.map(([item]) => item).sort((a, b) => turn(a) - turn(b));
}

function Applicant({ language, opened: { contents }, elements, workspace, say }: Part): JSX.Element | null {
  if (contents === undefined) return null;
  const { subject, values } = contents;
  const isCompany = subject.startsWith('uscc:');
  const name = valueText({
    element: elements.get(isCompany ? 'company.name' : 'agent.name'),
    value: values[isCompany ? 'company.name' : 'agent.name'],
    codelists: workspace.codelists,
    language,
  });
  return (
    <p class="applicant">
      <span class="soft">{say('申请人', 'Applicant')}</span> {name === undefined ? null : <b>{name}</b>}{' '}
      <span class="mono">{keyOf(subject as never)}</span>
    </p>
  );
}

/** How who applied found it; a low one is answered by who leads. */
function Rating(part: Part): JSX.Element | null {
  const { language, opened, roles, authority, say } = part;
  const { state, contents, answerTerm, acts } = opened;
  const { rating, plan } = state;
  if (rating === undefined || plan?.authority !== authority) return null;
  return (
    <>
      <h2>{say('申请人评价', 'How it was rated')}</h2>
      <section class="card pad task">
        <div class="head">
          <h3>{gradeNames[rating.grade][language]}</h3>
          {answerTerm === undefined ? null : rating.answeredAt === undefined ? (
            <Term term={answerTerm} language={language} />
          ) : (
            <span class="state ok">
              {say('已回复 ', 'answered ')}
              {localMinute(rating.answeredAt)}
            </span>
          )}
        </div>
        {contents?.rating.says === undefined ? null : <p class="said own">{contents.rating.says}</p>}
        {contents?.rating.answer === undefined ? null : (
          <p class="said own">
            <b>{say('回复：', 'Answer: ')}</b>
            {contents.rating.answer}
          </p>
        )}
        {roles.includes('case-manager') && acts.some(({ act }) => act === 'answer') ? <AnswerForm {...part} /> : null}
      </section>
    </>
  );
}

function Tasks(part: Part): JSX.Element | null {
  const { language, opened, bundle, authority, roles, nameOf, say } = part;
  const decides = roles.includes('case-officer');
  const tasks = Object.entries(opened.state.tasks);
  if (tasks.length === 0) return null;
  return (
    <>
      <h2>{say('后续任务', 'What is left to do')}</h2>
      {tasks.map(([task, { owner, doneAt }]) => {
        const outcome = bundle?.outcomes.get(task);
        const term = opened.taskTerms[task];
        return (
          <section class="card pad task" key={task} aria-label={outcome?.title[language]}>
            <div class="head">
              <h3>{outcome?.task?.says[language] ?? say('后续任务', 'a task')}</h3>
              {doneAt === undefined ? (
                term === undefined ? null : (
                  <Term term={term} language={language} />
                )
              ) : (
                <span class="state ok">
                  {say('已办结 ', 'done ')}
                  {localMinute(doneAt)}
                </span>
              )}
            </div>
            <p class="foot">
              {outcome?.title[language]} · {nameOf(owner)}
            </p>
            {decides && owner === authority && actsOn(opened.acts, { task }).length > 0 ? (
              <TaskForm {...part} task={task} />
            ) : null}
          </section>
        );
      })}
    </>
  );
}

/** Who holds what, since when, until when. */
function Progress({ language, opened: { state, terms }, bundle, nameOf, say }: Part): JSX.Element {
  return (
    <>
      <h2>{say('各部门进度', 'Where each department stands')}</h2>
      <div class="card">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">{say('事项', 'Item')}</th>
              <th scope="col">{say('承办部门', 'With')}</th>
              <th scope="col">{say('状态', 'State')}</th>
              <th scope="col">{say('期限', 'Due')}</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(state.plan?.items ?? {}).map(([item, planned]) => {
              const one = state.items[item];
              const term = one?.status === 'held' ? terms[item] : undefined;
              return (
                <tr key={item}>
                  <th scope="row">{bundle?.items.get(item)?.title[language] ?? say('已停用的事项', item)}</th>
                  <td>{nameOf(planned.authority, planned.region)}</td>
                  <td>
                    <Mark of={statuses[one?.status ?? 'waiting']} language={language} />
                  </td>
                  <td>
                    {term === undefined ? (
                      one === undefined || one.status === 'waiting' ? (
                        '–'
                      ) : (
                        <time dateTime={new Date(one.since).toISOString()}>{localMinute(one.since)}</time>
                      )
                    ) : (
                      <Term term={term} language={language} />
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}

function History({ language, opened: { history = [] }, bundle, nameOf, say }: Part): JSX.Element {
  return (
    <>
      <h2>{say('办理经过（北京时间）', 'What happened (UTC+8)')}</h2>
      <ol class="card rows history">
        {[...history]
          .reverse()
          .filter(({ event: { act } }) => act !== 'save')
          .map(({ number, event, officer }) => {
            const item = 'item' in event ? bundle?.items.get(event.item)?.title[language] : undefined;
            const step =
              event.act === 'step'
                ? `${bundle?.steps.get(event.step)?.title[language] ?? ''} · ${ports[event.port]?.[language] ?? ''}`
                : undefined;
            return (
              <li key={number}>
                <div class="grow">
                  <p>
                    <b>{actNames[event.act][language]}</b> {item ?? step ?? ''}
                  </p>
                  <p class="foot">
                    {event.by === 'applicant'
                      ? say('申请人', 'the applicant')
                      : nameOf(event.by.authority, event.by.region)}
                    {officer === undefined ? '' : ` · ${officer}`}
                  </p>
                </div>
                <time dateTime={new Date(event.at).toISOString()}>{localMinute(event.at)}</time>
              </li>
            );
          })}
      </ol>
    </>
  );
}
