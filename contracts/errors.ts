/**
 * The one error table: of each code the HTTP status, the title and the words for people. docs/errors.md is made of it
 * (`yitong errors --markdown`; a test holds the two equal). A message is lower case, puts the input in backticks, holds
 * no person's data, and says what to do.
 */
import type { Localised } from './localised.js';

interface ErrorRow {
  /** HTTP status where the error reaches a client of the gateway. */
  readonly status: number;
  /** One line for docs/errors.md and problem+json `title`. */
  readonly title: string;
  /** What pages call it, for an official. */
  readonly zh: string;
  /** Where `title` would not help somebody who reads pages. */
  readonly en?: string;
  /** Somebody may not have what was asked for, or is told that it is not there: on record with whom. */
  readonly refusal?: true;
}

const rows = {
  // requests
  bad_request: {
    status: 400,
    title: 'the request does not have the form that the API describes',
    zh: '请求格式不正确，请返回页面重新填写',
    en: 'The request is not in order; go back to the page and fill it in again',
  },
  purpose_required: {
    status: 400,
    title: 'a question says for which purpose it is asked, and this one does not',
    zh: '未说明数据用途，不予受理',
    refusal: true,
  },
  bad_identifier: {
    status: 400,
    title: 'an identifier is not written as its kind is written',
    zh: '编号的书写不符合该类编号的规则',
  },
  source_time_ahead: {
    status: 400,
    title: 'the source time lies in the future',
    zh: '数据时间晚于当前时间',
  },
  bad_subject: {
    status: 400,
    title: 'the subject is not a valid key of its scheme',
    zh: '主体代码不正确，请核对校验位',
  },
  not_in_sandbox: {
    status: 404,
    title: 'the subject is not one of the invented subjects of the sandbox',
    zh: '沙箱中只有虚构主体，没有该主体，请从列表中选择',
  },
  bad_case: {
    status: 400,
    title: 'a part of the case holds nothing that can be read',
    zh: '办件信息中有无法识别的内容',
  },
  bad_cursor: {
    status: 400,
    title: 'the cursor is not one of this question under the policies in force',
    zh: '翻页标记与本次查询不符，请重新查询',
    refusal: true,
  },
  body_too_large: {
    status: 413,
    title: 'the request body is larger than the limit',
    zh: '提交的内容超过大小上限',
  },
  body_too_deep: {
    status: 400,
    title: 'the request body is nested deeper than the limit',
    zh: '提交的内容层级过深',
  },
  wrong_content_type: {
    status: 415,
    title: 'the content type is not one that this route takes',
    zh: '不支持提交内容的格式',
  },
  not_acceptable: {
    status: 406,
    title: 'none of the media types that are asked for is one in which the address answers',
    zh: '该地址不提供所请求的返回格式',
  },
  rate_limited: {
    status: 429,
    title: 'the client has used up its requests for now',
    zh: '操作过于频繁，请一分钟后再试',
    en: 'Too many at once; try again in a minute',
  },
  too_many_entries: {
    status: 413,
    title: 'more entries than one PDF holds: narrow the question, or take the workbook',
    zh: '条数超过一份 PDF 的上限，请缩小范围分次导出，或者导出 Excel 表格',
  },
  too_many_at_once: {
    status: 429,
    title: 'the client has as many requests under way as it may',
    zh: '同时办理的请求数已达上限，请稍后再试',
  },
  request_timeout: {
    status: 408,
    title: 'the request did not arrive in time',
    zh: '请求未在规定时间内送达',
  },
  not_found: {
    status: 404,
    title: 'there is nothing at this address',
    zh: '未找到该页面',
    en: 'There is no such page',
    refusal: true,
  },
  method_not_allowed: {
    status: 405,
    title: 'the address does not take this method',
    zh: '该地址不支持此种操作',
  },
  // identity
  certificate_required: {
    status: 401,
    title: 'no client certificate was presented',
    zh: '未出示应用证书',
  },
  certificate_invalid: {
    status: 401,
    title: 'the client certificate does not verify',
    zh: '应用证书验证不通过',
  },
  certificate_untrusted: {
    status: 401,
    title: 'no trust anchor of the gateway issued the client certificate',
    zh: '应用证书的签发机构不受信任',
  },
  certificate_expired: {
    status: 401,
    title: 'the client certificate or one of its issuers has expired',
    zh: '应用证书或其签发证书已过期',
    refusal: true,
  },
  certificate_not_yet_valid: {
    status: 401,
    title: 'the client certificate or one of its issuers is not valid yet',
    zh: '应用证书或其签发证书尚未生效',
  },
  certificate_revoked: {
    status: 401,
    title: 'the client certificate or one of its issuers is revoked',
    zh: '应用证书或其签发证书已被吊销',
    refusal: true,
  },
  revocation_unknown: {
    status: 503,
    title: 'the revocation list is past its grace, so nobody can be let in',
    zh: '证书吊销列表已超期，暂停受理所有应用',
  },
  certificate_unnamed: {
    status: 403,
    title: 'the certificate has no SPIFFE URI and is bound to no client otherwise',
    zh: '应用证书未载明应用身份',
  },
  certificate_ambiguous: {
    status: 403,
    title: 'the certificate has more than one URI, or fits more than one client',
    zh: '应用证书对应多个应用身份',
  },
  anchor_not_entitled: {
    status: 403,
    title: 'the trust anchor of the certificate may not name clients of that authority',
    zh: '该签发机构无权为此单位的应用签发证书',
    refusal: true,
  },
  certificates_elsewhere: {
    status: 403,
    title: 'certificates of this client, or of this installation, are issued by another CA',
    zh: '该应用的证书由其他证书机构签发，不在本页办理',
    en: 'Certificates of this client are issued by another CA, not on this page',
  },
  bad_certificate_request: {
    status: 400,
    title: 'what was sent is no certificate signing request, is not signed by its key, or has a key that is not taken',
    zh: '证书签名请求不符合要求',
    en: 'The certificate signing request cannot be taken',
  },
  certificate_key_used: {
    status: 409,
    title: 'the key of the request has had a certificate',
    zh: '该密钥已签发过证书，请重新生成密钥',
    en: 'This key has had a certificate; make a new key',
  },
  too_many_certificates: {
    status: 422,
    title: 'the client has as many certificates as a client may',
    zh: '该应用的证书数已达上限，请先吊销不用的证书',
    en: 'The client has as many certificates as it may; revoke one that is not used',
  },
  certificates_damaged: {
    status: 503,
    title: 'what the development CA keeps of its certificates cannot be read',
    zh: '证书登记已损坏，暂停签发和吊销，请联系运行人员',
    en: 'What the CA keeps of its certificates is damaged; nothing is issued until an operator has put it back',
  },
  client_unknown: {
    status: 403,
    title: 'the certificate is bound to no client',
    zh: '应用证书未绑定任何已登记的应用',
    refusal: true,
  },
  client_suspended: {
    status: 403,
    title: 'the client is suspended',
    zh: '该应用已被暂停使用',
    refusal: true,
  },
  token_required: {
    status: 401,
    title: 'an agent has to come with an access token that is made for this address',
    zh: '未出示访问令牌',
  },
  token_refused: {
    status: 401,
    title: 'the access token is not valid here: of another issuer, address or certificate, or expired',
    zh: '访问令牌无效：签发方、适用地址或者绑定的证书不符，或者已过期',
    refusal: true,
  },
  token_insufficient: {
    status: 403,
    title: 'the access token does not allow what is asked',
    zh: '访问令牌的权限范围不含该项操作',
    refusal: true,
  },
  tokens_unavailable: {
    status: 503,
    title: 'the keys by which access tokens are checked cannot be read',
    zh: '暂时无法核验访问令牌',
  },
  origin_foreign: {
    status: 403,
    title: 'a page of another address may not ask here',
    zh: '不接受其他网站页面发来的请求',
    refusal: true,
  },
  // decision
  denied: {
    status: 403,
    title: 'no dataset of the request may be answered',
    zh: '所请求的数据集均不予提供',
    refusal: true,
  },
  too_many_watched: {
    status: 422,
    title: 'the client watches as many documents as a client may',
    zh: '该应用关注的文书数已达上限',
  },
  volume_exhausted: {
    status: 429,
    title: 'the grant’s calls of this day are used up',
    zh: '授权当日的调用量已用完',
    refusal: true,
  },
  too_many_orders: {
    status: 422,
    title: 'as many files are being made for the client as may be at once',
    zh: '该应用正在制作的文件数已达上限',
  },
  file_not_ready: {
    status: 409,
    title: 'the file is not made yet',
    zh: '文件尚未制作完成',
  },
  file_gone: {
    status: 410,
    title: 'the file may not be given any more: it has expired, or what was decided of it has changed',
    zh: '文件已失效，不再提供下载',
    refusal: true,
  },
  file_elsewhere: {
    status: 421,
    title: 'the file stands at another replica of the gateway; ask again, or ask that one',
    zh: '文件存放在网关的另一副本上，请重新请求',
  },
  no_such_bytes: {
    status: 416,
    title: 'the file has no such bytes',
    zh: '请求的字节范围超出文件长度',
  },
  too_many_subscriptions: {
    status: 422,
    title: 'the client has as many subscriptions as a client may',
    zh: '该应用的订阅数已达上限',
  },
  authorisation_missing: {
    status: 403,
    title: 'a company of the report has not authorised whoever asks',
    zh: '部分企业尚未授权，报告未出具',
    en: 'A company has not authorised this, so no report was issued',
    refusal: true,
  },
  not_publisher: {
    status: 403,
    title: 'only the authority of a dataset publishes to it',
    zh: '数据集只能由其提供单位发布',
    refusal: true,
  },
  replay_running: {
    status: 409,
    title: 'as many replays run as may run at once',
    zh: '策略回溯验证任务数已达上限，请稍后再试',
  },
  dataset_busy: {
    status: 409,
    title: 'another run publishes to the dataset',
    zh: '该数据集正在由另一任务发布',
  },
  not_read_here: {
    status: 409,
    title: 'no source is read for the dataset: its records are pushed, or it has no feed',
    zh: '该数据集没有由本平台读取的来源',
    en: 'No source is read here for this dataset',
  },
  asked_just_now: {
    status: 429,
    title: 'the source was read a moment ago because somebody asked for it; `retry-after` says when it may be again',
    zh: '刚刚已有人要求读取该来源，请稍后再试',
    en: 'Somebody had this source read a moment ago; try again a little later',
  },
  // running
  internal: {
    status: 500,
    title: 'the gateway failed; nothing was released',
    zh: '系统内部错误，未提供任何数据',
  },
  audit_unavailable: {
    status: 503,
    title: 'the audit log cannot be written, so nothing can be answered',
    zh: '审计日志暂不可写，未提供任何数据',
    en: 'The audit log cannot be written at present, so nothing is shown',
  },
  replication_timeout: {
    status: 503,
    title: 'no second replica confirmed the audit entry in time, so nothing can be answered',
    zh: '审计记录未能及时写入备份节点，未提供任何数据',
  },
  store_damaged: {
    status: 503,
    title:
      'a store of the data folder is damaged or gone, so what needs it is not answered; the message says ' +
      'which, and what to do',
    zh: '系统存储损坏或缺失，相关内容暂不能提供',
  },
  store_full: {
    status: 503,
    title: 'a store of the data folder has reached the size that the settings allow, so nothing is added to it',
    zh: '系统存储已达设定上限，暂不能写入新数据',
  },
  region_unavailable: {
    status: 503,
    title: 'the other region does not answer; asked again it may',
    zh: '对方地区系统暂时无法连接，请稍后重试',
  },
  region_refused: {
    status: 502,
    title: 'the other region does not take the question; `said` is the code with which it refused',
    zh: '对方地区系统未受理本次查询',
  },
  not_for_regions: {
    status: 403,
    title: 'the gateway of another region may not use this route',
    zh: '该接口不对其他地区的系统开放',
    refusal: true,
  },
  view_unavailable: {
    status: 503,
    title: 'the view cannot be read',
    zh: '数据视图暂不可读',
  },
  state_unavailable: {
    status: 503,
    title: 'a store, on the disk of this process or on the server of the state, cannot be written or read',
    zh: '业务存储暂时无法读写，请稍后重试',
    en: 'This cannot be done at present; try again in a minute',
  },
  bus_unavailable: {
    status: 503,
    title: 'the bus did not take the records',
    zh: '消息总线未接收记录，请稍后再试',
  },
  spool_full: {
    status: 503,
    title: 'the bus is away and the spool of records that wait for it is full',
    zh: '消息总线中断，待发记录缓存已满',
  },
  bus_denied: {
    status: 500,
    title: 'the bus does not let this principal do that',
    zh: '消息总线未授予此项权限',
  },
  bus_login_failed: {
    status: 500,
    title: 'the bus and this program do not trust each other: certificate, user name or password',
    zh: '未能登录消息总线，请核对证书或口令',
  },
  address_unknown: {
    status: 503,
    title:
      'the address by which people reach the gateway is not known (`people.publicUrl`), so nothing that names ' +
      'it is made',
    zh: '本系统尚未设置对外地址，暂不能出具文书或登录，请联系管理人员',
    en: 'The address of this system is not set, so no document is made and nobody signs in; ask its operator',
  },
  answer_timeout: {
    status: 503,
    title: 'the answer was not ready in time',
    zh: '答复未能在规定时间内完成',
  },
  shutting_down: {
    status: 503,
    title: 'the gateway is stopping',
    zh: '系统正在停止服务',
  },
  // content of a workspace
  bad_workspace: {
    status: 500,
    title: 'a file of the workspace is malformed',
    zh: '工作区文件格式不正确',
  },
  port_taken: {
    status: 500,
    title: 'a port of the group is taken by another program, or may not be opened',
    zh: '端口已被其他程序占用，或无权打开',
  },
  bad_config: {
    status: 500,
    title: 'the configuration has an unknown key or a wrong value',
    zh: '配置项未知或取值不正确',
  },
  bad_contract: {
    status: 500,
    title: 'a contract lacks what the law or the platform asks of it',
    zh: '数据契约缺少法定或平台要求的内容',
  },
  schema_refused: {
    status: 500,
    title: 'an Avro schema has a shape that is refused at registration',
    zh: '数据结构的写法不被接受',
  },
  schema_incompatible: {
    status: 500,
    title: 'a schema version breaks readers of an earlier one',
    zh: '新版数据结构与旧版不兼容',
  },
  schema_id_collision: {
    status: 500,
    title: 'two schemas claim one id',
    zh: '两个数据结构使用同一编号',
  },
  schema_unregistered: {
    status: 500,
    title: 'a schema has no registered id',
    zh: '数据结构尚未登记编号',
  },
  bad_policy: {
    status: 500,
    title: 'a policy does not compile or refers to nothing',
    zh: '策略无法编译或所引内容不存在',
  },
  bad_grant: {
    status: 500,
    title: 'a grant refers to nothing or is malformed',
    zh: '授权格式不正确或所引内容不存在',
  },
  bad_report: {
    status: 500,
    title: 'the definition of a report refers to nothing or is malformed',
    zh: '报告定义格式不正确或所引内容不存在',
  },
  bad_elements: {
    status: 500,
    title: 'the list of elements refers to nothing or is malformed',
    zh: '数据元清单格式不正确或所引内容不存在',
  },
  bad_bundle: {
    status: 500,
    title: 'a bundle refers to nothing or is malformed',
    zh: '“一件事”定义格式不正确或所引内容不存在',
  },
  bad_rule: {
    status: 500,
    title: 'a rule of a bundle cannot be read, or compares what cannot be compared',
    zh: '“一件事”规则无法读取或比较对象不当',
  },
  bad_answers: {
    status: 400,
    title: 'an answer is to no question of the bundle, or is none that the question takes',
    zh: '回答与“一件事”的问题不符',
  },
  bundle_field_without_element: {
    status: 500,
    title: 'a field of a form names no element of the workspace',
    zh: '表单字段未对应数据元',
  },
  bundle_fields_contradict: {
    status: 500,
    title: 'forms of a bundle ask of one element what no value can be',
    zh: '多张表单对同一数据元的要求互相矛盾',
  },
  service_change_unfiled: {
    status: 500,
    title: 'a dataset that is given by applications changes, and the change of service was not filed',
    zh: '已提供的共享服务发生变更，尚未协商并备案',
  },
  element_without_lead: {
    status: 500,
    title: 'registers of several authorities have one element, and none was named its source',
    zh: '同一数据元由多个部门提供，尚未明确数源部门',
  },
  entry_without_act: {
    status: 500,
    title: 'a dataset is not shared, and no law, administrative regulation or decision of the State Council says so',
    zh: '不予共享的数据没有法律、行政法规或者国务院决定作为依据',
  },
  bundle_element_asked: {
    status: 500,
    title: 'an element is asked of the applicant though a register has it',
    zh: '登记库已有的数据仍要求申请人填写',
  },
  bundle_question_idle: {
    status: 500,
    title: 'a bundle asks what nothing reads: no rule, and no form',
    zh: '“一件事”所提问题没有任何用处',
  },
  bundle_cycle: {
    status: 500,
    title: 'items or questions of a bundle wait for each other',
    zh: '“一件事”的事项或问题互相等待',
  },
  region_lacks: {
    status: 500,
    title: 'a region lacks what a bundle that it reuses needs',
    zh: '本地区尚缺所复用“一件事”需要的内容',
  },
  bundle_item_unreached: {
    status: 500,
    title: 'no answer leads to an item of a bundle',
    zh: '任何回答都不会涉及该事项',
  },
  bundle_material_without_template: {
    status: 500,
    title: 'a material that is made of the form has no template, or one that names what the form has not',
    zh: '由系统生成的材料缺少模板或模板内容无来源',
  },
  bundle_rule_never_true: {
    status: 500,
    title: 'a rule of a bundle can never be true',
    zh: '“一件事”规则永远不成立',
  },
  bundle_rule_undecided: {
    status: 500,
    title: 'a rule of a bundle has too many cases to try whether it can be true',
    zh: '“一件事”规则情形过多，未能判定能否成立',
  },
  bundle_citation: {
    status: 500,
    title: 'a bundle cites an act outside its time, not by its full name, or by an article that nobody looked at',
    zh: '“一件事”引用的法律依据不在施行期内或写法不正确',
  },
  bundle_outcome_missing: {
    status: 500,
    title: 'a bundle does not say what an ending leaves standing',
    zh: '“一件事”未说明某种结果的处理办法',
  },
  bundle_intent_unclear: {
    status: 500,
    title: 'what people say leads to two bundles, or to one that refuses it',
    zh: '同一句需求对应多个“一件事”',
  },
  bad_calendar: {
    status: 500,
    title: 'a calendar of working days is malformed',
    zh: '工作日历格式不正确',
  },
  outside_calendar: {
    status: 500,
    title: 'a day lies in a year that the calendar of working days does not cover',
    zh: '日期超出工作日历的年份范围',
  },
  bad_lifecycle: {
    status: 500,
    title: 'a lifecycle is malformed, or has a state, an act or a clock that leads nowhere',
    zh: '办理流程格式不正确，或有状态、操作、时限没有去向',
  },
  bad_feed: {
    status: 500,
    title: 'a feed is malformed',
    zh: '数据源配置格式不正确',
  },
  source_unavailable: {
    status: 503,
    title: 'a source of records does not answer, or not as its feed says',
    zh: '数据源无响应，或响应与配置不符',
  },
  replication_not_ready: {
    status: 503,
    title: 'a database is not set up to tell its changes; the message holds the SQL that mends it',
    zh: '源数据库尚未开启变更推送',
  },
  slot_in_use: {
    status: 503,
    title: 'the replication slot of a feed is read by another connection',
    zh: '数据源的复制槽正被其他连接占用',
  },
  slot_lost: {
    status: 503,
    title:
      'the replication slot of a feed is gone or was moved, so that changes may be missing; `--again` copies ' +
      'the table anew',
    zh: '数据源的复制槽丢失，可能漏读变更，须重新全量读取',
  },
  source_denied: {
    status: 503,
    title: 'a source of records does not let us read what the feed names',
    zh: '数据源未授予读取权限',
  },
  // records
  wire_format: {
    status: 500,
    title: 'bytes of a topic are not in the registry wire format',
    zh: '消息内容不符合登记的编码格式',
  },
  bad_row: {
    status: 422,
    title: 'a row cannot be read by its source format',
    zh: '该行无法按来源格式读取',
  },
  wrong_charset: {
    status: 422,
    title: 'a source is not in the charset that its feed says',
    zh: '来源的字符编码与配置不符',
  },
  bad_value: {
    status: 422,
    title: 'a value does not fit its field',
    zh: '取值不符合字段要求',
  },
  missing_value: {
    status: 422,
    title: 'a required field has no value',
    zh: '必填字段缺少取值',
  },
  surplus_field: {
    status: 422,
    title: 'a record has a field that its contract does not know',
    zh: '含有数据契约之外的字段',
  },
  not_in_codelist: {
    status: 422,
    title: 'a value is outside its code list',
    zh: '取值不在代码表内',
  },
  bad_check_digit: {
    status: 422,
    title: 'a key does not satisfy its check digit',
    zh: '代码的校验位不正确',
  },
  record_too_large: {
    status: 422,
    title: 'a record is larger than its dataset allows',
    zh: '记录超过数据集允许的大小',
  },
  nested_too_deep: {
    status: 422,
    title: 'a row is nested deeper than its source allows',
    zh: '该行的层级超过来源允许的深度',
  },
  not_in_crosswalk: {
    status: 422,
    title: 'an identifier is not tied to a subject, or not yet',
    zh: '编号尚未对应到任何主体',
  },
  ambiguous_crosswalk: {
    status: 422,
    title: 'an identifier is tied to more than one subject',
    zh: '编号对应到多个主体',
  },
  conflicting_duplicate: {
    status: 422,
    title: 'two rows of one snapshot have one key and different content',
    zh: '同一批数据中有两行主键相同而内容不同',
  },
  snapshot_shrunk: {
    status: 422,
    title: 'a snapshot lost more records than the feed allows, so nothing was withdrawn',
    zh: '全量数据减少的记录数超过允许范围，未撤回任何记录',
  },
  // bus
  topic_mismatch: {
    status: 500,
    title: 'a topic has another partition count or identity than its contract',
    zh: '消息主题的分区数或标识与数据契约不符',
  },
  topic_weak: {
    status: 500,
    title: 'a topic keeps or asks for fewer copies than the settings say',
    zh: '消息主题的副本数低于配置要求',
  },
  offset_out_of_range: {
    status: 500,
    title: 'the offset asked for is no longer kept',
    zh: '所需位置的消息已不再保留',
  },
  // people
  sign_in_required: {
    status: 401,
    title: 'nobody is signed in',
    zh: '请先登录',
    en: 'Sign in first',
    refusal: true,
  },
  sign_in_failed: {
    status: 401,
    title: 'the sign-in was not confirmed',
    zh: '登录未完成，请重新登录',
    en: 'The sign-in was not completed; begin again',
  },
  sign_in_unavailable: {
    status: 503,
    title: 'nobody can sign in at present',
    zh: '目前无法登录',
    en: 'Nobody can sign in at present',
  },
  role_missing: {
    status: 403,
    title: 'the person has none of the roles that this needs',
    zh: '您的角色无权查看此页',
    en: 'This page is for other roles than yours',
    refusal: true,
  },
  form_foreign: {
    status: 403,
    title: 'the form did not come from a page of this session',
    zh: '表单已过期，请返回页面重新提交',
    en: 'The form is out of date; go back to the page and send it again',
    refusal: true,
  },
  // documents
  report_invalid: {
    status: 422,
    title: 'a report does not verify',
    zh: '报告验证不通过',
  },
  report_revoked: {
    status: 409,
    title: 'the report is revoked, so no credential is made of it',
    zh: '报告已被撤销，不再出具凭证',
    refusal: true,
  },
  // credentials of reports
  credential_malformed: {
    status: 422,
    title: 'the credential is not written as its format and type say',
    zh: '凭证格式不正确',
  },
  credential_type: {
    status: 422,
    title: 'the credential is of another type',
    zh: '凭证类型不符',
  },
  credential_algorithm: {
    status: 422,
    title: 'something in the credential is signed or hashed with an algorithm that is not allowed',
    zh: '凭证使用了不允许的算法',
  },
  credential_issuer: {
    status: 422,
    title: 'the issuer of the credential, or its key, is not one that is trusted',
    zh: '凭证的签发单位或其密钥不受信任',
  },
  credential_signature: {
    status: 422,
    title: "the issuer's signature does not verify",
    zh: '凭证的签名验证不通过',
  },
  credential_expired: {
    status: 422,
    title: 'the credential has expired',
    zh: '凭证已过期',
  },
  credential_not_yet_valid: {
    status: 422,
    title: 'the credential is not valid yet',
    zh: '凭证尚未生效',
  },
  credential_digest_twice: {
    status: 422,
    title: 'a digest or a disclosure occurs twice in the credential',
    zh: '凭证中有重复的摘要或披露项',
  },
  credential_disclosure_stray: {
    status: 422,
    title: 'a disclosure belongs to no digest of the credential',
    zh: '凭证中有不对应任何摘要的披露项',
  },
  credential_claim_missing: {
    status: 422,
    title: 'a domain that was asked for is not disclosed of every subject',
    zh: '所要求的领域未就每个主体披露',
  },
  credential_revoked: {
    status: 422,
    title: 'the credential is revoked',
    zh: '凭证已被撤销',
  },
  credential_status_invalid: {
    status: 422,
    title: 'the status list is not one that the issuer signed for this credential',
    zh: '凭证状态列表不是签发单位为此凭证签署的',
  },
  credential_status_unavailable: {
    status: 503,
    title: 'no fresh status list could be had, so nobody knows whether the credential is revoked',
    zh: '无法取得最新的凭证状态列表，不能确认凭证是否已撤销',
  },
  holder_proof_missing: {
    status: 422,
    title: 'the presentation lacks the proof that its holder made it',
    zh: '缺少持有人的出示证明',
  },
  holder_proof_unexpected: {
    status: 422,
    title: 'the presentation has a proof of a holder to whom the credential is not bound',
    zh: '出示证明的持有人与凭证不符',
  },
  holder_proof_invalid: {
    status: 422,
    title: "the proof of the holder is malformed or not signed with the holder's key",
    zh: '持有人的出示证明格式或签名不正确',
  },
  holder_proof_audience: {
    status: 422,
    title: 'the presentation was made for somebody else',
    zh: '凭证是向其他单位出示的',
  },
  holder_proof_nonce: {
    status: 422,
    title: 'the presentation answers another question',
    zh: '出示的凭证对应另一次询问',
  },
  holder_proof_time: {
    status: 422,
    title: 'the presentation was made too long ago, or in the future',
    zh: '出示时间过早，或晚于当前时间',
  },
  holder_proof_digest: {
    status: 422,
    title: 'what is presented is not what the holder signed',
    zh: '出示的内容与持有人签署的不一致',
  },
  // compliance codes
  code_unknown: {
    status: 404,
    title: 'there is no such code for whoever asks',
    zh: '没有这个合规码，请企业出示新的',
    en: 'There is no such code; let the company show a new one',
    refusal: true,
  },
  code_used: {
    status: 409,
    title: 'the code was used',
    zh: '此码已用过，请企业出示新的',
    en: 'The code was used; let the company show a new one',
    refusal: true,
  },
  code_expired: {
    status: 410,
    title: 'the code or its answer was not used in time',
    zh: '已过时限，请企业出示新的合规码',
    en: 'The time is over; let the company show a new code',
    refusal: true,
  },
  code_refused: {
    status: 403,
    title: 'the company refused to answer',
    zh: '企业拒绝答复',
    en: 'The company refused to answer',
    refusal: true,
  },
  code_withdrawn: {
    status: 410,
    title: 'the company took its release back',
    zh: '企业已撤回出示',
    en: 'The company took its release back',
    refusal: true,
  },
  code_not_confirmed: {
    status: 409,
    title: 'the company has not confirmed',
    zh: '企业尚未确认',
    en: 'The company has not confirmed yet',
    refusal: true,
  },
  code_changed: {
    status: 409,
    title: 'what was confirmed is not what was asked',
    zh: '屏幕上的核验事项已变化，请重新查看',
    en: 'What was confirmed is not what is asked; look again',
    refusal: true,
  },
  // tickets
  act_refused: {
    status: 409,
    title: 'this party may not do that in the present state of the ticket',
    zh: '工单在当前状态下不能由您办理此项操作',
    refusal: true,
  },
  act_incomplete: {
    status: 400,
    title: 'the act lacks what it requires; all of it is told at once',
    zh: '办理所需的内容尚未填写完整',
  },
  coordinator_unknown: {
    status: 409,
    title: 'the workspace does not say who is superior to both departments of a dispute and could coordinate it',
    zh:
      '跨层级、跨地域的共享争议，依据《政务数据共享条例》第二十八条第二款由共同的上级政务数据共享主管部门协调处理；' +
      '本平台没有登记双方的地域或者共同的上级主管部门，不能在此提出',
    en:
      'A dispute across levels or areas is coordinated by the sharing authority superior to both (Article 28(2) of ' +
      'the regulations on sharing government data). Nobody is registered here as that, so it cannot be raised here',
    refusal: true,
  },
  file_type: {
    status: 400,
    title: 'a file is of no kind that is taken: PDF, JPEG and PNG are, told by their content',
    zh: '仅接收 PDF、JPEG、PNG 文件（按文件内容判断）',
  },
  attachment_type: {
    status: 400,
    title: 'an attachment is of no kind that is taken: PDF, OFD, XLSX, JPEG and PNG are, told by their content',
    zh: '附件仅接收 PDF、OFD、Excel、JPEG、PNG 文件（按文件内容判断）',
  },
  file_too_large: {
    status: 413,
    title: 'a file is empty, or larger than is taken',
    zh: '文件为空，或超过大小上限',
  },
  file_damaged: {
    status: 400,
    title: 'a file is not whole, or is written in a way that cannot be looked through',
    zh: '文件不完整，或者其写法无法检查；请用其他软件另存后再上传',
  },
  file_active: {
    status: 400,
    title: 'a file holds something that acts: a script, a macro, an action, media, a form that runs, or another file',
    zh: '文件含有脚本、宏、自动操作、多媒体、动态表单或者附件；请去除后另存，或者重新打印为 PDF 后再上传',
  },
  file_encrypted: {
    status: 400,
    title: 'a file is encrypted, so that nobody can look through it',
    zh: '文件已加密；请取消密码后另存再上传',
  },
  image_too_large: {
    status: 400,
    title: 'a picture has more pixels than is taken',
    zh: '图片的像素超过上限，请缩小后再上传',
  },
  too_many_files: {
    status: 400,
    title: 'more files than the act takes',
    zh: '文件数量超过上限',
  },
  bad_case_answer: {
    status: 400,
    title: "an act on a case that came over the bus cannot be read, or is none of the topic's authority",
    zh: '通过消息总线提交的办件操作无法读取，或者不属于该部门',
  },
  ticket_moved: {
    status: 409,
    title: 'somebody acted on the ticket at the same time; look at it again',
    zh: '该工单刚刚由他人办理，请重新查看',
  },
  second_person_needed: {
    status: 403,
    title: 'whoever proposed a change does not approve it: a second person does',
    zh: '提出人不能审批自己提出的修改，请由另一名数据专员审批',
    en: 'Whoever proposed the change cannot approve it; another data officer does',
  },
  matter_moved: {
    status: 409,
    title: 'somebody acted on the matter at the same time',
    zh: '该事项刚被他人办理，请查看后再试',
  },
  // state
  state_conflict: {
    status: 409,
    title: 'somebody changed the same at the same time; nothing was changed by this step',
    zh: '内容刚刚被他人更改，请重新查看后再办理',
    en: 'Somebody else has just changed this; look at it again',
  },
  state_newer: {
    status: 500,
    title: 'the schema of the state is newer than this program, or was not brought up to it yet',
    zh: '业务状态库的结构版本与本程序不符',
  },
  state_denied: {
    status: 500,
    title: 'the server of the state does not let the user in, or lets it do more than it may',
    zh: '业务状态库的用户权限不符合要求',
  },
  // log
  log_invalid: {
    status: 500,
    title: 'the audit log does not verify',
    zh: '审计日志验证不通过',
  },
  retention_too_short: {
    status: 500,
    title: 'the audit log would be kept for less time than the law asks',
    zh: '审计日志的保存期限短于法定期限',
  },
  replica_refused: {
    status: 403,
    title: 'the certificate is not that of a replica of this log',
    zh: '该证书不属于本日志的节点',
  },
  replica_unavailable: {
    status: 503,
    title: 'another replica of the log does not answer, or not as one',
    zh: '日志的另一节点无响应',
  },
  log_elsewhere: {
    status: 503,
    title: 'the log is kept by another replica; ask there',
    zh: '日志由另一节点保存，请到该节点查询',
  },
  sequencer_fenced: {
    status: 409,
    title: 'another replica is the sequencer of the log',
    zh: '日志已由另一节点负责排序',
  },
  // backups
  backup_exists: {
    status: 409,
    title: 'there is something where the backup is to be written',
    zh: '备份目标位置已有内容',
  },
  backup_no_room: {
    status: 507,
    title: 'the disk has too little room for the copy',
    zh: '磁盘空间不足，无法备份',
  },
  backup_source: {
    status: 503,
    title: 'the data folder cannot be copied as it is',
    zh: '数据目录在当前状态下无法备份',
  },
  backup_manifest: {
    status: 422,
    title: 'the manifest of a backup is missing, cut off or changed',
    zh: '备份清单缺失、不完整或被改动',
  },
  backup_format: {
    status: 422,
    title: 'a backup is of a format that this version does not read',
    zh: '本版本不能读取该备份的格式',
  },
  backup_damaged: {
    status: 422,
    title: 'a file of a backup is not what its manifest says',
    zh: '备份文件与清单不符',
  },
  backup_file_missing: {
    status: 422,
    title: 'a file of a backup is missing',
    zh: '备份缺少文件',
  },
  backup_file_surplus: {
    status: 422,
    title: 'a backup has a file that its manifest does not know',
    zh: '备份含有清单之外的文件',
  },
  backup_incomplete: {
    status: 422,
    title: 'a backup lacks files of its data folder that nobody knew how to copy',
    zh: '备份缺少数据目录中的部分文件',
  },
  restore_target: {
    status: 409,
    title: 'a backup is restored into a missing or empty folder only',
    zh: '备份只能恢复到空目录',
  },
  restore_fork: {
    status: 409,
    title: 'the checkpoint is not one of the log in the backup',
    zh: '检查点不属于该备份中的日志',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof rows;
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = rows;

/** Where in a file of the workspace something stands. */
export interface Place {
  readonly file: string;
  readonly line?: number;
}

/** Every error that Yitong raises on purpose. `code` is stable; `message` is for people. */
export class YitongError extends Error {
  override readonly name = 'YitongError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly extra: {
      readonly place?: Place;
      readonly cause?: unknown;
      readonly problems?: readonly FieldProblem[];
      readonly faults?: FormFaults;
    } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
  }
  get status(): number {
    return errorTable[this.code].status;
  }
}

/**
 * What is wrong with fields of a form, by their names, in words for whoever filled it in. Never holds what was written.
 */
export type FormFaults = Readonly<Record<string, Localised>>;

/** What is wrong with one field of one record. Never holds the value. */
export interface FieldProblem {
  readonly code: ErrorCode;
  readonly field: string;
  readonly reason: string;
}

export const isYitongError = (error: unknown): error is YitongError => error instanceof YitongError;
