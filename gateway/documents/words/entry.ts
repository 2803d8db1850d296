/** One entry of the log in plain words. */
import { errorWordsOf } from '../../../contracts/error-words.js';
import type { Localised } from '../../../contracts/types.js';
import { reasonWords } from '../../../policies/words.js';
import type { Language } from '../../ground/language/language.js';
import { actionWords, lookWords } from '../../log/entries/actions.js';
import { eventTable } from '../../log/entries/events.js';
import { complianceSteps, gapNames, regionSteps, signInOutcomes, verdicts } from '../../log/entries/outcomes.js';
import type { FoundEntry } from '../../log/search/index.js';

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
export const typeWords = (type: string | undefined, language: Language): string => inWords(eventTable, type, language);

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
      return inWords(signInOutcomes, body['outcome'], language);
    case 'verified':
      return inWords(verdicts, body['outcome'], language);
    case 'compliance_code':
      return inWords(complianceSteps, body['step'], language);
    case 'region':
      return inWords(regionSteps, body['step'], language);
    case 'issued':
      return zh
        ? `${String(body.subjects ?? 1)} 家企业，${Array.isArray(body['domains']) ? body['domains'].length : 0} 个领域`
        : `companies: ${String(body.subjects ?? 1)}, domains: ` +
            `${Array.isArray(body['domains']) ? body['domains'].length : 0}`;
    case 'journal_gap':
      return inWords(gapNames, body['why'], language);
    default:
      return '';
  }
}

/** Why a dataset was denied, in words. */
export const whyDenied = (reason: unknown, language: Language): string =>
  typeof reason === 'string' ? reasonWords(reason)[language] : '';
