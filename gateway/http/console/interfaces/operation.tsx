/** One operation: what it does, what it takes, how it is asked, what it answers, and how it refuses. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { AskedIn } from '../../ui/asked.js';
import { type Say, sayIn } from '../../ui/say.js';
import { DESK, DeskTabs, INTERFACES } from '../developer/tabs.js';
import { Place } from './list.js';
import type { Member } from './members.js';
import { groupTitle, type OperationShown, PLACES } from './operations.js';
import { memberWords } from './words/members.js';

interface OperationProps {
  readonly language: Language;
  readonly tries: boolean;
  readonly operation: OperationShown;
  /** As whose the samples are written. */
  readonly client: string;
}

/** Members that are opened before anybody asks. */
const OPEN = 6;

/** What the description writes between backticks is typed by a programmer. */
const prose = (text: string): readonly (string | JSX.Element)[] =>
  text.split('`').map((part, i) => (i % 2 === 1 ? <code lang="en">{part}</code> : part));

interface Shown {
  readonly language: Language;
  /** The operation in which it stands. */
  readonly id: string;
  /** Whether it is answered; what is not is asked. */
  readonly answered?: boolean;
}

/** Of what is asked, what has to be there; of what is answered, what need not be. */
const need = (required: boolean, answered: boolean, say: Say): string | undefined =>
  required === answered ? undefined : answered ? say('可能不含', 'not always there') : say('必填', 'required');

function Head({
  member,
  language,
  id,
  answered = false,
  place,
}: Shown & { member: Member; place?: string }): JSX.Element {
  const say = sayIn(language);
  const { name, kind, required, about, limits, values } = member;
  const title = language === 'zh' ? memberWords(id, name) : about;
  const needed = need(required, answered, say);
  return (
    <>
      <code lang="en">{name}</code>
      {title === undefined ? null : <span class="means">{prose(title)}</span>}
      <small class="soft">
        {[place, kind[language], ...limits.map((one) => one[language])]
          .filter((part) => part !== undefined)
          .join(' · ')}
        {needed === undefined ? null : <b> · {needed}</b>}
      </small>
      {values.length === 0 ? null : (
        <small class="soft">
          {say('取值：', 'one of ')}
          <code lang="en">{values.join(' | ')}</code>
        </small>
      )}
    </>
  );
}

/** Members with what is below them, folded where it is much. */
function Members({ members, ...shown }: Shown & { members: readonly Member[] }): JSX.Element {
  return (
    <ul class="members">
      {members.map((member) => (
        <li>
          {member.members.length === 0 ? (
            <Head member={member} {...shown} />
          ) : (
            <details open={member.members.length <= OPEN}>
              <summary>
                <Head member={member} {...shown} />
              </summary>
              <Members members={member.members} {...shown} />
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}

function Takes({ operation, language }: Pick<OperationProps, 'operation' | 'language'>): JSX.Element {
  const say = sayIn(language);
  const { id, parameters, body } = operation;
  return (
    <>
      {parameters.length === 0 ? null : (
        <>
          <h2 id="parameters">{say('参数', 'Parameters')}</h2>
          <ul class="members">
            {parameters.map(({ place, ...member }) => (
              <li>
                <Head member={member} language={language} id={id} place={PLACES[place]?.[language] ?? ''} />
              </li>
            ))}
          </ul>
        </>
      )}
      {body === undefined ? null : (
        <>
          <h2 id="body">{say('请求内容', 'Body')}</h2>
          {operation.request.file !== undefined ? (
            <p>
              {say('内容即为文件，类型为', 'The body is the file, of type')}{' '}
              <code lang="en">{body.types.join(' | ')}</code>
            </p>
          ) : (
            <Members members={body.members} language={language} id={id} />
          )}
        </>
      )}
      {parameters.length === 0 && body === undefined ? (
        <p class="soft">{say('不带参数，也没有请求内容。', 'It takes neither parameters nor a body.')}</p>
      ) : null}
    </>
  );
}

function Answers({ operation, language }: Pick<OperationProps, 'operation' | 'language'>): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <h2 id="answers">{say('答复', 'Answers')}</h2>
      {operation.answers.map(({ status, types, about, members }) => (
        <>
          <p>
            <span class="state ok">{status}</span> {language === 'zh' ? '' : prose(`${about} `)}
            <code lang="en">{types.join(' | ')}</code>
          </p>
          <Members members={members} language={language} id={operation.id} answered />
        </>
      ))}
    </>
  );
}

function Rows({
  errors,
  language,
  say,
}: {
  errors: OperationShown['errors'];
  language: Language;
  say: Say;
}): JSX.Element {
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">{say('状态', 'Status')}</th>
          <th scope="col">{say('代码', 'Code')}</th>
          <th scope="col">{say('含义', 'Meaning')}</th>
        </tr>
      </thead>
      <tbody>
        {errors.map(({ code, status, words }) => (
          <tr>
            <td>{status}</td>
            <td>
              <code lang="en">{code}</code>
            </td>
            <td>{words[language]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Errors({ operation, language }: Pick<OperationProps, 'operation' | 'language'>): JSX.Element {
  const say = sayIn(language);
  const { errors, everywhere } = operation;
  return (
    <>
      <h2 id="errors">{say('不予答复的情形', 'How it refuses')}</h2>
      {errors.length === 0 ? null : (
        <div class="card" data-errors="own">
          <Rows errors={errors} language={language} say={say} />
        </div>
      )}
      <details class="below">
        <summary>
          {say(`各接口共有的 ${String(everywhere.length)} 种`, `${String(everywhere.length)} that every operation has`)}
        </summary>
        <div class="card" data-errors="all">
          <Rows errors={everywhere} language={language} say={say} />
        </div>
      </details>
    </>
  );
}

export function operationPage({ language, tries, operation, client }: OperationProps): JSX.Element {
  const say = sayIn(language);
  const { id, title, about, group, answers, request } = operation;
  const example = answers.find((one) => one.example !== undefined)?.example;
  return (
    <>
      <DeskTabs here="interfaces" tries={tries} language={language} />
      <p class="foot">
        <a href={`${INTERFACES}#group-${group}`}>← {groupTitle(group)[language]}</a>
      </p>
      <h1>{prose(title[language])}</h1>
      <p>
        <Place {...operation} />
      </p>
      <p class="lead">{prose(about[language])}</p>
      {tries && id === 'sandboxQuery' ? (
        <p>
          <a class="button" href={DESK}>
            {say('在沙箱中试查', 'Try in the sandbox')}
          </a>
        </p>
      ) : null}
      <div class="described">
        <section aria-label={say('请求与答复', 'Request and answer')}>
          <Takes operation={operation} language={language} />
          <Answers operation={operation} language={language} />
        </section>
        <section class="beside" aria-label={say('示例', 'Samples')}>
          <h2 id="request">{say('请求示例', 'A sample request')}</h2>
          <AskedIn request={request} client={client} language={language} />
          {example === undefined ? null : (
            <>
              <h2 id="example">{say('答复示例', 'A sample answer')}</h2>
              <pre class="command answered" lang="en" tabIndex={0} data-part="example">
                {example}
              </pre>
            </>
          )}
        </section>
      </div>
      <Errors operation={operation} language={language} />
    </>
  );
}
