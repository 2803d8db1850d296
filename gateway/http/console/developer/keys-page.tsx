/** From a key to an answer in four steps, each with a command; and the certificates of the department. */
import { Fragment, type JSX } from 'preact';
import type { Client } from '../../../../policies/types.js';
import type { SandboxQuestion } from '../../../answer/sandbox/sandbox.js';
import { MOST_IN_FORCE, type OwnCertificate, TERM_DAYS } from '../../../ground/identity/own-certificates.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { askedIn, questionAsked } from '../../ui/asking.js';
import { AreaField, ChoiceField, FilesField, FoldedForm, Form } from '../../ui/form.js';
import { counted, type Say, sayIn } from '../../ui/say.js';
import { DeskTabs, KEYS } from './tabs.js';

const DAY = 86_400_000;

interface KeysProps {
  readonly language: Language;
  /** Whether the development CA is at hand. */
  readonly development: boolean;
  /** Of the department, each with the name that its certificates bear; undefined where this page issues it none. */
  readonly clients: readonly { readonly client: Client; readonly uri: string | undefined }[];
  /** For which the commands are written. */
  readonly client: Client | undefined;
  readonly lines: readonly OwnCertificate[];
  /** Issued just now. */
  readonly made?: OwnCertificate;
  readonly api?: string;
  readonly question: SandboxQuestion;
  /** Whether it is about a company of the city. */
  readonly known: boolean;
  readonly now: number;
}

function Command({ id, code, say }: { readonly id: string; readonly code: string; readonly say: Say }): JSX.Element {
  return (
    <div class="copyable" data-copied={say('已复制', 'Copied')}>
      <pre class="command" lang="en" tabIndex={0} id={id}>
        {code}
      </pre>
      <button type="button" class="quiet" data-copy={id} hidden>
        {say('复制命令', 'Copy')}
      </button>
    </div>
  );
}

/** @param more lines of the command, behind the others */
export const makesRequest = (client: string, ...more: readonly string[]): string =>
  [
    'openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes',
    '-keyout key.pem -out request.pem',
    `-subj "/CN=${client}"`,
    ...more,
  ].join(' \\\n  ');

/** Folded where a certificate was issued just now: what comes next is to use it. */
function Upload({ language, clients, client, made }: KeysProps): JSX.Element {
  const say = sayIn(language);
  const fields = (
    <>
      <ChoiceField
        name="client"
        label={say('应用', 'Client')}
        value={client?.id}
        options={clients
          .filter(({ uri }) => uri !== undefined)
          .map(({ client: { id, name } }) => ({ value: id, title: name[language] }))}
      />
      <div class="stacked" data-request>
        <AreaField
          name="request"
          rows={5}
          maxLength={16_384}
          class="pem"
          label={say('粘贴签名请求的全文', 'Paste the whole signing request')}
        />
        <FilesField
          name="files"
          several={false}
          label={say('或者选择请求文件', 'or choose its file')}
          accept=".pem,.csr,.der"
          hint={say('第一步生成的请求文件，不是密钥文件。', 'request.pem of the first step, not key.pem.')}
        />
        <p class="notice bad" role="alert" data-told hidden>
          {say(
            '这是私钥，没有发送。私钥不得离开您的机器，请改选签名请求。',
            'That is a private key; it was not sent. It stays on your machine: choose the request.',
          )}
        </p>
      </div>
      <p>
        <button class="button" type="submit">
          {say('签发证书', 'Issue the certificate')}
        </button>
      </p>
    </>
  );
  const form = { action: KEYS, name: KEYS, class: 'stacked', files: true, 'data-once': true } as const;
  return made === undefined ? (
    <Form {...form}>{fields}</Form>
  ) : (
    <FoldedForm {...form} summary={say('再签发一张', 'Issue another')}>
      {fields}
    </FoldedForm>
  );
}

function Made({ made, name, say }: { made: OwnCertificate; name: string; say: Say }): JSX.Element {
  return (
    <section class="notice" id="made" role="status">
      <p>
        <b>{say(`已为${name}签发证书`, `A certificate was issued for ${name}`)}</b>
        {made.content === undefined
          ? null
          : say(
              `，有效期至 ${localMinute(made.content.until)}（北京时间）。`,
              `, good until ${localMinute(made.content.until)} (Asia/Shanghai).`,
            )}
      </p>
      <p class="row">
        <a class="button" href={`${KEYS}/${made.serial}`} download="cert.pem">
          {say('下载证书', 'Download cert.pem')}
        </a>
        <a href="/verify/ca.pem" download="ca.pem">
          {say('下载机构证书', 'Download ca.pem')}
        </a>
      </p>
      <p class="foot">
        {say(
          '两个文件与密钥放在同一文件夹，即可执行第三步、第四步。',
          'Put both files beside key.pem and go on with the third step.',
        )}
      </p>
    </section>
  );
}

function Steps(props: KeysProps & { readonly client: Client }): JSX.Element {
  const { language, client, made, api, question, known } = props;
  const say = sayIn(language);
  const address = `export API=${api ?? 'https://127.0.0.1:8443'}`;
  const dataset = question.datasets.slice(0, 1).map(({ id }) => `/${id}`)[0] ?? '';
  const asks = askedIn(questionAsked(question), client.id).find(({ id }) => id === 'curl')?.code ?? '';
  return (
    <ol class="to-answer">
      <li>
        <h2>{say('生成密钥和签名请求', 'Make a key and a signing request')}</h2>
        <p class="soft">
          {say(
            '在应用所在的机器上执行。私钥留在该机器，不提交。请求中的名称不采用：证书上的应用身份由本系统按登记写入。',
            'On the machine of the client. The private key stays there. Names in the request are not taken over: the ' +
              'certificate bears the name by which the client is registered.',
          )}
        </p>
        <Command id="make" code={makesRequest(client.id)} say={say} />
      </li>
      <li>
        <h2>{say('提交签名请求，取得证书', 'Send the request, get the certificate')}</h2>
        {made === undefined ? null : <Made made={made} name={client.name[language]} say={say} />}
        <Upload {...props} />
        <details>
          <summary>{say('不经浏览器：在开发城市所在机器上执行', 'Without a browser, where the city runs')}</summary>
          <Command
            id="sign"
            code={`npx yitong pki issue ${client.id} --request request.pem --dir .yitong/data/pki`}
            say={say}
          />
        </details>
      </li>
      <li>
        <h2>{say('用证书连接', 'Connect with it')}</h2>
        <p class="soft">
          {say(
            '返回数据集的目录信息，即表示证书可用、连接已通。',
            'What the catalogue says of a dataset comes back: the certificate is taken.',
          )}
        </p>
        <Command
          id="connect"
          code={`${address}\ncurl --cacert ca.pem --cert cert.pem --key key.pem $API/v1/catalogue${dataset}`}
          say={say}
        />
      </li>
      <li>
        <h2>{say('提出第一个查询', 'Ask the first question')}</h2>
        {question.datasets.length === 0 ? (
          <p class="soft">{say('该应用还没有可以查询的授权。', 'Nothing is granted to this client so far.')}</p>
        ) : (
          <>
            <p class="soft">
              {known
                ? say(
                    '查询开发城市中的一家企业，返回其登记记录；每次查询都先记入日志。',
                    'About a company of the development city: its records come back; each question is on record first.',
                  )
                : say(
                    '查询的主体是虚构的，登记中没有其记录。改用开发城市中的企业，即可得到记录；每次查询都记入日志。',
                    'It is about somebody invented, of whom no register knows. Name a company of the city instead to ' +
                      'get records; each question is on record.',
                  )}
            </p>
            <Command id="ask" code={asks} say={say} />
          </>
        )}
      </li>
    </ol>
  );
}

const STATES = {
  in_force: { zh: '有效', en: 'in force', css: 'ok' },
  revoked: { zh: '已吊销', en: 'revoked', css: 'bad' },
  expired: { zh: '已到期', en: 'over', css: 'none' },
  damaged: { zh: '文件损坏', en: 'file damaged', css: 'warn' },
} as const;

interface LineProps {
  readonly line: OwnCertificate;
  readonly name: string;
  readonly language: Language;
  readonly now: number;
}

function Line({ line, name, language, now }: LineProps): JSX.Element {
  const say = sayIn(language);
  const { serial, state, content, revokedAt } = line;
  // the last second that is good counts
  const days = content === undefined ? 0 : Math.ceil((content.until - 1000 - now) / DAY);
  return (
    <tr data-serial={serial} data-state={state}>
      <th scope="row">
        {name}
        <span class="id exact">{serial}</span>
      </th>
      <td data-title={say('状态', 'State')}>
        <span class={`state ${STATES[state].css}`}>{STATES[state][language]}</span>
        {revokedAt === undefined ? null : <span class="plain soft">{localMinute(revokedAt)}</span>}
      </td>
      <td class="date" data-title={say('有效期至', 'Good until')}>
        {content === undefined ? '—' : <time>{localMinute(content.until)}</time>}
        {state === 'in_force' ? (
          <span class="plain soft">{say(`剩 ${days} 天`, `${counted(days, 'day')} left`)}</span>
        ) : null}
      </td>
      <td class="cert-acts">
        {content === undefined ? null : (
          <a href={`${KEYS}/${serial}`} download="cert.pem">
            {say('下载', 'Download')}
          </a>
        )}
        {state === 'in_force' || state === 'damaged' ? (
          <FoldedForm
            action={`${KEYS}/${serial}/revoke`}
            name={`revoke-${serial}`}
            summary={say('吊销', 'Revoke')}
            data-once
          >
            <p class="foot">
              {say('数秒内不再放行，不可恢复，记入日志。', 'Refused within seconds, for good, and on record.')}
            </p>
            <p>
              <button class="button danger" type="submit">
                {say('确认吊销', 'Revoke it')}
              </button>
            </p>
          </FoldedForm>
        ) : null}
      </td>
    </tr>
  );
}

function List({ language, clients, lines, now }: KeysProps): JSX.Element {
  const say = sayIn(language);
  const names = new Map(clients.map(({ client: { id, name } }) => [id, name[language]]));
  return (
    <>
      <h2 id="list">{say('本单位的证书', 'Certificates of the department')}</h2>
      <div class="card">
        {lines.length === 0 ? (
          <p class="empty">{say('还没有在此签发的证书', 'None was issued here yet.')}</p>
        ) : (
          <table class="stack">
            <thead>
              <tr>
                <th scope="col">{say('应用与证书编号', 'Client, serial number')}</th>
                <th scope="col">{say('状态', 'State')}</th>
                <th scope="col">{say('有效期至', 'Good until')}</th>
                <th scope="col">{say('操作', 'Acts')}</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <Line line={line} name={names.get(line.client) ?? ''} language={language} now={now} key={line.serial} />
              ))}
            </tbody>
          </table>
        )}
      </div>
      <p class="foot">
        {say(
          `每个应用同时有效的证书至多 ${MOST_IN_FORCE} 张，每张有效 ${TERM_DAYS} 天；签发和吊销均先记入日志。时间为北京时间。`,
          `At most ${MOST_IN_FORCE} certificates of a client are in force at once, ${TERM_DAYS} days each; issuing ` +
            'and revoking are on record first. Times of Asia/Shanghai.',
        )}
      </p>
    </>
  );
}

/** Where this installation is no development city. */
function Elsewhere({ language, clients }: KeysProps): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <p class="notice warn">
        {say(
          '这里是正式系统：应用证书由本市证书机构签发，本页不签发。请按以下步骤申请。',
          "This is production: certificates come from the city's CA, and this page issues none. This is how to ask.",
        )}
      </p>
      <ol class="to-answer">
        <li>
          <h2>{say('生成密钥和签名请求', 'Make a key and a signing request')}</h2>
          <p class="soft">
            {say(
              '在应用所在的机器上执行，私钥不离开该机器。请求中写明该应用登记的身份。',
              'On the machine of the client, where the private key stays. The request states the name by which the ' +
                'client is registered.',
            )}
          </p>
          {clients.map(({ client: { id, name }, uri }) => (
            <Fragment key={id}>
              <h3>{name[language]}</h3>
              {uri === undefined ? (
                <p class="soft">
                  {say(
                    '该应用已停用，或者按证书机构的名称或密钥登记，请向运行单位询问。',
                    'Suspended, or registered by the names of its CA or by its key: ask the operator.',
                  )}
                </p>
              ) : (
                <Command id={`make-${id}`} code={makesRequest(id, `-addext "subjectAltName=URI:${uri}"`)} say={say} />
              )}
            </Fragment>
          ))}
        </li>
        <li>
          <h2>{say('向本市证书机构申请', "Ask the city's CA")}</h2>
          <p>
            {say(
              '将请求文件连同应用名称、所属单位送交本市证书机构。本系统信任哪些证书机构、各可为哪些单位签发，由运行单位登记。',
              'Hand it in with the name of the client and the department. Which CAs are trusted here, and for which ' +
                'departments, the operator has registered.',
            )}
          </p>
        </li>
        <li>
          <h2>{say('换用与停用', 'Renewing, and giving up')}</h2>
          <p>
            {say(
              '新旧证书可以并用，换好后再停用旧证书。密钥遗失或者外泄的，请立即向证书机构申请吊销；吊销列表更新后，本系统数秒内不再放行。',
              'A new certificate works beside the old one. Where a key is lost or told, have the CA revoke it at ' +
                'once: with its next list it is refused here within seconds.',
            )}
          </p>
        </li>
      </ol>
    </>
  );
}

export function keysPage(props: KeysProps): JSX.Element {
  const { language, development, client, lines } = props;
  const say = sayIn(language);
  return (
    <>
      <h1>{say('应用证书', 'Client certificates')}</h1>
      <DeskTabs here="keys" tries language={language} />
      <p class="lead">
        {development
          ? say(
              '从密钥到第一个答复，共四步，命令可直接复制。',
              'From a key to the first answer in four steps; the commands are ready to copy.',
            )
          : say('应用凭证书连接本系统，一个应用一个身份。', 'A client connects by a certificate that bears its name.')}
      </p>
      {client === undefined ? (
        <p class="notice">{say('本单位没有在用的应用。', 'Your department has no client in force.')}</p>
      ) : development ? (
        <Steps {...props} client={client} />
      ) : (
        <Elsewhere {...props} />
      )}
      {(client !== undefined && development) || lines.length > 0 ? <List {...props} /> : null}
    </>
  );
}
