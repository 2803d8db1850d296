/**
 * Operations of the API in Chinese, by their ids: what each is called, and a sentence about it. In English both stand
 * with the route. One that a route of somebody else brings has none, and its page says so.
 */

interface OperationWords {
  readonly title: string;
  readonly about: string;
}

const OPERATIONS: Readonly<Record<string, OperationWords>> = {
  query: {
    title: '按用途跨部门查询一个主体',
    about: '一次最多查询若干数据集；逐项按授权决定提供、不提供或拒绝，先留痕再答复。可试运行，只说明结论，不读取记录。',
  },
  batch: {
    title: '一次查询多个主体',
    about: '按授权规定的数量上限分批答复，每批先留痕再提供；中断后已提供的部分均有记录。',
  },
  sandboxQuery: {
    title: '在沙箱中试查',
    about: '请求与答复的格式同正式查询，策略与授权也是正式的，记录全部虚构，不读取任何部门的数据。',
  },
  sandboxSubjects: {
    title: '沙箱中的虚构主体',
    about: '每次相同；其他主体一律不受理，无论是否真实存在。',
  },
  verify: {
    title: '核验申报内容是否与登记一致',
    about: '逐项答复一致、不一致或不予答复，不返回登记内容；同一字段的核验次数有上限，防止逐值试探。',
  },
  queryRegion: {
    title: '向其他地区查询一个主体',
    about: '由本地网关以本地应用的名义询问对方网关，对方按其授权决定；双方各自留痕。',
  },
  verifyRegion: {
    title: '向其他地区核验申报内容',
    about: '由对方网关按其授权比对，只答复比对结果；双方各自留痕。',
  },
  catalogue: { title: '数据目录', about: '一次返回全部条目，按编号排列，不含数据项。' },
  catalogueEntry: {
    title: '数据目录中的一个条目',
    about: '含数据项、分类、共享属性、更新频率，以及目前的时效与质量。',
  },
  catalogueDcat: { title: '数据目录的通用交换格式', about: '供其他目录系统收割，格式遵循通用的数据目录标准。' },
  catalogueCsv: { title: '数据目录的表格文件', about: '一个条目一行，可用电子表格打开，也可由另一个平台导入。' },
  subscribe: {
    title: '订阅变更，或更改订阅',
    about: '按授权订阅若干数据集；可主动取回，也可推送到指定地址。编号由订阅方自定，重复提交结果相同。',
  },
  subscriptions: { title: '本应用的订阅', about: '列出本应用的全部订阅及其状态。' },
  subscription: { title: '一项订阅', about: '查看一项订阅的内容、状态与进度。' },
  unsubscribe: { title: '结束订阅', about: '结束后不再告知变更；已告知的内容不受影响。' },
  changes: {
    title: '取回变更',
    about: '从某一位置起逐行返回变更，可等待新的变更；每次取回均留痕，下次从返回的位置继续。',
  },
  orderFile: { title: '申请生成文件', about: '将授权的数据集整份生成文件，可选格式与加密；生成后凭编号取回。' },
  files: { title: '本应用申请的文件', about: '列出最近三十天内申请的文件。' },
  file: { title: '文件的生成进度', about: '生成后给出长度、摘要与可取回的期限。' },
  removeFile: { title: '删除文件，或停止生成', about: '返回其最后的状态。' },
  fileContent: { title: '取回文件内容', about: '可从任意字节处继续取回，网络中断后不必从头开始；每次取回均留痕。' },
  publish: {
    title: '发布一个数据集的记录',
    about: '由数据提供单位推送记录；逐行校验，不合格的留待核对并说明理由，其余即行发布。',
  },
  quarantine: { title: '未通过校验的数据', about: '列出不符合数据契约的行及理由；仅限提供单位自己的数据集。' },
  retryQuarantine: { title: '重新校验未通过的数据', about: '映射或契约更改后，将现已合格的行予以发布。' },
  mends: { title: '未通过的原因与映射修正草案', about: '原因按行数排列，草案由新到旧；仅限提供单位自己的数据集。' },
  proposedMend: {
    title: '针对一类原因可提出的映射修正',
    about: '只提出无需猜测原意的修正，说明各部分可使多少行通过检查；不改动任何内容。',
  },
  mend: { title: '一份映射修正草案', about: '修改的内容、试行的结果、提出人与审批人，以及修改后的数据源文件。' },
  proposeMend: {
    title: '提出映射修正草案',
    about: '在全部留待核对的行和数据来源上试行，须由另一名经办人审批后方才生效。',
  },
  actOnMend: {
    title: '审批、退回、写入或者撤销映射修正',
    about: '提出人不得审批自己的草案；撤销时另立草案，恢复原映射。每一步均留痕。',
  },
  reading: {
    title: '来源的读取情况',
    about: '是否已要求读取、正在读取，以及最近一次的结果；仅限提供单位自己的数据集。',
  },
  readAgain: {
    title: '立即重新读取来源',
    about: '来源更正后不等下一次定时，几秒内开始读取；两次要求之间须有间隔。要求人先行留痕。',
  },
  objections: {
    title: '异议与信用修复申请',
    about: '列出本单位作为一方的申请及剩余期限；代主体提出的，列出该主体的申请。',
  },
  openObjection: { title: '提出异议或修复申请', about: '针对某一数据集中现有的一条记录提出。' },
  actOnObjection: { title: '办理异议或修复申请', about: '从申请当前可做的操作中选择一项；期限与状态随之改变。' },
  matters: { title: '共享事项', about: '列出本单位作为一方的共享事项；待办的按到期先后，办结的按时间先后。' },
  matter: { title: '一件共享事项', about: '含全部步骤，以及本单位现在可做的操作。' },
  openMatter: { title: '发起共享事项', about: '如申请共享、提出校核、报告滥用；内容随事项类型而定。' },
  actOnMatter: { title: '办理共享事项', about: '从事项当前可做的操作中选择一项；同一标识重复提交只办理一次。' },
  standingConsents: { title: '长期同意的数据集', about: '列出提供单位已一次性同意共享的数据集。' },
  consentStanding: { title: '一次性同意共享', about: '对无条件共享的数据集，由提供单位共享工作机构负责人作出。' },
  withdrawStanding: { title: '撤回一次性同意', about: '由提供单位共享工作机构负责人作出；此前已批准的申请不受影响。' },
  sharingStatistics: {
    title: '共享情况统计',
    about: '本单位一段时间内的共享数据；主管部门可统计所辖全部单位。已结束的时段结果固定不变。',
  },
  sharingDocument: {
    title: '共享工作的报告与考核文件',
    about: '已审定的监督情况报告或考核评价，附电子签名的版式文件。',
  },
  useRecords: { title: '本单位的授权及使用登记', about: '列出本单位获得的授权，以及是否已登记使用情况。' },
  useRecordsOf: { title: '一项授权的使用登记', about: '查看使用单位登记的场景、成效、存储与销毁情况。' },
  recordUse: { title: '登记授权的使用情况', about: '由使用单位登记；历次登记均予保留。' },
  correctionsTold: { title: '更正的告知情况', about: '查看哪些更正已告知取得过该记录的系统。' },
  deputies: { title: '代行安排', about: '列出本单位负责人的代行安排。' },
  handOver: { title: '安排代行', about: '负责人外出期间，由指定人员代行其操作。' },
  takeBack: { title: '收回代行', about: '即时生效，此前代行的操作仍然有效。' },
  attachments: { title: '共享事项的附件', about: '列出附件，以及本单位现在可在何处添加。' },
  attachment: { title: '取回一份附件', about: '与上传时逐字节相同。' },
  attach: { title: '添加附件', about: '请求内容即为文件，类型按内容识别；含脚本、宏、其他文件或密码的不予接收。' },
  detach: { title: '移除附件', about: '只能移除本单位添加的附件。' },
  bundles: { title: '可办的一件事', about: '列出可一次办理的全部主题。' },
  bundle: { title: '一件事的办事说明', about: '含提问、事项及期限、材料与步骤。' },
  mergeBundle: { title: '按情形生成一张表', about: '根据已回答的问题，合并各部门的表单，相同内容只填一次。' },
  guide: { title: '从一句话找到要办的事', about: '按当事人自己的说法匹配主题，并给出下一个问题。' },
  cases: { title: '待办的办件', about: '列出本单位待办的办件及期限，即将到期的在前；代申请人查询的，列出其办件。' },
  openCase: { title: '新建办件草稿', about: '为申请人新建，由该主题指定的应用提出。' },
  oneCase: { title: '一个办件', about: '各事项由谁办理、何时到期、现在可做哪些操作。' },
  caseForm: { title: '草稿的表单', about: '哪些内容由登记自动填写，哪些尚缺，有何妨碍；每次查阅登记均留痕。' },
  caseEvents: { title: '办件的经过', about: '逐行列出发生的事项，可从某一序号之后取回。' },
  actOnCase: { title: '办理办件', about: '从办件当前可做的操作中选择一项，如提交、受理、补正、办结。' },
  caseMaterials: { title: '办件的材料', about: '列出所需材料及各自状态：自动生成、已上传或尚缺。' },
  caseMaterial: { title: '取回一份材料', about: '自动生成的为版式文件，上传的与上传时相同。' },
  putCaseMaterial: { title: '上传材料', about: '请求内容即为文件，类型按内容识别；重复上传相同内容不产生变化。' },
  reportDefinitions: { title: '可申请的信用报告', about: '列出由本应用代为申请的报告，及其领域与用途。' },
  previewReport: { title: '预览信用报告', about: '说明涉及哪些主体、尚缺谁的授权，以及报告将载明的内容；不签发。' },
  issueReport: { title: '签发信用报告', about: '签发后附核验码；较长的报告在生成期间返回进度。' },
  listReports: { title: '企业申请过的报告', about: '最新的在前；不含报告内容，也不含核验码。' },
  showReport: { title: '取回已签发的报告', about: '按所请求的格式返回：数据、版式文件或可验证凭证。' },
  revokeReport: { title: '撤销已签发的报告', about: '由签发报告的应用提出，撤销后不可恢复；核验时显示已撤销。' },
  authorise: { title: '登记企业的授权', about: '企业同意他人申请其报告；由应用对授权的真实性负责，留痕后生效。' },
  authorisations: { title: '企业给予和获得的授权', about: '最新的在前，含已到期与已撤回的。' },
  withdrawAuthorisation: { title: '撤回授权', about: '由授权的企业撤回；撤回后不再据此签发，已签发的报告仍然有效。' },
  releaseReport: { title: '凭码出示报告', about: '将已签发的报告或其中若干领域，凭一次性的码出示给扫码人。' },
  releaseState: { title: '出示的结果', about: '是否已被查看，以及由谁查看。' },
  withdrawRelease: { title: '收回尚未查看的出示', about: '收回后扫码人只被告知已收回。' },
  lookAtReport: { title: '查看凭码出示的报告', about: '每个码只能查看一次，查看留痕并告知企业。' },
  verifyDocuments: { title: '凭码核验文件', about: '一次可核验多个；可同时登记关注，其后变化予以告知。' },
  documentChanges: { title: '所关注文件的变化', about: '如被撤销或被更正；可等待新的变化。' },
  verifyCredential: {
    title: '核验可验证凭证',
    about: '核验企业出示的凭证是否真实、有效、由其本人持有，并满足所需领域。',
  },
  scan: { title: '凭合规码询问', about: '扫描企业出示的码，提出一个问题，待企业确认。' },
  scanAnswer: { title: '取回合规码的答复', about: '企业确认后答复一次。' },
  receipt: { title: '回执的证明', about: '证明某次答复的记录已进入审计日志，可离线核验。' },
  schema: { title: '按编号取回数据格式', about: '供其他系统解读主题中的记录。' },
  schemaSubjects: { title: '已登记的数据格式', about: '列出全部主题的格式名称。' },
  schemaVersions: { title: '一种数据格式的版本', about: '列出该格式的全部版本号。' },
  schemaVersion: { title: '数据格式的一个版本', about: '返回该版本的编号与内容，可指定最新版本。' },
  openapi: { title: '本接口的说明', about: '机器可读的接口说明，由接口本身生成，与实际运行一致。' },
};

/** Undefined of an operation that has no Chinese words. */
export const operationWords = (id: string): OperationWords | undefined =>
  Object.hasOwn(OPERATIONS, id) ? OPERATIONS[id] : undefined;
