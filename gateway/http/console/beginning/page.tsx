/** The steps, numbered through both parts. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { AskedIn } from '../../ui/asked.js';
import { sayIn } from '../../ui/say.js';
import { DeskTabs, INTERFACES } from '../developer/tabs.js';
import { type Ground, type Step, stepsOf } from './steps.js';

interface PageProps {
  readonly language: Language;
  /** Undefined where the department has nothing to ask with. */
  readonly ground: Ground | undefined;
  /** Whether the page is of a city that `yitong up` has started. */
  readonly city: boolean;
}

interface CopiedProps {
  readonly id: string;
  readonly code: string;
  readonly language: Language;
  readonly 'data-run'?: boolean;
  readonly 'data-otherwise'?: boolean;
}

/** A command, and the button that copies it. */
const Copied = ({ id, code, language, ...data }: CopiedProps): JSX.Element => (
  <div class="copied" data-copied={language === 'zh' ? '已复制' : 'copied'}>
    <pre class="command" lang="en" tabIndex={0} id={id} {...data}>
      {code}
    </pre>
    <button type="button" class="quiet" data-copy={id} hidden>
      {language === 'zh' ? '复制' : 'Copy'}
    </button>
  </div>
);

function Done({ step, language }: { step: Step; language: Language }): JSX.Element {
  const say = sayIn(language);
  const { id, follow, run, otherwise } = step;
  return (
    <>
      {follow === undefined ? null : (
        <p>
          <a class="button" href={follow.href} data-press={follow.press[language]}>
            {say(
              `打开${follow.where.zh}，按“${follow.press.zh}”`,
              `Open ${follow.where.en}, and press “${follow.press.en}”`,
            )}
          </a>
        </p>
      )}
      {run === undefined ? null : <Copied id={`run-${id}`} code={run} language={language} data-run />}
      {otherwise === undefined ? null : (
        <details>
          <summary>{say('不经浏览器：在开发城市所在机器上执行', 'Without a browser, where the city runs')}</summary>
          <Copied id={`otherwise-${id}`} code={otherwise} language={language} data-otherwise />
        </details>
      )}
    </>
  );
}

function OneStep({
  step,
  number,
  ground,
  language,
}: {
  step: Step;
  number: number;
  ground: Ground;
  language: Language;
}) {
  const say = sayIn(language);
  const { id, title, about, request, seen } = step;
  return (
    <li class="card pad" data-step={id} value={number}>
      <h3>
        <span class="ordinal">{number}</span> {title[language]}
      </h3>
      <p>{about[language]}</p>
      <Done step={step} language={language} />
      {request === undefined ? null : (
        <AskedIn request={request} client={ground.client} language={language} name={`asked-${id}`} />
      )}
      {seen === undefined ? null : (
        <>
          <p class="soft">{say('可以看到', 'What is to be seen')}</p>
          <pre class="command seen" lang="en" tabIndex={0} data-seen={seen.kind}>
            {seen.text}
          </pre>
        </>
      )}
    </li>
  );
}

export function beginningPage({ language, ground, city }: PageProps): JSX.Element {
  const say = sayIn(language);
  const parts = ground === undefined ? undefined : stepsOf(ground, language);
  return (
    <>
      <h1>{say('快速入门', 'From zero to the first answer')}</h1>
      <DeskTabs here="start" tries language={language} />
      <p class="lead">
        {say(
          '先在沙箱中试查，不需要证书；再凭证书向开发城市查询。省略号处每次不同。',
          'First in the sandbox, which needs no certificate; then with one, of the development city. An ellipsis ' +
            'stands for what is otherwise each time.',
        )}
      </p>
      {city ? null : (
        <div class="notice">
          <p>
            {say(
              '本页所在的平台不是开发城市。终端中的各步须先在自己的机器上启动开发城市：',
              'This page is not of a development city. For the steps in a shell start one on your own machine first:',
            )}
          </p>
          <pre class="command" lang="en" tabIndex={0}>
            npx yitong up
          </pre>
        </div>
      )}
      {ground === undefined || parts === undefined ? (
        <p class="notice">
          {say('本单位还没有可以查询的应用。', 'Your department has no client yet that may ask anything.')}
        </p>
      ) : (
        <>
          <h2>{say('在沙箱中', 'In the sandbox')}</h2>
          <ol class="begun">
            {parts.sandbox.map((step, at) => (
              <OneStep step={step} number={at + 1} ground={ground} language={language} />
            ))}
          </ol>
          <h2>{say('在开发城市', 'In the development city')}</h2>
          <ol class="begun" start={parts.sandbox.length + 1}>
            {parts.city.map((step, at) => (
              <OneStep step={step} number={parts.sandbox.length + at + 1} ground={ground} language={language} />
            ))}
          </ol>
          <p>
            {say('接下来：', 'What comes next: ')}
            <a href={INTERFACES}>{say('查看全部接口', 'all operations of the API')}</a>
          </p>
        </>
      )}
    </>
  );
}
