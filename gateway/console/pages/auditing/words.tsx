/** One entry of the log in plain words. */
import type { JSX } from 'preact';
import type { FoundEntry } from '../../../audit/search/index.js';
import { reasonWords } from '../../../../policies/explain.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../page.js';

export const typeNames: Readonly<Record<string, Localised>> = {
  released: { zh: '答复', en: 'answer' },
  included: { zh: '批量答复中的主体', en: 'subject of a batch' },
  completed: { zh: '答复完成', en: 'answers completed' },
  refused_before_identity: { zh: '身份未核验', en: 'refused before identity' },
  refused: { zh: '拒绝', en: 'refusal' },
  signed_in: { zh: '登录', en: 'sign-in' },
  looked: { zh: '查阅', en: 'look' },
  issued: { zh: '出具文书', en: 'document issued' },
  verified: { zh: '核验文书', en: 'document verified' },
  compliance_code: { zh: '合规码', en: 'compliance code' },
  administration: { zh: '管理操作', en: 'administration' },
  journal_gap: { zh: '日志缺口', en: 'gap in a journal' },
};

/** What people do, and how it ended. */
const actionNames: Readonly<Record<string, Localised>> = {
  overview: { zh: '查看概览', en: 'saw the overview' },
  search: { zh: '检索', en: 'searched' },
  search_subject: { zh: '按主体检索', en: 'searched by subject' },
  entry: { zh: '查看一条记录', en: 'read an entry' },
  resolve: { zh: '显示主体', en: 'had a subject shown' },
  export: { zh: '导出', en: 'exported' },
  log: { zh: '查看日志状态', en: 'saw the health of the log' },
  feeds: { zh: '查看数据源', en: 'saw the feeds' },
  feed: { zh: '查看一个数据源', en: 'saw a feed' },
  quarantine_rows: { zh: '查看被隔离行的内容', en: 'read a row held back' },
  grants: { zh: '查看共享授权', en: 'saw the grants' },
  grant: { zh: '查看一份授权', en: 'saw a grant' },
  history: { zh: '查看自己的访问历史', en: 'read its own history' },
  reports: { zh: '查看自己的报告', en: 'saw its reports' },
  report: { zh: '查看一份报告', en: 'read a report' },
  report_changes: { zh: '比对报告出具以来的变化', en: 'compared a report with the registers since' },
  authorisations: { zh: '查看报告授权', en: 'saw its authorisations' },
  authorisation_recorded: { zh: '授权查询报告', en: 'authorised a company' },
  authorisation_withdrawn: { zh: '撤回报告授权', en: 'withdrew an authorisation' },
  complaints: { zh: '查看投诉', en: 'read complaints' },
  complaint: { zh: '投诉', en: 'complained' },
  tickets: { zh: '查看异议与修复', en: 'saw objections and repairs' },
  ticket: { zh: '查看一张工单', en: 'read a ticket' },
  ticket_records: { zh: '查看可提异议的记录', en: 'saw records that can be objected to' },
  ticket_act: { zh: '办理工单', en: 'acted on a ticket' },
  ticket_act_void: { zh: '工单办理未生效', en: 'an act on a ticket took no effect' },
  tickets_shown: { zh: '向系统提供工单', en: 'tickets were shown to a system' },
  grant_suspended: { zh: '暂停授权', en: 'suspended a grant' },
  grant_resumed: { zh: '恢复授权', en: 'resumed a grant' },
  quarantine_shown: { zh: '查看隔离区', en: 'saw the quarantine' },
  withdrawal_released: { zh: '确认撤回暂缓的记录', en: 'released a held withdrawal' },
  withdrawal_kept: { zh: '确认保留暂缓撤回的记录', en: 'kept a record that had left' },
  quarantine_retried: { zh: '重试被隔离的行', en: 'tried rows held back again' },
  document_revoked: { zh: '撤销文书', en: 'revoked a document' },
  erasure: { zh: '抹除一个主体', en: 'erased a subject' },
  expiry: { zh: '销毁到期内容', en: 'destroyed expired bodies' },
  policies_in_force: { zh: '策略生效', en: 'policies came into force' },
  revocation_list_in_force: { zh: '吊销列表生效', en: 'a revocation list came into force' },
  records_published: { zh: '推送记录', en: 'records were pushed' },
  signed_in: { zh: '登录', en: 'signed in' },
  signed_out: { zh: '退出', en: 'signed out' },
  refused: { zh: '登录被拒', en: 'was refused' },
};
const actionWords = (action: unknown, language: Language): string => (typeof action === 'string' ? (actionNames[action]?.[language] ?? action) : '');

export const deliveryNames: Readonly<Record<string, Localised>> = {
  query: { zh: '查询', en: 'query' },
  verify: { zh: '核验', en: 'verification' },
  batch: { zh: '批量查询', en: 'batch' },
};

export function Effect({ effect, language }: { readonly effect: string | undefined; readonly language: Language }): JSX.Element {
  const allow = effect === 'allow';
  return <span class={`state ${allow ? 'ok' : 'bad'}`}>{allow ? (language === 'zh' ? '提供' : 'released') : language === 'zh' ? '拒绝' : 'denied'}</span>;
}

/** A line for a list. */
export function inOneLine({ body }: FoundEntry, language: Language): string {
  const zh = language === 'zh';
  switch (body.type) {
    case 'released': {
      const asked = body.datasets ?? [];
      const refused = asked.filter(({ effect }) => effect === 'deny').length;
      const records = asked.reduce((sum, { records: n }) => sum + (n ?? 0), 0);
      const dry = body.dryRun === true ? (zh ? '（试算）' : ' (dry run)') : '';
      if (refused === asked.length) return (zh ? `全部拒绝` : `all denied`) + dry;
      return (zh ? `提供 ${records} 条记录${refused > 0 ? `，${refused} 个数据集被拒` : ''}` : `${records} ${records === 1 ? 'record' : 'records'} released${refused > 0 ? `, ${refused} ${refused === 1 ? 'dataset' : 'datasets'} denied` : ''}`) + dry;
    }
    case 'completed':
      return zh ? `${body.answers?.length ?? 0} 次答复完成` : `${body.answers?.length ?? 0} answers completed`;
    case 'refused_before_identity':
      return `${body.count ?? 0} × ${body.code ?? ''}`;
    case 'refused':
      return `${String(body['route'])} · ${body.code ?? ''}`;
    case 'administration':
    case 'looked':
      return actionWords(body.action, language);
    case 'signed_in':
      return actionWords(body['outcome'], language);
    default:
      return '';
  }
}

/** Why a dataset was denied, in words. */
export const whyDenied = (reason: unknown, language: Language): string => (typeof reason === 'string' ? reasonWords(reason)[language] : '');
