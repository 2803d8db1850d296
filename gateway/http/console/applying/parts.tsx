/** Parts that several pages of an application have. */

import type { JSX } from 'preact';
import type { Bundle, StepPort } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { Possible } from '../../../procedures/cases/machine.js';
import { openPorts, type PlannedStep } from '../../../procedures/cases/plan.js';
import { Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { PATH } from './desk.js';
import { ports } from './words.js';

const WAYS = ['questions', 'form', 'check'] as const;
type Way = (typeof WAYS)[number];

/** Where somebody is on the way to submitting. */
export function Ways({
  language,
  here,
  id,
  done,
}: {
  readonly language: Language;
  readonly here: Way;
  /** Of the draft; undefined until there is one. */
  readonly id: string | undefined;
  readonly done: readonly Way[];
}): JSX.Element {
  const say = sayIn(language);
  const titles: Readonly<Record<Way, string>> = {
    questions: say('回答问题', 'Questions'),
    form: say('填一张表', 'One form'),
    check: say('核对并提交', 'Check and submit'),
  };
  const paths: Readonly<Record<Way, string>> = { questions: '/questions', form: '/form', check: '' };
  return (
    <nav class="going-on" aria-label={say('填报步骤', 'Steps')}>
      <ol>
        {WAYS.map((way, at) => {
          const words = (
            <>
              <b>{done.includes(way) ? '✓' : at + 1}</b> {titles[way]}
            </>
          );
          return (
            <li key={way} class={done.includes(way) ? 'done' : undefined}>
              {id === undefined || way === here ? (
                <span aria-current={way === here ? 'step' : undefined}>{words}</span>
              ) : (
                <a href={`${PATH}/${id}${paths[way]}`}>{words}</a>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

interface OwnStep {
  readonly id: string;
  readonly step: PlannedStep;
  readonly done: readonly StepPort[];
}

interface StepsProps {
  readonly language: Language;
  /** Of the case. */
  readonly id: string;
  readonly bundle: Bundle;
  readonly steps: readonly OwnStep[];
  /** What may be done now. */
  readonly acts: readonly Possible[];
  /** How many acts there were: what is sent again from the same page is done once. */
  readonly events: number;
  /** The case is submitted: what was to be done before that is over. */
  readonly isSubmitted: boolean;
  readonly development: boolean;
  /** Why nothing can be done yet of what comes before filing. */
  readonly held?: string | undefined;
  /** Where a step is sent, with the case's id; default: the pages of the application. */
  readonly base?: string;
}

/** What whoever applies does, in the whole case. */
export function OwnSteps(props: StepsProps): JSX.Element | null {
  const { language, steps, development } = props;
  const say = sayIn(language);
  if (steps.length === 0) return null;
  return (
    <>
      <h2 id="steps">{say(`您要做的事（共${steps.length}步）`, `What you do (${steps.length} steps)`)}</h2>
      <ol class="card mine">
        {steps.map((one) => (
          <OneStep {...props} one={one} key={one.id} />
        ))}
      </ol>
      {development ? (
        <p class="foot">
          {say(
            '演示环境：身份核验、签名、缴费、邮寄等由演示系统代为完成，不产生实际效力。',
            'Demonstration: identity, signatures, payments and post are pretended and have no effect.',
          )}
        </p>
      ) : null}
    </>
  );
}

function OneStep({
  language,
  id,
  bundle,
  acts,
  events,
  isSubmitted,
  held,
  development,
  base = PATH,
  one: { id: step, step: planned, done },
}: StepsProps & { readonly one: OwnStep }): JSX.Element {
  const say = sayIn(language);
  const all = acts.filter((act) => act.act === 'step' && act.step === step);
  const either = all.length > 1 && all.every(({ port }) => port === 'collect' || port === 'post');
  // one after the other, as the bundle has them
  const possible = either ? all : all.slice(0, 1);
  const isFiling = planned.uses.includes('form');
  const left = openPorts(planned, done);
  const over = left.length === 0 && (!isFiling || isSubmitted);
  const titleOf = (port: StepPort | undefined): string => (port === undefined ? '' : ports[port].open[language]);
  return (
    <li class={over ? 'done' : possible.length > 0 ? 'now' : undefined} data-step={step}>
      <div class="head">
        <h3>{bundle.steps.get(step)?.title[language] ?? say('步骤', 'a step')}</h3>
        <span class={`state ${over ? 'ok' : possible.length > 0 ? 'warn' : 'none'}`}>
          {over
            ? say('已完成', 'done')
            : possible.length > 0
              ? say('请您办理', 'your turn')
              : isFiling && left.length === 0
                ? say('待提交', 'to be submitted')
                : say('尚未到时', 'later')}
        </span>
      </div>
      {done.length === 0 ? null : (
        <p class="soft">{done.map((port) => ports[port].done[language]).join(say('、', ', '))}</p>
      )}
      {either && !over ? <p class="soft">{say('以下方式任选其一。', 'One of these is enough.')}</p> : null}
      {held !== undefined && isFiling && possible.length > 0 ? <p class="soft">{held}</p> : null}
      {possible.length === 0 ? null : (
        <div class="row">
          {possible.map(({ port }) =>
            port === 'video' && development ? (
              <a key={port} class="button" href={`${PATH}/${id}/video`}>
                {titleOf(port)}
              </a>
            ) : (
              <Form
                key={port}
                name={`step ${step} ${port ?? ''}`}
                action={`${base}/${id}`}
                hidden={{ act: 'step', step, port: port ?? '', key: `step ${step} ${port ?? ''} ${events}` }}
              >
                <button class={either ? 'quiet big' : 'button'} type="submit">
                  {titleOf(port)}
                </button>
              </Form>
            ),
          )}
        </div>
      )}
    </li>
  );
}
