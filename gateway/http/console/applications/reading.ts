/** An application as its page shows it to whoever looks: only parts of one's own, only acts that are possible now. */

import { authorityTitle } from '../../../../contracts/authorities.js';
import type { ClockReading } from '../../../../contracts/lifecycle/clocks.js';
import type { Lifecycle, Side } from '../../../../contracts/lifecycle/types.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { Contract, FieldInfo } from '../../../../contracts/types.js';
import { rowsInWords } from '../../../../policies/explain.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { Language } from '../../../ground/language/language.js';
import type { Application, AskedDataset as AskedPart, Reply } from '../../../procedures/sharing/application.js';
import type { MatterComment } from '../../../procedures/sharing/comments.js';
import { grantIdsOf } from '../../../procedures/sharing/machines/application.js';
import { seesPart, seesReply, seesStep } from '../../../procedures/sharing/shown.js';
import type { Matter, MatterStep, OpenedMatter, PossibleAct, SeenMatter } from '../../../procedures/sharing/types.js';
import { missingOf, rowsOf, TEXTS, textNames, textsOf } from './content.js';
import { type Risk, riskOf } from './risk.js';
import type { ActLine, AskedDataset, ClockLine, FieldLine, Marked, MatterView, StepLine, TrayLine } from './views.js';

type Ground = Pick<GatewayContext, 'workspace' | 'inForce' | 'view' | 'now'> & {
  /** Calls of today by grant, where they were looked up. */
  readonly calls?: ReadonlyMap<string, number> | undefined;
};

const CSS: Readonly<Record<string, Marked['css']>> = {
  draft: 'none',
  consented: 'none',
  filed: 'warn',
  incomplete: 'warn',
  proposed: 'warn',
  agreed: 'ok',
  refused: 'bad',
  supplied: 'ok',
  'in-use': 'ok',
  ended: 'none',
  closed: 'none',
  withdrawn: 'none',
};

/** What is to be done, of acts that wait for somebody; the first that is possible is told. */
const WAITS: readonly (readonly [act: string, words: Localised])[] = [
  ['approve', { zh: '审核是否同意提出', en: 'consent to it or not' }],
  ['file', { zh: '提出申请', en: 'file it' }],
  ['complete', { zh: '补充材料', en: 'complete it' }],
  ['agree', { zh: '审定答复', en: 'decide on the reply' }],
  ['refuse', { zh: '审定答复', en: 'decide on the reply' }],
  ['consent', { zh: '审定延期', en: 'decide on the extension' }],
  ['propose', { zh: '拟定答复', en: 'draft the reply' }],
  ['supply', { zh: '提供数据', en: 'supply' }],
  ['use', { zh: '确认投入使用', en: 'confirm the use' }],
  ['close', { zh: '确认办结', en: 'close' }],
  ['save', { zh: '继续填写', en: 'go on writing' }],
];
const DANGER: ReadonlySet<string> = new Set(['refuse', 'withdraw', 'end', 'return', 'send-back']);
/** Drafting and saving have a page of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set(['draft', 'save']);

export const applicationIn = ({ contents }: Pick<Matter, 'contents'>): Application | undefined =>
  contents['application'] as unknown as Application | undefined;
const replyIn = ({ contents }: Pick<Matter, 'contents'>, part: string): Reply | undefined =>
  contents[`reply/${part}`] as unknown as Reply | undefined;

const known = (title: Localised | undefined, id: string, zh: string): Localised => title ?? { zh, en: id };

const listed = (all: readonly Localised[]): Localised => ({
  zh: all.map(({ zh }) => zh).join('、'),
  en: all.map(({ en }) => en).join(', '),
});

/** Names of the workspace, in both languages. */
export function namesFor({ workspace, inForce }: Ground) {
  const { clients, purposes } = inForce().policies;
  const contracts: ReadonlyMap<string, Contract> = workspace.contracts;
  return {
    contract: (id: string): Contract | undefined => contracts.get(id),
    dataset: (id: string): Localised => known(contracts.get(id)?.name, id, '已停用的数据集'),
    client: (id: string): Localised => known(clients.get(id as never)?.name, id, '未登记的应用'),
    purpose: (id: string): Localised => known(purposes.get(id as never)?.name, id, '未登记的用途'),
    authority: (id: string | undefined): Localised =>
      id === undefined
        ? { zh: '未登记的单位', en: 'unknown' }
        : { zh: authorityTitle(workspace, id, 'zh'), en: authorityTitle(workspace, id, 'en') },
  };
}

export const sideOf = ({ head }: Pick<Matter, 'head'>, part: string, side: Side): string | undefined =>
  head.sides[part]?.[side] ?? head.sides['']?.[side];

export function stateOf({ lifecycle, state }: Pick<Matter, 'lifecycle' | 'state'>, part?: string): Marked {
  const states = part === undefined ? Object.values(state.parts) : [state.parts[part]];
  const [first] = states;
  const own = [...new Set(states.map((one) => one?.state ?? ''))];
  if (own.length > 1) return { zh: '各数据集分别办理中', en: 'each dataset by itself', css: 'warn' };
  const title = lifecycle.states[first?.state ?? '']?.title ?? { zh: '办理中', en: 'under way' };
  return { ...title, css: CSS[first?.state ?? ''] ?? 'warn' };
}

function clockLine(lifecycle: Lifecycle, reading: ClockReading, extended: boolean, dataset?: Localised): ClockLine {
  const rule = lifecycle.clocks[reading.clock];
  const { due, over, left } = reading;
  return {
    name: rule?.title ?? { zh: '期限', en: 'term' },
    ...present({ dataset }),
    ...(rule?.days === undefined ? {} : { basis: { zh: rule.basis, en: rule.basis } }),
    term: { unit: 'working-days', due, over, left },
    extended,
  };
}

/** Those that run, of one part. */
export function clocksOf(
  { lifecycle, clocks, state }: Pick<Matter, 'lifecycle' | 'clocks' | 'state'>,
  part: string,
  title?: Localised,
): readonly ClockLine[] {
  return (clocks[part] ?? [])
    .filter(({ stoppedAt }) => stoppedAt === undefined)
    .map((one) => clockLine(lifecycle, one, (state.parts[part]?.clocks[one.clock]?.extended ?? 0) > 0, title));
}

export function actLine(lifecycle: Lifecycle, { act, clock }: PossibleAct, part: string | undefined): ActLine {
  const rule = Object.hasOwn(lifecycle.acts, act) ? lifecycle.acts[act] : undefined;
  const extension = clock === undefined ? undefined : lifecycle.clocks[clock]?.extension;
  const titles: Readonly<Record<string, Localised>> = {
    extend: { zh: '申请延长答复期限', en: 'Ask for an extension' },
    consent: { zh: '同意延长答复期限', en: 'Consent to the extension' },
  };
  const requires = rule?.requires ?? (act === 'extend' ? (extension?.requires ?? []) : []);
  const fields = [...requires, ...(rule?.optional ?? [])].flatMap((name) => {
    const field = lifecycle.fields[name];
    if (field === undefined) return [];
    const { title, max, codes, day } = field;
    return [{ name, title, max, required: requires.includes(name), ...present({ codes, day }) }];
  });
  return {
    act,
    title: rule?.title ?? titles[act] ?? { zh: '办理', en: act },
    ...present({ part, clock }),
    ...(act === 'extend' && extension !== undefined ? { days: extension.days } : {}),
    fields,
    ...(rule?.content === 'reply'
      ? { content: 'reply' as const }
      : act === 'tell-missing'
        ? { content: 'missing' as const }
        : {}),
    danger: DANGER.has(act),
  };
}

/** Acts of one part; `undefined`: of the whole. */
export function actsOf({ lifecycle, acts }: SeenMatter, part: string | undefined): readonly ActLine[] {
  return acts
    .filter(({ act, clock }) => {
      const each = lifecycle.acts[act]?.each === true || clock !== undefined;
      const content = lifecycle.acts[act]?.content;
      return !ELSEWHERE.has(act) && (content === undefined || content === 'reply') && each === (part !== undefined);
    })
    .filter(({ parts }) => part === undefined || parts.includes(part))
    .map((one) => actLine(lifecycle, one, part));
}

function fieldLines(contract: Contract | undefined, asked: AskedPart, reply: Reply | undefined): readonly FieldLine[] {
  const infos = new Map((contract?.latest.fields ?? []).map((one): [string, FieldInfo] => [one.path, one]));
  return (asked.fields ?? []).map(({ path, as = 'value', reason = '' }) => {
    const info = infos.get(path);
    const answer = reply?.fields.find((one) => one.path === path);
    return {
      path,
      title: info?.title ?? { zh: '未登记的字段', en: path },
      classification: info?.classification ?? 'restricted',
      as,
      reason,
      ...(answer === undefined
        ? {}
        : { answer: { yes: answer.decision === 'agree', ...present({ reason: answer.reason }) } }),
    };
  });
}

function riskFor(ground: Ground, application: Application, part: AskedPart): Risk | undefined {
  const { workspace, inForce, view, now } = ground;
  const contract = namesFor(ground).contract(part.dataset);
  if (contract === undefined) return undefined;
  return riskOf(
    {
      contract,
      fields: (part.fields ?? []).map(({ path }) => path),
      rows: rowsOf(part),
      purpose: application.purposes?.[0] ?? '',
      client: part.systems?.[0] ?? '',
      callsADay: part.callsADay ?? 0,
    },
    {
      policies: inForce().policies,
      contracts: workspace.contracts,
      records: view.datasetState(contract.id).records,
      calls: ground.calls,
      now: now(),
    },
  );
}

/** A reply that agrees to something is agreed to, one that refuses all is refused. */
function fitsReply(act: string, reply: Reply | undefined): boolean {
  const agrees = reply?.fields.some(({ decision }) => decision === 'agree') === true;
  return (act !== 'agree' || agrees) && (act !== 'refuse' || !agrees);
}

/** What a draft lacks, each with the dataset that it is about. */
function lackingIn(ground: Ground, matter: OpenedMatter, application: Application | undefined): MatterView['missing'] {
  const isDraft = Object.values(matter.state.parts).some(({ state }) => state === 'draft' || state === 'consented');
  if (application === undefined || !isDraft) return [];
  const names = namesFor(ground);
  return Object.entries(missingOf(application)).map(([field, { zh }]) => {
    const index = /^\w+\.(\d+)/.exec(field)?.[1];
    const dataset = index === undefined ? undefined : application.datasets[Number(index)]?.dataset;
    return { where: dataset === undefined ? { zh: '申请', en: 'The application' } : names.dataset(dataset), says: zh };
  });
}

function datasetView(ground: Ground, matter: SeenMatter, application: Application, part: AskedPart): AskedDataset {
  const names = namesFor(ground);
  const { dataset: id, delivery = [], frequency = '', callsADay, from = '', until = '' } = part;
  const rows = rowsOf(part);
  const contract = names.contract(id);
  const rowTitle =
    rows.kind === 'area' ? contract?.latest.fields.find(({ path }) => path === rows.field)?.title : undefined;
  const mayRisk = matter.parties.some((one) => one.startsWith('provider') || one === 'authority');
  const [clock] = clocksOf(matter, id);
  const grant = grantIdsOf(matter.head.id, application, id).find((one) =>
    [...ground.inForce().policies.grants.keys()].some((known) => known === one),
  );
  return {
    id,
    title: names.dataset(id),
    provider: names.authority(sideOf(matter, id, 'provider') ?? contract?.authority),
    attribute: contract?.sharing.attribute ?? 'conditional',
    ...present({ conditions: contract?.sharing.conditions, clock, grant }),
    fields: fieldLines(contract, part, seesReply(matter, id) ? replyIn(matter, id) : undefined),
    rows: rowsInWords(rows, rowTitle),
    delivery,
    frequency,
    callsADay: callsADay ?? 0,
    from,
    until,
    state: stateOf(matter, id),
    ...present({ risk: mayRisk ? riskFor(ground, application, part) : undefined }),
    acts: actsOf(matter, id).filter(({ act }) => fitsReply(act, replyIn(matter, id))),
  };
}

/** A department, and as what it acted. */
const whoOf = (authority: Localised | undefined, party: Localised | undefined, deputed: boolean): Localised => ({
  zh: [authority?.zh, party === undefined ? undefined : `${deputed ? '代' : ''}${party.zh}`]
    .filter(Boolean)
    .join(' · '),
  en: [authority?.en, party === undefined ? undefined : `${party.en}${deputed ? ', by deputy' : ''}`]
    .filter(Boolean)
    .join(' · '),
});

function stepLine(ground: Ground, matter: OpenedMatter, { event, entry }: MatterStep): StepLine {
  const { lifecycle } = matter;
  const names = namesFor(ground);
  const party = lifecycle.parties[event.party];
  const side = party?.of;
  const authority =
    side === undefined ? undefined : sideOf(matter, event.part ?? Object.keys(matter.state.parts)[0] ?? '', side);
  const words = (language: Language): string =>
    Object.entries(event.fields)
      .map(([name, value]) => {
        const rule = lifecycle.fields[name];
        const says = rule?.codes?.[value]?.[language] ?? value;
        return `${rule?.title[language] ?? ''}${language === 'zh' ? '：' : ': '}${says}`;
      })
      .join('\n');
  const title = lifecycle.acts[event.act]?.title ?? {
    zh: event.act === 'extend' ? `申请延长 ${event.days ?? 0} 个工作日` : '同意延长',
    en: event.act === 'extend' ? `asked for ${event.days ?? 0} working days more` : 'consented to the extension',
  };
  const of =
    event.part === undefined
      ? undefined
      : names.contract(event.part) === undefined
        ? names.authority(event.part)
        : names.dataset(event.part);
  return {
    act: of === undefined ? title : { zh: `${title.zh}（${of.zh}）`, en: `${title.en} (${of.en})` },
    who: whoOf(
      authority === undefined ? undefined : names.authority(authority),
      party?.title,
      event.deputy !== undefined,
    ),
    at: event.at,
    ...(Object.keys(event.fields).length === 0 ? {} : { says: { zh: words('zh'), en: words('en') } }),
    receipt: entry,
  };
}

/** Steps that whoever looks is told of. */
export const historyOf = (ground: Ground, matter: OpenedMatter, authority: string | undefined): readonly StepLine[] =>
  matter.steps
    .filter((step) => step.event.act !== 'save' && seesStep(matter, step, authority))
    .map((step) => stepLine(ground, matter, step));

export const commentLine = (
  ground: Ground,
  { lifecycle }: Pick<Matter, 'lifecycle'>,
  { at, party, authority, text, entry }: MatterComment,
): StepLine => ({
  act: namesFor(ground).authority(authority),
  who: whoOf(undefined, lifecycle.parties[party]?.title, false),
  at,
  says: { zh: text, en: text },
  receipt: entry,
});

/** What was told to be missing and was not given yet. */
function toldMissing(ground: Ground, matter: OpenedMatter): MatterView['missing'] {
  const names = namesFor(ground);
  return Object.entries(matter.state.parts)
    .filter(([, { state }]) => state === 'incomplete')
    .flatMap(([part]) => {
      const told = matter.steps
        .filter(({ event }) => event.act === 'tell-missing' && (event.part ?? part) === part)
        .at(-1);
      return (told?.event.fields['missing'] ?? '')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((says) => ({ where: names.dataset(part), says }));
    });
}

export function matterView(ground: Ground, matter: OpenedMatter, authority: string | undefined): MatterView {
  const names = namesFor(ground);
  const application = applicationIn(matter);
  const parts = (application?.datasets ?? []).filter(({ dataset }) => seesPart(matter, dataset, authority));
  const lacking = lackingIn(ground, matter, application);
  const texts = textsOf(application ?? { datasets: [] });
  return {
    id: matter.head.id,
    machine: matter.head.machine,
    title: {
      zh: `${names.purpose(application?.purposes?.[0] ?? '').zh} · 共享申请`,
      en: `${names.purpose(application?.purposes?.[0] ?? '').en} · application`,
    },
    basis: matter.lifecycle.basis,
    about: [],
    parts: [],
    state: stateOf(matter),
    requester: names.authority(sideOf(matter, '', 'requester')),
    client: listed((application?.datasets[0]?.systems ?? []).map(names.client)),
    facts:
      application === undefined
        ? []
        : [
            { label: { zh: '法律依据', en: 'Legal basis' }, text: (application.basis ?? []).join('；') },
            ...TEXTS.map((name) => ({
              label: textNames[name],
              text: name === 'contractors' && texts[name] === '' ? '无' : texts[name],
            })),
          ],
    datasets: application === undefined ? [] : parts.map((part) => datasetView(ground, matter, application, part)),
    missing: [...lacking, ...toldMissing(ground, matter)],
    clocks: [],
    history: historyOf(ground, matter, authority),
    comments: [],
    deputed: [...new Set(Object.values(matter.deputed))],
    // what is not complete can be neither consented to nor filed
    acts: actsOf(matter, undefined).filter(({ act }) => lacking.length === 0 || (act !== 'approve' && act !== 'file')),
  };
}

interface Wait {
  readonly act: PossibleAct;
  readonly words: Localised;
}

function waitOf(matter: SeenMatter, part: string): Wait | undefined {
  const at = matter.state.parts[part]?.state;
  for (const [act, words] of WAITS) {
    const found = matter.acts.find((one) => one.act === act && one.parts.includes(part));
    // a reply that was drafted waits for the head
    if (found !== undefined && !(act === 'propose' && at !== 'filed')) return { act: found, words };
  }
  return undefined;
}

/** Whether the law lets it go together with others: shared without conditions, and agreed to in full. */
function goesTogether(matter: SeenMatter, part: string, wait: Wait): boolean {
  if (matter.state.parts[part]?.holder !== 'unconditional') return false;
  const reply = replyIn(matter, part);
  return (
    wait.act.act === 'propose' ||
    (wait.act.act === 'agree' && reply !== undefined && reply.fields.every(({ decision }) => decision === 'agree'))
  );
}

/** One line of what waits for each part; of the rest, one of the whole. */
export function trayLines(
  ground: Ground,
  matter: SeenMatter,
  todo: boolean,
  authority: string | undefined,
): readonly TrayLine[] {
  const names = namesFor(ground);
  const application = applicationIn(matter);
  if (application === undefined) return [];
  const parts = application.datasets.filter(({ dataset }) => seesPart(matter, dataset, authority));
  const line = (of: readonly AskedPart[], wait?: Wait): TrayLine => {
    const ids = of.map(({ dataset }) => dataset);
    const [first = ''] = ids;
    const part = ids.length === 1 ? of[0] : undefined;
    const terms = ids.flatMap((id) => clocksOf(matter, id)).sort((a, b) => a.term.left - b.term.left);
    const titles = ids.map(names.dataset);
    const provides = matter.parties.some((one) => one.startsWith('provider'));
    return {
      id: matter.head.id,
      machine: matter.head.machine,
      title: listed(titles),
      from: names.authority(sideOf(matter, '', 'requester')),
      to: names.authority(sideOf(matter, first, 'provider')),
      here: provides,
      purpose: names.purpose(application.purposes?.[0] ?? ''),
      attribute: ids.some((id) => names.contract(id)?.sharing.attribute === 'conditional')
        ? 'conditional'
        : 'unconditional',
      fields: of.reduce((sum, { fields = [] }) => sum + fields.length, 0),
      state: ids.length === 1 ? stateOf(matter, first) : stateOf(matter),
      ...present({
        todo: wait?.words,
        term: terms[0]?.term,
        risk: provides && part !== undefined ? riskFor(ground, application, part)?.level : undefined,
        together:
          wait !== undefined && part !== undefined && goesTogether(matter, part.dataset, wait)
            ? `${matter.head.id} ${part.dataset}`
            : undefined,
      }),
      since: matter.at,
    };
  };
  if (!todo) return parts.length === 0 ? [] : [line(parts)];
  const single: TrayLine[] = [];
  const whole: AskedPart[] = [];
  let wholeWait: Wait | undefined;
  for (const part of parts) {
    const wait = waitOf(matter, part.dataset);
    if (wait === undefined) continue;
    if (matter.lifecycle.acts[wait.act.act]?.each === true || wait.act.clock !== undefined)
      single.push(line([part], wait));
    else {
      whole.push(part);
      wholeWait ??= wait;
    }
  }
  return [...(whole.length === 0 ? [] : [line(whole, wholeWait)]), ...single];
}

/** What runs out first in front; what has no term after it, the oldest first. */
export const byDue = (a: TrayLine, b: TrayLine): number =>
  (a.term?.due.overAt ?? Number.POSITIVE_INFINITY) === (b.term?.due.overAt ?? Number.POSITIVE_INFINITY)
    ? a.since - b.since
    : (a.term?.due.overAt ?? Number.POSITIVE_INFINITY) - (b.term?.due.overAt ?? Number.POSITIVE_INFINITY);
