/**
 * What people and programs do that the log records by name, each with its words. One table for acts (`administration`),
 * one for looks (`looked`): an action that has no words cannot be written. The lists of docs/audit-events.md are made
 * from here.
 */
import type { Localised } from '../../../contracts/types.js';

interface Act extends Localised {
  /** What `target` and `detail` of the entry say, for docs/audit-events.md. */
  readonly detail: string;
}

const acts = {
  policies_in_force: {
    zh: '策略生效',
    en: 'policies came into force',
    detail:
      'target is the version (digest) of all policies, clients, grants, purposes and anchors, once for the ' +
      'workers of a replica. `before`; for each kind that differs the ids `added`, `removed`, `changed` ' +
      '(20 each at most, then `of` how many); `withdrawals` where only that was taken from a folder that ' +
      'does not load; `suspensions` where a grant was suspended or resumed in the console; `start` when ' +
      'the gateway starts',
  },
  notices_chosen: {
    zh: '更改提醒设置',
    en: 'chose what to be told of',
    detail:
      'target is `switches`, `mail` (an address, which stands under the key of the person alone) or `confirmed`; ' +
      '`requestId`',
  },
  search_saved: {
    zh: '更改已存检索',
    en: 'changed the saved questions',
    detail:
      'target is `saved`, `alert` or `removed`; `requestId`, `question`, `alert`. Name and filters stand under the ' +
      'key of the person alone',
  },
  contracts_in_force: {
    zh: '数据契约生效',
    en: 'contracts came into force',
    detail:
      'target is the digest of what `contracts/` declares (SHA-256, hex); `before`; `feeds` and ' +
      '`settings`, the same of those; `datasets` with the ids that were `added` or `changed` and, of those ' +
      'with a new version, `versions` (20 each at most, then `of` how many); `start` when the gateway ' +
      'starts',
  },
  revocation_list_in_force: {
    zh: '证书吊销列表生效',
    en: 'a revocation list came into force',
    detail: 'target is the anchor; `thisUpdate`, `nextUpdate`, `number`, how many are `revoked`',
  },
  certificate_in_force: {
    zh: '证书生效',
    en: 'a certificate came into force',
    detail:
      'target is `server`, `documents` or `replica`; `fingerprint` (SHA-256 of the certificate, hex), ' +
      '`notAfter`, `before` (the fingerprint until then), `start` when the gateway starts',
  },
  certificate_issued: {
    zh: '签发应用证书',
    en: 'issued a certificate for a client',
    detail:
      'target is the client; `serial`, `fingerprint` (SHA-256 of the certificate, hex), `notAfter`, `requestId`. By ' +
      'the role `developer`, from the development CA, for a key that whoever asks keeps. Durable before the ' +
      'certificate is kept or given out; where the disk took no more after it, there is none',
  },
  certificate_revoked: {
    zh: '吊销应用证书',
    en: 'revoked a certificate of a client',
    detail:
      'target is the client; `serial`, `fingerprint` and `notAfter` as far as its file can be read, `requestId`. By ' +
      'the role `developer`. Durable before the revocation list is written anew; `revocation_list_in_force` tells ' +
      'when that counts',
  },
  records_published: {
    zh: '推送记录',
    en: 'records were pushed',
    detail:
      'target is the dataset; how many records of a push were published, unchanged, merged, quarantined, ' +
      'withdrawn',
  },
  sandbox_asked: {
    zh: '在试用环境查询',
    en: 'asked in the sandbox',
    detail:
      'target is the client; `requestId`, `purpose`, and of each of the `datasets` the `effect`: no record of a ' +
      'register is read',
  },
  quarantine_shown: {
    zh: '查看未通过校验的数据',
    en: 'saw the quarantine',
    detail: 'target is the dataset; how many rows, `contents` whether with what they held, and then their `ids`',
  },
  quarantine_retry: {
    zh: '发起重新校验',
    en: 'began to try rows held back again',
    detail:
      'target is the dataset; written before any row is touched: how many `rows` are asked for, or `all`, ' +
      'and the `ids` of the first 100. By a client, or by the role `data-officer`',
  },
  quarantine_retried: {
    zh: '重新校验数据',
    en: 'tried rows held back again',
    detail:
      'what came of it, by the same `requestId`; target is the dataset; how many rows were tried and what ' +
      'became of them. By a client, or by the role `data-officer`',
  },
  withdrawal_released: {
    zh: '确认撤回暂缓的记录',
    en: 'released a held withdrawal',
    detail:
      'target is the dataset; written before it is done: the `id` of a record that left its register and ' +
      'was held on record (`yitong withdrawals list`). By the role `data-officer`',
  },
  withdrawal_kept: {
    zh: '确认保留暂缓撤回的记录',
    en: 'kept a record that had left',
    detail:
      'target is the dataset; written before it is done: the `id` of a record that left its register and ' +
      'was held on record (`yitong withdrawals list`). By the role `data-officer`',
  },
  mends_shown: {
    zh: '查看映射修正',
    en: 'saw mends of a mapping',
    detail:
      'target is the dataset: ids of `drafts` that were shown; or the `cause` (code) and `field` for which something ' +
      'was proposed, out of how many `rows`. By a client',
  },
  mend_proposed: {
    zh: '提出映射修正草案',
    en: 'proposed a mend of a mapping',
    detail:
      'target is the dataset; written before the draft is kept: the `draft`, `cause` (code) and `field`, kinds of ' +
      'its `parts`, digests of the feed `before` and `after`, of rows held back how many are `good` then, and of the ' +
      'source how many were `looked` at, `changed`, come in (`comesIn`) and go out (`goesOut`); `undoes` where it ' +
      'puts back what was before another draft. No content of a row. By the role `data-officer`, or by a client for ' +
      'an officer who stands in the subject part',
  },
  mend_approved: {
    zh: '批准映射修正草案',
    en: 'approved a mend of a mapping',
    detail:
      'target is the dataset; written before it is done: the `draft`, digests of the feed `before` and `after`, and ' +
      'the `way`: `written` into the feed, or `handed` on as a file. By the role `data-officer` or a client for an ' +
      'officer, another person than whoever proposed it',
  },
  mend_withdrawn: {
    zh: '撤销映射修正草案',
    en: 'withdrew or refused a draft of a mend',
    detail: 'target is the dataset; written before it is done: the `draft`. By whom as `mend_proposed`',
  },
  mend_written: {
    zh: '写入已批准的映射修正',
    en: 'wrote an approved mend into its feed',
    detail: 'as `mend_approved`, where the file could not be written then. By whom as `mend_proposed`',
  },
  feed_asked: {
    zh: '要求立即重新读取来源',
    en: 'asked for a run of a feed',
    detail: 'target is the dataset; written before the run is asked for. By whom as `mend_proposed`',
  },
  grant_suspended: {
    zh: '暂停授权',
    en: 'suspended a grant',
    detail:
      'target is the grant. By the role `sharing-authority`; the person and the reason stand in the ' +
      "subject part, under the person's own key",
  },
  grant_resumed: {
    zh: '恢复授权',
    en: 'resumed a grant',
    detail:
      'target is the grant. By the role `sharing-authority`; the person and the reason stand in the ' +
      "subject part, under the person's own key",
  },
  complaint: {
    zh: '投诉',
    en: 'complained',
    detail:
      'target is `entry:<index>` in the log. By the role `subject`; the text and who wrote it stand in the ' +
      'subject part, under the key of the subject that complains',
  },
  erasure: {
    zh: '依法抹除主体信息',
    en: 'erased a subject',
    detail:
      'target is the pseudonym under which the subject stood, which leads nowhere once it is carried out; ' +
      '`reason`, `legalBasis`. The entry is the order: it is in the log before anything is destroyed ' +
      '([docs/log.md](log.md#erasure)). By `sequencer`, without a target: the next `entries` of `journal` ' +
      'that have no salt were erased in it before this log took them, which is so where a log was restored ' +
      'from before',
  },
  expiry: {
    zh: '销毁到期内容',
    en: 'destroyed expired bodies',
    detail:
      '`from`, `to` (entries of the log, `to` exclusive), `entries` (how many of these are past their ' +
      'term), `before` (by class of entry, up to which time), `keep` (the terms in force), `rules` (of ' +
      'which law they are the minimum). The entry is the order, like that of an erasure ' +
      '([docs/log.md](log.md#keeping))',
  },
  alert_raised: {
    zh: '产生告警',
    en: 'an alert was raised',
    detail:
      "target is the alert's id; the `rule` that found it, the `client` where it is about one, the rule's " +
      'figures, and the `entries` of the log that it found. By `watch`',
  },
  authorisation_recorded: {
    zh: '授权查询报告',
    en: 'authorised a company',
    detail:
      "target is the authorisation's id; `report`, `since`, `until`, `domains`, `purposes`. By the client " +
      'or the role `subject`; who authorised whom stands in the subject part, under the key of the company ' +
      'that authorised',
  },
  authorisation_withdrawn: {
    zh: '撤回报告授权',
    en: 'withdrew an authorisation',
    detail:
      "target is the authorisation's id; `report`. By the client or the role `subject`; who authorised " +
      'whom stands in the subject part, under the key of the company that authorised',
  },
  authorisation_requested: {
    zh: '请求报告授权',
    en: 'asked a company to authorise it',
    detail:
      "one company asks another to authorise it: target is the authorisation's id; `report`. By the client " +
      'or the role `subject`; who authorised whom stands in the subject part, under the key of the company ' +
      'that authorised',
  },
  authorisation_declined: {
    zh: '拒绝报告授权',
    en: 'declined to authorise a company',
    detail:
      "the company that was asked declines: target is the authorisation's id; `report`. By the client or " +
      'the role `subject`; who authorised whom stands in the subject part, under the key of the company ' +
      'that authorised',
  },
  document_revoked: {
    zh: '撤销文书',
    en: 'revoked a document',
    detail:
      "target is the document's id; `report`, `document` (its digest, base64url), `requestId`. Durable " +
      'before the document is revoked. The reason stands in the subject part, under the key of its issuer',
  },
  ticket_act: {
    zh: '办理工单',
    en: 'acted on a ticket',
    detail:
      'target is the ticket; `lifecycle`, `dataset`, `act`, `party`, `from` and `to` state, `event` (which ' +
      "of the ticket's, from 0), of an extension `clock` and `days`; `requestId`. By the role or client " +
      'that acted. Durable before the act takes effect. The record and what was said stand in the subject ' +
      "part: of a company's act under the company's key, of an officer's under the officer's own, of a " +
      "client's under the company's",
  },
  ticket_act_void: {
    zh: '工单办理未生效',
    en: 'an act on a ticket took no effect',
    detail:
      "as `ticket_act` again, where somebody else's act was stored first: the entry before it took no " + 'effect',
  },
  matters_shown: {
    zh: '向应用提供共享事项',
    en: 'matters of sharing were shown to a system',
    detail: 'by a client; the `ids` of the matters that it was shown, `requestId`',
  },
  sharing_statistics_shown: {
    zh: '向应用提供共享统计',
    en: 'figures of sharing were shown to a system',
    detail: 'by a client; `from`, `to`, `level` whether of all matters that its authority looks after, `requestId`',
  },
  sharing_act: {
    zh: '办理共享事项',
    en: 'acted on a matter of sharing',
    detail:
      'target is the matter; `machine`, `act`, `party`, `to` (state, by part), `event` (which of the ' +
      "matter's, from 0), `sides` (which authority is what), of an act for one part `part`, of an extension `clock` " +
      'and `days`; `requestId`. By the role or client that acted, or by the gateway where nobody had to. ' +
      'Durable before the act takes effect. What was said stands in the subject part',
  },
  sharing_act_void: {
    zh: '共享事项办理未生效',
    en: 'an act on a matter of sharing took no effect',
    detail: "as `sharing_act` again, where somebody else's act was stored first: the entry before it took no effect",
  },
  sharing_file: {
    zh: '共享事项附件',
    en: 'attached to a matter of sharing',
    detail:
      'target is the matter; `act` (`attach`, `remove`), `file` (its id), `to` (the application, or the reply to a ' +
      'part), `kind`, `type`, `size`, `digest` (SHA-256, base64url, of its bytes). Durable before it is there',
  },
  sharing_comment: {
    zh: '在共享事项中留言',
    en: 'wrote to the sides of a matter of sharing',
    detail: 'target is the matter. What was written stands in the subject part, under the key of who wrote it',
  },
  tickets_shown: {
    zh: '向应用提供工单',
    en: 'tickets were shown to a system',
    detail: 'by a client; the `ids` of the tickets that it was shown, `requestId`',
  },
  subscription_made: {
    zh: '订立变更订阅',
    en: 'subscribed to changes',
    detail:
      'target is the subscription, by a client; its `purpose`, `datasets`, `way` and `form`, how many `subjects` ' +
      'it lists, `requestId`; written before it is made or changed',
  },
  subscription_ended: {
    zh: '取消变更订阅',
    en: 'ended a subscription to changes',
    detail: 'target is the subscription, by a client; `requestId`; written before it ends',
  },
  file_ordered: {
    zh: '申请提取文件',
    en: 'ordered a file',
    detail:
      'target is the dataset, by a client; its `purpose` and `format`, whether it is `encrypted` for a receiver, how ' +
      'many `subjects` it lists, `requestId`; written before it is ordered. Whom it tells of is on record with each ' +
      'chunk of it',
  },
  file_fetched: {
    zh: '下载文件',
    en: 'fetched a file',
    detail:
      'target is the file, by a client; its `dataset`, and the bytes `from` and `to` (not included) that were asked ' +
      'for, `requestId`; durable before the first of them leaves',
  },
  file_removed: {
    zh: '删除文件',
    en: 'deleted a file',
    detail: 'target is the file, by a client; `requestId`; written before it is deleted',
  },
  case_act: {
    zh: '办理“一件事”',
    en: 'acted on a case',
    detail:
      'target is the case; `bundle`, `act` with its `item`, `step` and `port`, `task` or `outcome`, `from` and `to` ' +
      'phase, `event` (which of the case’s, from 1), with submitting the `items` and the registers that were `read`; ' +
      '`requestId`. By the client that acted, or by the role `subject`, `case-officer` or `case-manager` with its ' +
      '`authority`; of an act that came over the bus by its topic, with `record` (its own id) and `offset` instead. ' +
      'Durable before the act takes effect. Who applies, what was said and the name of a person who acted stand in ' +
      'the subject part, under the key of who applies',
  },
  case_act_void: {
    zh: '“一件事”办理未生效',
    en: 'an act on a case took no effect',
    detail: "as `case_act` again, where somebody else's act was stored first: the entry before it took no effect",
  },
  case_shown: {
    zh: '向应用提供“一件事”办件',
    en: 'cases were shown to a system',
    detail:
      'by a client; target is the case where one was looked at, `ids` of those that it was shown, `bundle`, the ' +
      'registers that were `read` to fill its form, `requestId`',
  },
  case_called: {
    zh: '“一件事”草稿转人工',
    en: 'a draft of a case was handed to a person',
    detail:
      'target is the case; `bundle`, the `authority` that leads and to which what was said so far was handed, ' +
      '`requestId`. What help is wanted with is in the subject part, under the key of who applies',
  },
  case_call_answered: {
    zh: '答复转人工的“一件事”草稿',
    en: 'a draft that was handed to a person was answered',
    detail: 'by an officer; target is the case; `bundle`, `authority`, `requestId`. The answer is in the subject part',
  },
  guide_answered: {
    zh: '小浦导办作答',
    en: 'the guide answered',
    detail:
      'target is the bundle that it named, `unsure` or `off-topic`; by the client that asked, or `public page`; ' +
      '`requestId`; `model` (`taken`, `not-taken`, `late`, `failed`) where a configured model was asked. The ' +
      'sentence is not in it. Durable before the answer leaves',
  },
  restored: {
    zh: '从备份恢复',
    en: 'restored from a backup',
    detail:
      'target is the name that the log had in the backup; `taken` (when the backup began), `size` and ' +
      '`root` of the log in it, `key` (its vkey), `renamed` (whether the log goes on under another name), ' +
      '`known` (`unknown`, `none` or `checkpoint`: what was known of the log beyond the backup), `word` ' +
      "(the operator's, that there was nothing), `newestSize` and `newestRoot` (of the newest checkpoint " +
      'known, where the log had grown), `lost` (entries that are known to be missing), `erasures` (how ' +
      'many orders of after the backup stand behind it). The first entry behind the backup ' +
      '([docs/backup.md](backup.md)); `audit verify` wants it to say the tree that stands before it. Of a ' +
      'replica that keeps no log only `taken`',
  },
  taken_over: {
    zh: '接管日志',
    en: 'took the log over',
    detail:
      'target is the name that the log had before; `to` (the replica that keeps it now), `size` and ' +
      '`root` of the log that was taken over, `key` (its vkey until then), `renamed`, `known`, `word`, ' +
      '`newestSize`, `newestRoot` and `lost` as in `restored`, `journals` (how many have a `journal_gap` ' +
      'behind this entry). By `operator`',
  },
} as const satisfies Readonly<Record<string, Act>>;

const looks = {
  home: { zh: '查看首页待办', en: 'saw what waits' },
  notices: { zh: '查看提醒', en: 'saw the notices' },
  trends: { zh: '查看趋势', en: 'saw the trends' },
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
  reviews: { zh: '查看抽查列表', en: 'saw the reviews' },
  review_drawn: { zh: '抽取抽查样本', en: 'drew a sample for a review' },
  review: { zh: '查看一次抽查', en: 'read a review' },
  review_judged: { zh: '对一条抽查样本作出评判', en: 'judged an entry of a review' },
  privileges: { zh: '查看授权使用情况', en: 'saw what is granted and not used' },
  replay: { zh: '策略回溯验证', en: 'replayed the policies' },
  datasets: { zh: '查看数据目录', en: 'saw the catalogue' },
  dataset: { zh: '查看一个数据集的说明', en: 'saw what a dataset is' },
  developer: { zh: '查看开发台', en: "saw the developer's desk" },
  client_certificates: { zh: '查看本单位应用证书', en: 'saw the certificates of its clients' },
  feeds: { zh: '查看数据源列表', en: 'saw the feeds' },
  feed: { zh: '查看一个数据源', en: 'saw a feed' },
  mend: { zh: '查看映射修正草案', en: 'saw a draft of a mend' },
  quarantine_rows: { zh: '查看未通过校验数据的内容', en: 'read a row held back' },
  applications: { zh: '查看共享事项列表', en: 'saw the matters of sharing' },
  application: { zh: '查看一件共享事项', en: 'saw a matter of sharing' },
  standing_consents: { zh: '查看长期同意', en: 'saw the standing consents' },
  deputies: { zh: '查看代行安排', en: 'saw who stands in for whom' },
  use_records: { zh: '查看共享数据使用情况记录', en: 'saw what is recorded of the use of grants' },
  corrections_told: { zh: '查看更正告知', en: 'saw which corrections its systems were told of' },
  application_file: { zh: '下载共享事项附件', en: 'downloaded what is attached to a matter of sharing' },
  application_catalogue: { zh: '为申请查阅数据目录', en: 'looked through the catalogue to apply' },
  application_calendar: { zh: '查看期限与授权到期日历', en: 'saw which terms and grants run out' },
  sharing_statistics: { zh: '查看共享统计', en: 'saw the figures of sharing' },
  sharing_paper: { zh: '查看监督情况报告或考核评价', en: 'saw a report or an evaluation about sharing' },
  grants: { zh: '查看共享授权列表', en: 'saw the grants' },
  grant: { zh: '查看一项授权', en: 'saw a grant' },
  history: { zh: '查看本企业数据使用记录', en: 'read its own history' },
  reports: { zh: '查看本企业报告列表', en: 'saw its reports' },
  report: { zh: '查看一份报告', en: 'read a report' },
  report_changes: { zh: '比对报告出具后的变化', en: 'compared a report with the registers since' },
  names: { zh: '按名称查找企业', en: 'looked a company up by its name' },
  company_name: { zh: '查看企业名称', en: 'was told the name of a company' },
  authorisations: { zh: '查看报告授权', en: 'saw its authorisations' },
  complaints: { zh: '查看投诉', en: 'read complaints' },
  tickets: { zh: '查看异议、修复与投诉', en: 'saw objections, repairs and complaints' },
  ticket: { zh: '查看一件工单', en: 'read a ticket' },
  ticket_file: { zh: '下载工单所附文件', en: 'downloaded a file of a ticket' },
  matters: { zh: '查看本人办件列表', en: 'saw its own cases' },
  matter: { zh: '查看本人办件', en: 'read one of its own cases' },
  case_inbox: { zh: '查看待办的“一件事”事项', en: 'saw what of cases waits for the authority' },
  case_calls: { zh: '查看转人工的“一件事”草稿', en: 'saw drafts that were handed over' },
  case: { zh: '查看“一件事”办件', en: 'saw a case' },
  case_figures: { zh: '查看“一件事”办理统计', en: 'saw the figures of cases' },
  guide_heard: { zh: '查看导办提问情况', en: 'saw what was asked of the guide' },
  ticket_records: { zh: '查看可提出异议的记录', en: 'saw records that can be objected to' },
} as const satisfies Readonly<Record<string, Localised>>;

/** Of an `administration` entry. */
export type ActionName = keyof typeof acts;
/** Of a `looked` entry. */
export type LookName = keyof typeof looks;
export const actionTable: Readonly<Record<ActionName, Act>> = acts;
export const lookTable: Readonly<Record<LookName, Localised>> = looks;

const wordsIn = (table: Readonly<Record<string, Localised>>, name: unknown, unknown: Localised): Localised =>
  (typeof name === 'string' && Object.hasOwn(table, name) ? table[name] : undefined) ?? unknown;

/** Of a name as an entry holds it; an entry of a later version may hold one that this version has not. */
export const actionWords = (action: unknown): Localised =>
  wordsIn(acts, action, { zh: '未登记的操作', en: typeof action === 'string' ? action : 'unknown' });
export const lookWords = (action: unknown): Localised =>
  wordsIn(looks, action, { zh: '未登记的查阅', en: typeof action === 'string' ? action : 'unknown' });
