/** The explorer: what is chosen, the question in four languages, the answer, and why it is as it is. */
import type { JSX } from 'preact';
import { errorWords } from '../../../../contracts/error-words.js';
import type { ErrorCode } from '../../../../contracts/errors.js';
import type { Contract, Localised } from '../../../../contracts/types.js';
import type { SandboxEntry } from '../../../answer/sandbox/log.js';
import type { SandboxQuestion } from '../../../answer/sandbox/sandbox.js';
import type { Language } from '../../../ground/language/language.js';
import { AskedIn } from '../../ui/asked.js';
import { questionAsked } from '../../ui/asking.js';
import { ChoiceField, FaultSummary, Form, TextField } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';
import { type Choices, PARTS, presetOf, type Sent, sampleQuestion } from './desk.js';
import { DESK, DeskTabs } from './tabs.js';

export interface Asked {
  readonly question: SandboxQuestion;
  readonly fault?: ErrorCode;
  readonly allowed?: boolean;
  /** JSON text, as a program gets it. */
  readonly body?: string;
  readonly entry?: SandboxEntry;
  /** Of each dataset: what was decided, and what can be done about it. */
  readonly words?: readonly {
    readonly zh: readonly string[];
    readonly en: readonly string[];
    readonly toDo: readonly Localised[];
    /** Fields that the answer has not, since no grant names them. */
    readonly absent: readonly Localised[];
  }[];
}

interface DeveloperProps {
  readonly language: Language;
  readonly choices: Choices;
  readonly subjects: readonly { readonly subject: string; readonly scheme: string; readonly title: Localised }[];
  readonly origin: string;
  readonly sent: Sent;
  readonly asked?: Asked | undefined;
}

const CASE: Readonly<Record<(typeof PARTS)[number], Localised>> = {
  item: { zh: '事项编码', en: 'Item of service' },
  caseId: { zh: '办件编号', en: 'Number of the case' },
  actor: { zh: '经办人', en: 'Who handles it' },
};
const listed = (said: string | readonly string[] | undefined): readonly string[] => [said ?? []].flat();

function Dataset({
  contract,
  sent,
  first,
  language,
}: {
  contract: Contract;
  sent: Sent;
  first: boolean;
  language: Language;
}): JSX.Element {
  const say = sayIn(language);
  const chosen = sent.dataset === undefined ? first : listed(sent.dataset).includes(contract.id);
  const fields = listed(sent.field);
  return (
    <div class="askable">
      <label class="tick">
        <input type="checkbox" name="dataset" value={contract.id} checked={chosen} />
        <span>{contract.name[language]}</span>
      </label>
      <details open={fields.some((one) => one.startsWith(`${contract.id} `))}>
        <summary>
          {say('选择字段', 'Fields')}
          <span class="unseen">{say(`：${contract.name.zh}`, ` of ${contract.name.en}`)}</span>
        </summary>
        <div class="picks">
          {contract.latest.fields.map(({ path, title }) => (
            <label>
              <input
                type="checkbox"
                name="field"
                value={`${contract.id} ${path}`}
                checked={fields.includes(`${contract.id} ${path}`)}
              />{' '}
              {title[language]}
            </label>
          ))}
        </div>
      </details>
    </div>
  );
}

function Who({ language, choices }: Pick<DeveloperProps, 'language' | 'choices'>): JSX.Element {
  const say = sayIn(language);
  const { clients, client, purposes, purpose, grants } = choices;
  const bases = [...new Set([...(purpose?.legalBasis ?? []), ...grants.flatMap(({ legalBasis }) => legalBasis)])];
  return (
    <div class="asker">
      <form class="stacked" method="get" action={DESK}>
        <ChoiceField
          name="client"
          label={say('应用', 'Client')}
          value={client?.id}
          options={clients.map(({ id, name }) => ({ value: id, title: name[language] }))}
        />
        <ChoiceField
          name="purpose"
          label={say('用途', 'Purpose')}
          value={purpose?.id}
          options={purposes.map(({ id, name }) => ({ value: id, title: name[language] }))}
        />
        <button class="quiet" type="submit">
          {say('更换', 'Change')}
        </button>
      </form>
      <h2>{say('法律依据', 'Legal basis')}</h2>
      <ul>
        {bases.map((one) => (
          <li lang="zh">{one}</li>
        ))}
      </ul>
      <p class="soft">
        {say('查询不单独填写依据：依据随用途和授权登记。', 'A question names none: it stands with purpose and grant.')}
      </p>
    </div>
  );
}

function Ask({ language, choices, subjects, sent }: DeveloperProps): JSX.Element {
  const say = sayIn(language);
  const { client, purpose, datasets, others, requires } = choices;
  const schemes = new Set(datasets.map(({ subject }) => subject.scheme));
  const fit = subjects.filter(({ scheme }) => schemes.size === 0 || schemes.has(scheme));
  const scheme = fit.find(({ subject }) => subject === sent.subject)?.scheme ?? datasets[0]?.subject.scheme;
  const preset = presetOf(choices, scheme);
  return (
    <Form action={DESK} hidden={{ client: client?.id ?? '', purpose: purpose?.id ?? '' }} class="stacked">
      <ChoiceField
        name="subject"
        label={say('虚构主体', 'Invented subject')}
        value={sent.subject ?? fit.find((one) => one.scheme === scheme)?.subject}
        options={fit.map(({ subject, title }) => ({ value: subject, title: title[language] }))}
      />
      <fieldset class="asks">
        <legend>{say('已授权的数据集', 'Datasets granted')}</legend>
        {datasets.length === 0 ? (
          <p class="soft">{say('该用途没有授权', 'Nothing is granted for this purpose')}</p>
        ) : null}
        {datasets.map((contract) => (
          <Dataset contract={contract} sent={sent} first={preset.includes(contract)} language={language} />
        ))}
      </fieldset>
      <ChoiceField
        name="also"
        label={say('未授权的数据集（查看如何被拒绝）', 'One that is not granted, to see how it is denied')}
        value={sent.also ?? ''}
        options={[
          { value: '', title: say('不选', 'none') },
          ...others.map(({ id, name }) => ({ value: id, title: name[language] })),
        ]}
      />
      <details open={requires.size > 0 || PARTS.some((part) => (sent[part] ?? '') !== '')}>
        <summary>{say('办件信息', 'The case')}</summary>
        {PARTS.map((part) => (
          <TextField
            name={part}
            label={`${CASE[part][language]}${requires.has(part) ? say('（授权要求）', ' (a grant wants it)') : ''}`}
            value={sent[part] ?? ''}
            maxLength={200}
            autocomplete="off"
          />
        ))}
      </details>
      <label class="tick">
        <input type="checkbox" name="dryRun" value="1" checked={sent.dryRun === '1'} />
        <span>{say('试运行：只说明结论，不读取记录', 'Dry run: the decisions only, no record is read')}</span>
      </label>
      <button class="button big" type="submit">
        {say('在沙箱中查询', 'Ask in the sandbox')}
      </button>
    </Form>
  );
}

/** JSON as it reads, not as it is sent. */
const indented = (text: string): string => JSON.stringify(JSON.parse(text), undefined, 2);

function Entry({ entry, say }: { entry: SandboxEntry; say: Say }): JSX.Element {
  return (
    <>
      <h2>{say('沙箱日志中的记录与证明', 'Its entry in the log of the sandbox, with its proof')}</h2>
      <details class="entry">
        <summary>{say(`第 ${String(entry.index + 1)} 条`, `Entry ${String(entry.index)}`)}</summary>
        <pre class="command" lang="en" tabIndex={0} data-part="entry">
          {indented(entry.body)}
        </pre>
        <pre
          class="command"
          lang="en"
          tabIndex={0}
          data-part="proof"
          data-salt={entry.salt.toString('base64')}
          data-vkey={entry.vkey}
          data-body={entry.body}
        >
          {entry.proof}
        </pre>
      </details>
    </>
  );
}

function Answer({ asked, client, language }: { asked: Asked; client: string; language: Language }): JSX.Element {
  const say = sayIn(language);
  const { question, allowed, body, entry, words = [] } = asked;
  return (
    <>
      {body === undefined ? null : (
        <>
          <h2 id="answer" tabIndex={-1} autofocus>
            {say('答复', 'Answer')}
          </h2>
          <p>
            <span class={`state ${allowed === true ? 'ok' : 'warn'}`} data-allowed={String(allowed)}>
              {allowed === true ? say('已答复', 'answered') : say('不予答复', 'denied')}
            </span>{' '}
            <b>{say('虚构数据', 'invented data')}</b>
          </p>
          <h2>{say('结论与理由', 'Decisions, and why')}</h2>
          <div class="decisions">
            {words.map((one, at) => (
              <details open={at === 0 || one.toDo.length > 0}>
                <summary>{one[language][0]}</summary>
                {one[language].slice(1).map((line) => (
                  <p>{line}</p>
                ))}
                {one.toDo.map((what) => (
                  <p class="todo">
                    <b>{say('怎么办：', 'What to do: ')}</b>
                    {what[language]}
                  </p>
                ))}
                {one.absent.length === 0 ? null : (
                  <p class="todo">
                    <b>{say('未授权、因而没有的字段：', 'Fields that are not granted, and so not there: ')}</b>
                    {one.absent.map((title) => title[language]).join(say('、', ', '))}
                    {say(
                      '。需要的，请本单位的数据共享经办人员就这些字段申请共享。',
                      '. Ask your department’s officer for sharing to apply for those that you need.',
                    )}
                  </p>
                )}
                <p>
                  <a href={`/console/datasets/${question.datasets[at]?.id ?? ''}`}>
                    {say('该数据集的说明、字段与申请方式', 'This dataset: what it says, and how one applies for it')}
                  </a>
                </p>
              </details>
            ))}
          </div>
          <h2>{say('答复正文', 'What a program gets')}</h2>
          <pre class="command answered" lang="en" tabIndex={0} data-part="answer">
            {indented(body)}
          </pre>
        </>
      )}
      {entry === undefined ? null : <Entry entry={entry} say={say} />}
      <h2>{say('请求', 'The request')}</h2>
      <AskedIn request={questionAsked(question)} client={client} language={language} />
    </>
  );
}

export function developerPage(props: DeveloperProps): JSX.Element {
  const { language, choices, asked, origin } = props;
  const say = sayIn(language);
  const { client } = choices;
  const sample = asked?.question ?? sampleQuestion(choices, props.subjects);
  return (
    <>
      <h1>{say('开发台', "Developer's desk")}</h1>
      <DeskTabs here="ask" tries language={language} />
      <p class="lead">
        {say(
          '以本单位应用的身份在沙箱中试查：策略与授权是正式的，数据全部虚构，记录不进入正式日志。',
          'Ask as a client of your department, in a sandbox: policies and grants are the real ones, all data are ' +
            'invented, and nothing of it enters the log of the installation.',
        )}
      </p>
      {asked?.fault === undefined ? null : (
        <FaultSummary language={language} lines={[{ text: errorWords(asked.fault)[language] }]} />
      )}
      {client === undefined ? (
        <p class="notice">{say('本单位没有应用。', 'Your department has no client.')}</p>
      ) : (
        <div class="explorer">
          <section aria-label={say('应用与用途', 'Client and purpose')}>
            <Who language={language} choices={choices} />
          </section>
          <section aria-label={say('查询内容', 'The question')}>
            <Ask {...props} />
          </section>
          <section class="heard" aria-label={say('请求与答复', 'Request and answer')}>
            <Answer language={language} client={client.id} asked={asked ?? { question: sample }} />
          </section>
        </div>
      )}
      {language === 'zh' ? null : (
        <p class="foot">
          The log of this sandbox: <span class="mono">{origin}</span>
        </p>
      )}
    </>
  );
}
