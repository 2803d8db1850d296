/**
 * What people and programs do that the log records by name, each with its words. One table for acts (`administration`),
 * one for looks (`looked`): an action that has no words cannot be written.
 */
import type { Localised } from '../../../contracts/types.js';

const acts = {
  policies_in_force: { zh: '策略生效', en: 'policies came into force' },
  contracts_in_force: { zh: '数据契约生效', en: 'contracts came into force' },
  revocation_list_in_force: { zh: '证书吊销列表生效', en: 'a revocation list came into force' },
  certificate_in_force: { zh: '证书生效', en: 'a certificate came into force' },
  records_published: { zh: '推送记录', en: 'records were pushed' },
  quarantine_shown: { zh: '查看未通过校验的数据', en: 'saw the quarantine' },
  quarantine_retry: { zh: '发起重新校验', en: 'began to try rows held back again' },
  quarantine_retried: { zh: '重新校验数据', en: 'tried rows held back again' },
  withdrawal_released: { zh: '确认撤回暂缓的记录', en: 'released a held withdrawal' },
  withdrawal_kept: { zh: '确认保留暂缓撤回的记录', en: 'kept a record that had left' },
  grant_suspended: { zh: '暂停授权', en: 'suspended a grant' },
  grant_resumed: { zh: '恢复授权', en: 'resumed a grant' },
  complaint: { zh: '投诉', en: 'complained' },
  erasure: { zh: '依法抹除主体信息', en: 'erased a subject' },
  expiry: { zh: '销毁到期内容', en: 'destroyed expired bodies' },
  alert_raised: { zh: '产生告警', en: 'an alert was raised' },
  authorisation_recorded: { zh: '授权查询报告', en: 'authorised a company' },
  authorisation_withdrawn: { zh: '撤回报告授权', en: 'withdrew an authorisation' },
  authorisation_requested: { zh: '请求报告授权', en: 'asked a company to authorise it' },
  authorisation_declined: { zh: '拒绝报告授权', en: 'declined to authorise a company' },
  document_revoked: { zh: '撤销文书', en: 'revoked a document' },
  ticket_act: { zh: '办理工单', en: 'acted on a ticket' },
  ticket_act_void: { zh: '工单办理未生效', en: 'an act on a ticket took no effect' },
  tickets_shown: { zh: '向应用提供工单', en: 'tickets were shown to a system' },
  restored: { zh: '从备份恢复', en: 'restored from a backup' },
  taken_over: { zh: '接管日志', en: 'took the log over' },
} as const satisfies Readonly<Record<string, Localised>>;

const looks = {
  overview: { zh: '查看概览', en: 'saw the overview' },
  search: { zh: '检索数据使用记录', en: 'searched' },
  search_subject: { zh: '按主体检索数据使用记录', en: 'searched by subject' },
  entry: { zh: '查看一条记录', en: 'read an entry' },
  resolve: { zh: '显示主体', en: 'had a subject shown' },
  export: { zh: '导出数据使用记录', en: 'exported' },
  certificate: { zh: '出具存证证明', en: 'had a certificate of proof made' },
  log: { zh: '查看日志状态', en: 'saw the health of the log' },
  alerts: { zh: '查看告警列表', en: 'saw the alerts' },
  alert: { zh: '查看一条告警', en: 'read an alert' },
  alert_acknowledged: { zh: '确认告警', en: 'acknowledged an alert' },
  privileges: { zh: '查看授权使用情况', en: 'saw what is granted and not used' },
  replay: { zh: '策略回溯验证', en: 'replayed the policies' },
  feeds: { zh: '查看数据源列表', en: 'saw the feeds' },
  feed: { zh: '查看一个数据源', en: 'saw a feed' },
  quarantine_rows: { zh: '查看未通过校验数据的内容', en: 'read a row held back' },
  grants: { zh: '查看共享授权列表', en: 'saw the grants' },
  grant: { zh: '查看一项授权', en: 'saw a grant' },
  history: { zh: '查看本企业数据使用记录', en: 'read its own history' },
  reports: { zh: '查看本企业报告列表', en: 'saw its reports' },
  report: { zh: '查看一份报告', en: 'read a report' },
  report_changes: { zh: '比对报告出具后的变化', en: 'compared a report with the registers since' },
  names: { zh: '按名称查找企业', en: 'looked a company up by its name' },
  authorisations: { zh: '查看报告授权', en: 'saw its authorisations' },
  complaints: { zh: '查看投诉', en: 'read complaints' },
  tickets: { zh: '查看异议、修复与投诉', en: 'saw objections, repairs and complaints' },
  ticket: { zh: '查看一件工单', en: 'read a ticket' },
  ticket_file: { zh: '下载工单所附文件', en: 'downloaded a file of a ticket' },
  ticket_records: { zh: '查看可提出异议的记录', en: 'saw records that can be objected to' },
} as const satisfies Readonly<Record<string, Localised>>;

/** Of an `administration` entry. */
export type ActionName = keyof typeof acts;
/** Of a `looked` entry. */
export type LookName = keyof typeof looks;
export const actionTable: Readonly<Record<ActionName, Localised>> = acts;
export const lookTable: Readonly<Record<LookName, Localised>> = looks;

const wordsIn = (table: Readonly<Record<string, Localised>>, name: unknown, unknown: Localised): Localised =>
  (typeof name === 'string' && Object.hasOwn(table, name) ? table[name] : undefined) ?? unknown;

/** Of a name as an entry holds it; an entry of a later version may hold one that this version has not. */
export const actionWords = (action: unknown): Localised =>
  wordsIn(acts, action, { zh: '未登记的操作', en: typeof action === 'string' ? action : 'unknown' });
export const lookWords = (action: unknown): Localised =>
  wordsIn(looks, action, { zh: '未登记的查阅', en: typeof action === 'string' ? action : 'unknown' });
