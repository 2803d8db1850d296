/**
 * From zero to the first answer, step by step: what is done, the command to copy, and what is to be seen. A test runs
 * the commands as they stand on the page (`test/http/console/beginning.test.ts`).
 */
import { present } from '../../../../contracts/present.js';
import type { Localised, Workspace } from '../../../../contracts/types.js';
import { asCommand, type TourStep } from '../../../../policies/tour.js';
import type { PolicySet } from '../../../../policies/types.js';
import type { UpFile } from '../../../ground/files/places.js';
import type { Language } from '../../../ground/language/language.js';
import { type ApiRequest, questionAsked } from '../../ui/asking.js';
import { choicesOf } from '../developer/desk.js';
import { makesRequest } from '../developer/keys-page.js';
import { DESK, KEYS } from '../developer/tabs.js';

/** What is asked on the page, and where. */
export interface Ground {
  readonly client: string;
  readonly purpose: string;
  readonly dataset: string;
  /** A subject of the sandbox, and one of the city. */
  readonly invented: string;
  readonly subject: string;
  readonly case?: TourStep['case'];
  /** A dataset of which the client has no grant. */
  readonly denied?: string;
  readonly api: string;
  readonly pki: string;
  /** It is that of the page, whose certificates are issued in the browser. */
  readonly city: boolean;
}

export interface Step {
  readonly id: string;
  readonly title: Localised;
  readonly about: Localised;
  /** In the browser: where, and what is pressed there. */
  readonly follow?: { readonly href: string; readonly where: Localised; readonly press: Localised };
  /** In a shell. */
  readonly run?: string;
  /** The same in a shell, where it is done in the browser. */
  readonly otherwise?: string;
  /** In four languages; the first is the one of the shell. */
  readonly request?: ApiRequest;
  /** `…` is what is otherwise each time. */
  readonly seen?: { readonly kind: 'json' | 'text'; readonly text: string };
}

interface Grounds {
  readonly workspace: Workspace;
  readonly now: () => number;
  readonly policies: PolicySet;
  readonly authority: string | undefined;
  readonly tour: readonly TourStep[];
  readonly subjects: readonly { readonly subject: string; readonly scheme: string }[];
  /** The city that serves the page; undefined of an installation that `yitong up` has not started. */
  readonly up: Pick<UpFile, 'api' | 'pki'> | undefined;
}

/** As `yitong up` has them where nobody says otherwise. */
const USUAL = { api: 'https://localhost:8443', pki: '.yitong/data/pki' } as const;

/** Undefined where the department has no client that may ask anything. */
export function groundOf(grounds: Grounds): Ground | undefined {
  const { policies, authority, tour, subjects, up } = grounds;
  const own = choicesOf(grounds, policies, authority, {}).clients.map(({ id }) => id as string);
  // a question that the workspace shows its readers anyway
  const shown = tour.find(({ client }) => own.includes(client));
  const choices = choicesOf(grounds, policies, authority, present({ client: shown?.client, purpose: shown?.purpose }));
  const { client, purpose, datasets, others, grants } = choices;
  const named = shown?.datasets.find((dataset) => datasets.some(({ id }) => id === dataset));
  const contract = datasets.find(({ id }) => id === named) ?? datasets[0];
  if (client === undefined || purpose === undefined || contract === undefined) return undefined;
  const { scheme } = contract.subject;
  const { api, pki } = up ?? USUAL;
  const granted = new Set(
    [...policies.grants.values()].filter((grant) => grant.client === client.id).map(({ dataset }) => dataset),
  );
  const requires = grants.filter(({ dataset }) => dataset === contract.id).flatMap((grant) => grant.requires);
  return {
    client: client.id,
    purpose: purpose.id,
    dataset: contract.id,
    invented: subjects.find((one) => one.scheme === scheme)?.subject ?? `${scheme}:SUBJECT`,
    subject: shown?.subject.startsWith(`${scheme}:`) === true ? shown.subject : `${scheme}:SUBJECT`,
    ...(requires.length === 0
      ? {}
      : { case: Object.fromEntries(requires.map((part) => [part, shown?.case?.[part] ?? 'YOURS'])) }),
    ...present({ denied: others.find(({ id, subject }) => !granted.has(id) && subject.scheme === scheme)?.id }),
    api,
    pki,
    city: up !== undefined,
  };
}

const question = (ground: Ground, subject: string, dataset = ground.dataset): object => ({
  purpose: ground.purpose,
  ...present({ case: ground.case }),
  subject,
  datasets: [{ id: dataset }],
});

const json = (value: object): NonNullable<Step['seen']> => ({
  kind: 'json',
  text: JSON.stringify(value, undefined, 2),
});
const REST = { '…': '…' };

function inSandbox(ground: Ground, language: Language): readonly Step[] {
  const { client, purpose, dataset, invented } = ground;
  const zh = language === 'zh';
  return [
    {
      id: 'browser',
      title: { zh: '在浏览器中试查', en: 'Ask in the browser' },
      about: {
        zh: '应用、用途、主体和数据集均已选好，直接按下按钮。不需要证书，数据全部虚构。',
        en:
          'Client, purpose, subject and datasets are chosen already: press the button. It needs no certificate, and ' +
          'all data are invented.',
      },
      follow: {
        href: `${DESK}?client=${client}&purpose=${purpose}`,
        where: { zh: '试查页', en: 'the sandbox' },
        press: { zh: '在沙箱中查询', en: 'Ask in the sandbox' },
      },
      seen: { kind: 'text', text: zh ? '已答复 虚构数据\n结论与理由' : 'answered invented data\nDecisions, and why' },
    },
    {
      id: 'try',
      title: { zh: '在终端逐步选择', en: 'Choose step by step in a terminal' },
      about: {
        zh: '在工作区目录中运行。每个问题直接回车，即采用方括号内的建议；最后给出可以保存的同一命令。',
        en:
          'In the folder of the workspace. Enter takes what stands in brackets; at the end the same question stands ' +
          'as one command, to be kept.',
      },
      run: `npx yitong try --sandbox --${language}`,
      seen: {
        kind: 'text',
        text: zh
          ? `…\nnpx yitong query ${invented} … --sandbox…\n…数据全部虚构…\n回执 …`
          : `…\nnpx yitong query ${invented} … --sandbox…\n…all data are invented…\nreceipt …`,
      },
    },
    {
      id: 'command',
      title: { zh: '用一条命令查询', en: 'As one command' },
      about: {
        zh: '查询用一条命令查询，答复为程序所读的格式。开发城市已为每个应用备好证书，命令自行取用。',
        en:
          'Such a question, answered as a program reads it. The development city has a certificate for each client, ' +
          'which the command takes itself.',
      },
      run: asCommand({ client, purpose, subject: invented, datasets: [dataset], ...present({ case: ground.case }) }, [
        '--sandbox --json',
      ]),
      seen: json({ sandbox: true, datasets: [{ id: dataset, status: 'current', ...REST }], ...REST }),
    },
  ];
}

/** Its key stays in the folder in which everything else is done. */
function keyAndCertificate({ client, api, pki, city }: Ground): readonly Step[] {
  const issue = [
    `PKI=${pki.startsWith('/') ? `'${pki}'` : `"$PWD/../${pki}"`}`,
    `cp "$(npx yitong pki issue ${client} --request request.pem --dir "$PKI" --workspace ..)" cert.pem`,
    'cp "$PKI/ca.pem" .',
  ].join('\n');
  const inBrowser: Pick<Step, 'follow' | 'otherwise'> = {
    follow: {
      href: `${KEYS}?client=${client}`,
      where: { zh: '应用证书页', en: 'the page of certificates' },
      press: { zh: '签发证书', en: 'Issue the certificate' },
    },
    otherwise: issue,
  };
  return [
    {
      id: 'key',
      title: { zh: '生成密钥和签名请求', en: 'Make a key and a signing request' },
      about: {
        zh: '以下各步在同一终端进行，从工作区目录开始。私钥留在这台机器上，不提交。',
        en:
          'The steps from here on are done in one shell, begun in the folder of the workspace. The private key stays ' +
          'on your machine.',
      },
      run: `mkdir -p first-answer && cd first-answer\n${makesRequest(client)}`,
    },
    {
      id: 'certificate',
      title: { zh: '取得证书', en: 'Get a certificate' },
      about: {
        zh: '选择上一步生成的请求文件，签发后下载证书和机构证书，放进同一目录。正式环境的证书由运行单位信任的机构签发。',
        en:
          'Choose the request.pem of the step before; once it is issued, download cert.pem and ca.pem into the same ' +
          'folder. In production certificates are of the authorities that the operator trusts.',
      },
      ...(city ? inBrowser : { run: issue }),
    },
    {
      id: 'where',
      title: { zh: '设置网关地址', en: 'Say where the gateway is' },
      about: {
        zh: '后面的查询从这里取得网关地址。',
        en: 'The questions that follow take the address from here.',
      },
      run: `export API=${api}`,
    },
  ];
}

function withCertificate(ground: Ground): readonly Step[] {
  const { dataset, denied, invented, subject } = ground;
  return [
    ...keyAndCertificate(ground),
    {
      id: 'sandbox',
      title: { zh: '凭证书在沙箱中查询', en: 'Ask the sandbox with it' },
      about: {
        zh: '查询已通过双向认证，数据仍为虚构。',
        en: 'Both sides show who they are; the data are still invented.',
      },
      request: questionAsked(question(ground, invented), true),
      seen: json({ sandbox: true, datasets: [{ id: dataset, status: 'current', ...REST }], ...REST }),
    },
    {
      id: 'first',
      title: { zh: '第一个回答', en: 'The first answer' },
      about: {
        zh: '向城市的登记查询。答复前已先行留痕，末尾的回执可证明这一点。',
        en: 'Asked of the registers of the city. It was on record before it left, which the receipt at its end proves.',
      },
      request: questionAsked(question(ground, subject)),
      seen: json({
        datasets: [{ id: dataset, status: 'current', records: [{ record: REST, ...REST }, '…'], ...REST }],
        receipt: REST,
        ...REST,
      }),
    },
    ...(denied === undefined
      ? []
      : [
          {
            id: 'denied',
            title: { zh: '查看拒绝的情形', en: 'See how it is denied' },
            about: {
              zh: '没有授权的数据集不予提供，并说明理由；无论该主体是否存在，答复都相同。',
              en:
                'What is not granted is denied, with the reason; the answer is the same whether or not the subject ' +
                'exists.',
            },
            request: questionAsked(question(ground, subject, denied)),
            seen: json({
              status: 403,
              code: 'denied',
              datasets: [{ id: denied, status: 'denied', reason: 'not_granted', ...REST }],
              ...REST,
            }),
          },
        ]),
  ];
}

/** In the order of the page: first in the sandbox, then with a certificate. */
export const stepsOf = (ground: Ground, language: Language): Readonly<Record<'sandbox' | 'city', readonly Step[]>> => ({
  sandbox: inSandbox(ground, language),
  city: withCertificate(ground),
});
