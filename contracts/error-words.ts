/**
 * What each error of the table is called by people. A code without its words does not compile: `errorTable` says what
 * an error is, this says it to an official. `en` stands only where the table's title would not help somebody who reads
 * pages.
 */
import { type ErrorCode, errorTable } from './errors.js';
import type { Localised } from './types.js';

interface Words {
  readonly zh: string;
  readonly en?: string;
}

const table: Readonly<Record<ErrorCode, Words>> = {
  // requests
  bad_request: {
    zh: '请求格式不正确，请返回页面重新填写',
    en: 'The request is not in order; go back to the page and fill it in again',
  },
  bad_identifier: { zh: '编号的书写不符合该类编号的规则' },
  source_time_ahead: { zh: '数据时间晚于当前时间' },
  bad_subject: { zh: '主体代码不正确，请核对校验位' },
  bad_case: { zh: '办件信息中有无法识别的内容' },
  bad_cursor: { zh: '翻页标记与本次查询不符，请重新查询' },
  body_too_large: { zh: '提交的内容超过大小上限' },
  body_too_deep: { zh: '提交的内容层级过深' },
  wrong_content_type: { zh: '不支持提交内容的格式' },
  not_acceptable: { zh: '该地址不提供所请求的返回格式' },
  rate_limited: { zh: '操作过于频繁，请一分钟后再试', en: 'Too many at once; try again in a minute' },
  too_many_at_once: { zh: '同时办理的请求数已达上限，请稍后再试' },
  request_timeout: { zh: '请求未在规定时间内送达' },
  not_found: { zh: '未找到该页面', en: 'There is no such page' },
  method_not_allowed: { zh: '该地址不支持此种操作' },
  // identity
  certificate_required: { zh: '未出示应用证书' },
  certificate_invalid: { zh: '应用证书验证不通过' },
  certificate_untrusted: { zh: '应用证书的签发机构不受信任' },
  certificate_expired: { zh: '应用证书或其签发证书已过期' },
  certificate_not_yet_valid: { zh: '应用证书或其签发证书尚未生效' },
  certificate_revoked: { zh: '应用证书或其签发证书已被吊销' },
  revocation_unknown: { zh: '证书吊销列表已超期，暂停受理所有应用' },
  certificate_unnamed: { zh: '应用证书未载明应用身份' },
  certificate_ambiguous: { zh: '应用证书对应多个应用身份' },
  anchor_not_entitled: { zh: '该签发机构无权为此单位的应用签发证书' },
  client_unknown: { zh: '应用证书未绑定任何已登记的应用' },
  client_suspended: { zh: '该应用已被暂停使用' },
  // decision
  denied: { zh: '所请求的数据集均不予提供' },
  too_many_watched: { zh: '该应用关注的文书数已达上限' },
  authorisation_missing: {
    zh: '部分企业尚未授权，报告未出具',
    en: 'A company has not authorised this, so no report was issued',
  },
  not_publisher: { zh: '数据集只能由其提供单位发布' },
  replay_running: { zh: '策略回溯验证任务数已达上限，请稍后再试' },
  dataset_busy: { zh: '该数据集正在由另一任务发布' },
  // running
  internal: { zh: '系统内部错误，未提供任何数据' },
  audit_unavailable: {
    zh: '审计日志暂不可写，未提供任何数据',
    en: 'The audit log cannot be written at present, so nothing is shown',
  },
  replication_timeout: { zh: '审计记录未能及时写入备份节点，未提供任何数据' },
  store_damaged: { zh: '系统存储损坏或缺失，相关内容暂不能提供' },
  view_unavailable: { zh: '数据视图暂不可读' },
  state_unavailable: { zh: '本机存储暂不可读写' },
  bus_unavailable: { zh: '消息总线未接收记录，请稍后再试' },
  spool_full: { zh: '消息总线中断，待发记录缓存已满' },
  bus_denied: { zh: '消息总线未授予此项权限' },
  bus_login_failed: { zh: '未能登录消息总线，请核对证书或口令' },
  address_unknown: {
    zh: '本系统尚未设置对外地址，暂不能出具文书或登录，请联系管理人员',
    en: 'The address of this system is not set, so no document is made and nobody signs in; ask its operator',
  },
  answer_timeout: { zh: '答复未能在规定时间内完成' },
  shutting_down: { zh: '系统正在停止服务' },
  // content of a workspace
  bad_workspace: { zh: '工作区文件格式不正确' },
  port_taken: { zh: '端口已被其他程序占用，或无权打开' },
  bad_config: { zh: '配置项未知或取值不正确' },
  bad_contract: { zh: '数据契约缺少法定或平台要求的内容' },
  schema_refused: { zh: '数据结构的写法不被接受' },
  schema_incompatible: { zh: '新版数据结构与旧版不兼容' },
  schema_id_collision: { zh: '两个数据结构使用同一编号' },
  schema_unregistered: { zh: '数据结构尚未登记编号' },
  bad_policy: { zh: '策略无法编译或所引内容不存在' },
  bad_grant: { zh: '授权格式不正确或所引内容不存在' },
  bad_report: { zh: '报告定义格式不正确或所引内容不存在' },
  bad_calendar: { zh: '工作日历格式不正确' },
  outside_calendar: { zh: '日期超出工作日历的年份范围' },
  bad_lifecycle: { zh: '办理流程格式不正确，或有状态、操作、时限没有去向' },
  bad_feed: { zh: '数据源配置格式不正确' },
  source_unavailable: { zh: '数据源无响应，或响应与配置不符' },
  replication_not_ready: { zh: '源数据库尚未开启变更推送' },
  slot_in_use: { zh: '数据源的复制槽正被其他连接占用' },
  slot_lost: { zh: '数据源的复制槽丢失，可能漏读变更，须重新全量读取' },
  source_denied: { zh: '数据源未授予读取权限' },
  // records
  wire_format: { zh: '消息内容不符合登记的编码格式' },
  bad_row: { zh: '该行无法按来源格式读取' },
  wrong_charset: { zh: '来源的字符编码与配置不符' },
  bad_value: { zh: '取值不符合字段要求' },
  missing_value: { zh: '必填字段缺少取值' },
  surplus_field: { zh: '含有数据契约之外的字段' },
  not_in_codelist: { zh: '取值不在代码表内' },
  bad_check_digit: { zh: '代码的校验位不正确' },
  record_too_large: { zh: '记录超过数据集允许的大小' },
  nested_too_deep: { zh: '该行的层级超过来源允许的深度' },
  not_in_crosswalk: { zh: '编号尚未对应到任何主体' },
  ambiguous_crosswalk: { zh: '编号对应到多个主体' },
  conflicting_duplicate: { zh: '同一批数据中有两行主键相同而内容不同' },
  snapshot_shrunk: { zh: '全量数据减少的记录数超过允许范围，未撤回任何记录' },
  // bus
  topic_mismatch: { zh: '消息主题的分区数或标识与数据契约不符' },
  topic_weak: { zh: '消息主题的副本数低于配置要求' },
  offset_out_of_range: { zh: '所需位置的消息已不再保留' },
  // people
  sign_in_required: { zh: '请先登录', en: 'Sign in first' },
  sign_in_failed: { zh: '登录未完成，请重新登录', en: 'The sign-in was not completed; begin again' },
  sign_in_unavailable: { zh: '目前无法登录', en: 'Nobody can sign in at present' },
  role_missing: { zh: '您的角色无权查看此页', en: 'This page is for other roles than yours' },
  form_foreign: {
    zh: '表单已过期，请返回页面重新提交',
    en: 'The form is out of date; go back to the page and send it again',
  },
  // documents
  report_invalid: { zh: '报告验证不通过' },
  report_revoked: { zh: '报告已被撤销，不再出具凭证' },
  // credentials of reports
  credential_malformed: { zh: '凭证格式不正确' },
  credential_type: { zh: '凭证类型不符' },
  credential_algorithm: { zh: '凭证使用了不允许的算法' },
  credential_issuer: { zh: '凭证的签发单位或其密钥不受信任' },
  credential_signature: { zh: '凭证的签名验证不通过' },
  credential_expired: { zh: '凭证已过期' },
  credential_not_yet_valid: { zh: '凭证尚未生效' },
  credential_digest_twice: { zh: '凭证中有重复的摘要或披露项' },
  credential_disclosure_stray: { zh: '凭证中有不对应任何摘要的披露项' },
  credential_claim_missing: { zh: '所要求的领域未就每个主体披露' },
  credential_revoked: { zh: '凭证已被撤销' },
  credential_status_invalid: { zh: '凭证状态列表不是签发单位为此凭证签署的' },
  credential_status_unavailable: { zh: '无法取得最新的凭证状态列表，不能确认凭证是否已撤销' },
  holder_proof_missing: { zh: '缺少持有人的出示证明' },
  holder_proof_unexpected: { zh: '出示证明的持有人与凭证不符' },
  holder_proof_invalid: { zh: '持有人的出示证明格式或签名不正确' },
  holder_proof_audience: { zh: '凭证是向其他单位出示的' },
  holder_proof_nonce: { zh: '出示的凭证对应另一次询问' },
  holder_proof_time: { zh: '出示时间过早，或晚于当前时间' },
  holder_proof_digest: { zh: '出示的内容与持有人签署的不一致' },
  // compliance codes
  code_unknown: { zh: '没有这个合规码，请企业出示新的', en: 'There is no such code; let the company show a new one' },
  code_used: { zh: '此码已用过，请企业出示新的', en: 'The code was used; let the company show a new one' },
  code_expired: { zh: '已过时限，请企业出示新的合规码', en: 'The time is over; let the company show a new code' },
  code_refused: { zh: '企业拒绝答复', en: 'The company refused to answer' },
  code_withdrawn: { zh: '企业已撤回出示', en: 'The company took its release back' },
  code_not_confirmed: { zh: '企业尚未确认', en: 'The company has not confirmed yet' },
  code_changed: { zh: '屏幕上的核验事项已变化，请重新查看', en: 'What was confirmed is not what is asked; look again' },
  // tickets
  act_refused: { zh: '工单在当前状态下不能由您办理此项操作' },
  act_incomplete: { zh: '办理所需的内容尚未填写完整' },
  file_type: { zh: '仅接收 PDF、JPEG、PNG 文件（按文件内容判断）' },
  file_too_large: { zh: '文件为空，或超过大小上限' },
  too_many_files: { zh: '文件数量超过上限' },
  ticket_moved: { zh: '该工单刚刚由他人办理，请重新查看' },
  // log
  log_invalid: { zh: '审计日志验证不通过' },
  retention_too_short: { zh: '审计日志的保存期限短于法定期限' },
  replica_refused: { zh: '该证书不属于本日志的节点' },
  replica_unavailable: { zh: '日志的另一节点无响应' },
  log_elsewhere: { zh: '日志由另一节点保存，请到该节点查询' },
  sequencer_fenced: { zh: '日志已由另一节点负责排序' },
  // backups
  backup_exists: { zh: '备份目标位置已有内容' },
  backup_no_room: { zh: '磁盘空间不足，无法备份' },
  backup_source: { zh: '数据目录在当前状态下无法备份' },
  backup_manifest: { zh: '备份清单缺失、不完整或被改动' },
  backup_format: { zh: '本版本不能读取该备份的格式' },
  backup_damaged: { zh: '备份文件与清单不符' },
  backup_file_missing: { zh: '备份缺少文件' },
  backup_file_surplus: { zh: '备份含有清单之外的文件' },
  backup_incomplete: { zh: '备份缺少数据目录中的部分文件' },
  restore_target: { zh: '备份只能恢复到空目录' },
  restore_fork: { zh: '检查点不属于该备份中的日志' },
};

/** An error in words for people. */
export function errorWords(code: ErrorCode): Localised {
  const { zh, en = errorTable[code].title } = table[code];
  return { zh, en };
}

/**
 * As `errorWords`, of a code that stands in an entry or a file; one that no version of this program has is said to be
 * unknown.
 */
export function errorWordsOf(code: string | undefined): Localised {
  return code !== undefined && Object.hasOwn(table, code)
    ? errorWords(code as ErrorCode)
    : { zh: '原因未登记', en: code ?? 'unknown' };
}
