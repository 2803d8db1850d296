/** One entry of the log in plain words. */
import { errorWordsOf } from '../../../contracts/error-words.js';
import type { Localised } from '../../../contracts/types.js';
import { reasonWords } from '../../../policies/words.js';
import type { Language } from '../../ground/language/language.js';
import { actionWords, lookWords } from '../../log/entries/actions.js';
import type { EventType } from '../../log/entries/events.js';
import type { FoundEntry } from '../../log/search/index.js';

export const typeNames: Readonly<Record<EventType, Localised>> = {
  released: { zh: '答复', en: 'answer' },
  included: { zh: '批量答复中的主体', en: 'subject of a batch' },
  completed: { zh: '答复完成', en: 'answers completed' },
  refused_before_identity: { zh: '身份未核验', en: 'refused before identity' },
  refused: { zh: '拒绝', en: 'refusal' },
  signed_in: { zh: '登录', en: 'sign-in' },
  looked: { zh: '查阅操作', en: 'look' },
  issued: { zh: '出具文书', en: 'document issued' },
  verified: { zh: '核验文书', en: 'document verified' },
  compliance_code: { zh: '合规码核验', en: 'compliance code' },
  administration: { zh: '管理操作', en: 'administration' },
  journal_gap: { zh: '日志缺口', en: 'gap in a journal' },
};

/** How a sign-in ended. */
export const outcomes: Readonly<Record<string, Localised>> = {
  signed_in: { zh: '登录', en: 'signed in' },
  signed_out: { zh: '退出', en: 'signed out' },
  refused: { zh: '登录被拒', en: 'was refused' },
};

/** What the verification of a document found. */
export const verdicts: Readonly<Record<string, Localised>> = {
  genuine: { zh: '真实有效', en: 'genuine' },
  changed: { zh: '出具后有变化', en: 'changed since' },
  revoked: { zh: '已撤销', en: 'revoked' },
  unknown: { zh: '查无此文书', en: 'no such document' },
};

export const steps: Readonly<Record<string, Localised>> = {
  created: { zh: '出示合规码', en: 'a code was shown' },
  scanned: { zh: '发起核验', en: 'a question was asked' },
  confirmed: { zh: '企业同意', en: 'the company agreed' },
  refused: { zh: '企业拒绝', en: 'the company refused' },
  answered: { zh: '答复已取走', en: 'the answer was taken' },
  released: { zh: '扫码出示报告', en: 'a report was released' },
  looked: { zh: '报告已被查看', en: 'the report was seen' },
  withdrawn: { zh: '企业撤回出示', en: 'the release was taken back' },
};

export const gaps: Readonly<Record<string, Localised>> = {
  missing: { zh: '记录缺失', en: 'entries are missing' },
  damaged: { zh: '记录损坏', en: 'entries are damaged' },
  rolled_back: { zh: '存储被回退', en: 'the disk was set back' },
  vanished: { zh: '存储丢失', en: 'the disk is gone' },
  lost: { zh: '由另一节点接管', en: 'another replica took over' },
};

/** Figures of alerts. */
export const factNames: Readonly<Record<string, Localised>> = {
  cases: { zh: '办件数', en: 'cases' },
  hours: { zh: '时长（小时）', en: 'hours' },
  minutes: { zh: '时长（分钟）', en: 'minutes' },
  sequence: { zh: '连续查询次数', en: 'one after the other' },
  subjects: { zh: '主体数', en: 'subjects' },
  missing: { zh: '其中无记录', en: 'of them without records' },
  hour: { zh: '时段（时）', en: 'hour' },
  weekend: { zh: '周末', en: 'weekend' },
  requests: { zh: '请求数', en: 'requests' },
  purpose: { zh: '用途', en: 'purpose' },
  clients: { zh: '应用数', en: 'clients' },
  authorities: { zh: '单位数', en: 'authorities' },
  refusals: { zh: '被拒次数', en: 'refusals' },
  knocks: { zh: '身份核验前被拒次数', en: 'refusals before identity' },
  sources: { zh: '网络地址数', en: 'network addresses' },
  busiestBefore: { zh: '以往最高', en: 'busiest before' },
  ticket: { zh: '工单编号', en: 'ticket' },
  lifecycle: { zh: '办理流程', en: 'lifecycle' },
  clock: { zh: '时限', en: 'clock' },
  party: { zh: '承办方', en: 'party' },
  due: { zh: '到期日', en: 'due' },
};

export const inWords = (table: Readonly<Record<string, Localised>>, id: unknown, language: Language): string =>
  (typeof id === 'string' && Object.hasOwn(table, id) ? table[id]?.[language] : undefined) ??
  (language === 'zh' ? '其他' : typeof id === 'string' ? id : '');

/** `released` and the like; of a type that a later version wrote, that it is another one. */
export const typeWords = (type: string | undefined, language: Language): string => inWords(typeNames, type, language);

/** A line for a list. */
export function inOneLine({ body }: FoundEntry, language: Language): string {
  const zh = language === 'zh';
  switch (body.type) {
    case 'released': {
      const asked = body.datasets ?? [];
      const refused = asked.filter(({ effect }) => effect === 'deny').length;
      const records = asked.reduce((sum, { records: n }) => sum + (n ?? 0), 0);
      const dry = body.dryRun === true ? (zh ? '（试算）' : ' (dry run)') : '';
      if (refused === asked.length) return (zh ? '全部不予提供' : 'all denied') + dry;
      if (zh) return `提供 ${records} 条记录${refused > 0 ? `，${refused} 个数据集不予提供` : ''}${dry}`;
      const released = `${records} ${records === 1 ? 'record' : 'records'} released`;
      const denied = refused > 0 ? `, ${refused} ${refused === 1 ? 'dataset' : 'datasets'} denied` : '';
      return released + denied + dry;
    }
    case 'completed':
      return zh ? `${body.answers?.length ?? 0} 次答复完成` : `${body.answers?.length ?? 0} answers completed`;
    case 'refused_before_identity':
      return `${errorWordsOf(body.code)[language]} × ${body.count ?? 0}`;
    case 'refused':
      return zh ? errorWordsOf(body.code).zh : `${String(body['route'])} · ${body.code ?? ''}`;
    case 'administration':
      return actionWords(body.action)[language];
    case 'looked':
      return lookWords(body.action)[language];
    case 'signed_in':
      return inWords(outcomes, body['outcome'], language);
    case 'verified':
      return inWords(verdicts, body['outcome'], language);
    case 'compliance_code':
      return inWords(steps, body['step'], language);
    case 'issued':
      return zh
        ? `${String(body.subjects ?? 1)} 家企业，${Array.isArray(body['domains']) ? body['domains'].length : 0} 个领域`
        : `companies: ${String(body.subjects ?? 1)}, domains: ` +
            `${Array.isArray(body['domains']) ? body['domains'].length : 0}`;
    case 'journal_gap':
      return inWords(gaps, body['why'], language);
    default:
      return '';
  }
}

/** Why a dataset was denied, in words. */
export const whyDenied = (reason: unknown, language: Language): string =>
  typeof reason === 'string' ? reasonWords(reason)[language] : '';
