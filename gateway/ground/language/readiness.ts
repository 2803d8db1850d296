/**
 * What `/health/ready` says, for people: what it is, what to do, and who can do it. `docs/operating.md` has the same
 * messages with more words; a test holds both equal.
 */
import type { Localised } from '../../../contracts/localised.js';

export const OPERATORS: Localised = { zh: '运行维护人员', en: 'the operators' };
const KEEPERS: Localised = { zh: '目录与授权文件的维护人员', en: 'whoever keeps the workspace' };
const AUTHORITY: Localised = { zh: '运行维护人员、证书签发机构', en: 'the operators, with the house of that CA' };
const HOUSE: Localised = { zh: '运行维护人员、对方机构', en: 'the operators, with the other house' };

interface Explained {
  /** As it is said; `…` stands for what differs. Of several the first that fits counts. */
  readonly says: readonly string[];
  readonly what: Localised;
  readonly mend: Localised;
  readonly who: Localised;
  /** Heading of docs/operating.md that says more. */
  readonly more?: string;
}

const BUS: Omit<Explained, 'says'> = {
  what: { zh: '数据总线无应答，暂收不到新数据', en: 'the bus is away: nothing new is seen' },
  mend: {
    zh: '恢复数据总线；在此期间照常答复，推送的数据暂存等候',
    en: 'bring the bus back; answers go on meanwhile, pushed records wait in the spool',
  },
  who: OPERATORS,
  more: 'YitongBusAway',
};
const LIST: Omit<Explained, 'says'> = {
  what: { zh: '证书吊销列表需要更新', en: 'a revocation list is to be renewed' },
  mend: {
    zh: '向签发机构取最新的吊销列表，替换原文件，数秒内生效',
    en: 'fetch the newest list from that CA and put it in place of the file; it counts within seconds',
  },
  who: AUTHORITY,
  more: 'YitongCrlEnding',
};
const ENDING: Omit<Explained, 'says'> = {
  what: { zh: '证书即将到期', en: 'a certificate is about to end' },
  mend: {
    zh: '申请新证书，替换原证书和私钥文件，数秒内生效，无需重启',
    en:
      'get a new one and replace certificate and key in the same files (`yitong doctor --only certificates` names ' +
      'them); it is taken within seconds, without a restart',
  },
  who: AUTHORITY,
  more: 'YitongCertificateEnding',
};
const FAULT: Omit<Explained, 'says'> = {
  what: { zh: '审计日志有文件无法读取', en: 'something of the audit log cannot be read' },
  mend: {
    zh: '保持数据目录原样，按故障说明逐一处理；不要清空任何日志目录',
    en: 'keep the folder as it is; docs/faults.md says for each file what to do. Never empty a folder of the log',
  },
  who: OPERATORS,
  more: 'YitongLogNotSequenced',
};
const ERASURE: Omit<Explained, 'says'> = {
  what: { zh: '抹除尚未在各节点执行完毕', en: 'an erasure waits for a replica' },
  mend: {
    zh: '启动尚未执行的节点；已永久损毁的节点，用命令声明',
    en: '`yitong state replicas` names the replica: start it, or say that it is gone',
  },
  who: OPERATORS,
  more: 'YitongErasureWaits',
};

/** The more that is said, the earlier it stands: `… cannot be read: …` would take what others say. */
export const READINESS: readonly Explained[] = [
  {
    says: ['draining'],
    what: { zh: '正在停止，仍在答复', en: 'it was told to stop, and answers until it has' },
    mend: { zh: '无需处理', en: 'nothing: it ends by itself' },
    who: OPERATORS,
  },
  {
    says: ['… is not ready: it …'],
    what: { zh: '有进程正在启动', en: 'a process is starting' },
    mend: {
      zh: '稍候；若停在同一步，查看其运行日志',
      en:
        'wait; if it stays at one step, its log says why (`yitong logs`): most often a file of the workspace is ' +
        'refused',
    },
    who: OPERATORS,
    more: 'YitongNotReady',
  },
  {
    says: ['… is not running'],
    what: { zh: '有进程已停止，即将重启', en: 'a process ended and is about to be started again' },
    mend: { zh: '反复停止时查看其运行日志', en: 'where it ends again and again, its log says why (`yitong logs`)' },
    who: OPERATORS,
    more: 'YitongProcessRestarting',
  },
  {
    says: [
      'no client is let in, for the revocation list of each anchor has ended: …; put newer lists into the files that ' +
        'the anchors name, a running gateway takes them',
    ],
    ...LIST,
    what: { zh: '证书吊销列表已全部过期，任何系统都无法接入', en: 'nobody is let in: each revocation list has ended' },
  },
  {
    says: ['the audit journal cannot be written: …'],
    what: { zh: '审计日志无法写入，一律不予答复', en: 'nothing can be put on record, so nothing is answered' },
    mend: {
      zh: '腾出磁盘空间或更换磁盘，恢复可写后自动继续；不要删除任何日志文件',
      en: 'free the disk or replace it; it goes on by itself. Delete nothing under `journal`, `audit` or `log`',
    },
    who: OPERATORS,
    more: 'YitongJournalUnhealthy',
  },
  {
    says: ['…: the other replicas must agree once …', '…: … was agreed to as the sequencer'],
    what: { zh: '审计条目等候其他节点', en: 'entries wait for other replicas' },
    mend: { zh: '启动其他节点', en: 'start the other replicas; docs/log.md says who sequences' },
    who: OPERATORS,
    more: 'YitongSequencerSilent',
  },
  {
    says: ['… entries are not taken into the log, the oldest for … s; …'],
    what: { zh: '审计条目未能汇入日志', en: 'entries are not taken into the log' },
    mend: {
      zh: '查看写入进程的运行日志；条目已经落盘，不会丢失',
      en: 'the log of the writer has the reason (`yitong logs --process writer`); the entries are durable and wait',
    },
    who: OPERATORS,
    more: 'YitongLogNotSequenced',
  },
  {
    says: ['… is rebuilding'],
    what: { zh: '数据视图正在重建', en: 'the view is being rebuilt' },
    mend: { zh: '稍候，完成后自动恢复', en: 'wait: it goes on by itself, about half a minute a million records' },
    who: OPERATORS,
  },
  { says: ['the bus is away, so nothing new is seen: …', '…: the bus is away since …: …'], ...BUS },
  {
    says: ['… is incomplete: the bus no longer had all of it; see docs/kafka.md'],
    what: { zh: '数据总线缺少部分历史记录', en: 'records were deleted on the bus before they were read' },
    mend: {
      zh: '由该数据集的接入程序重新发布全部数据',
      en: 'publish all of it again: `yitong connector <dataset> --again` (docs/kafka.md)',
    },
    who: OPERATORS,
  },
  {
    says: ['… pushed records (… bytes) wait for the bus since …'],
    what: { zh: '推送的数据等候数据总线', en: 'pushed records wait for the bus' },
    mend: {
      zh: '恢复数据总线；不要删除暂存目录，其中的数据已经签收',
      en: 'bring the bus back; do not delete the spool: what is in it was acknowledged',
    },
    who: OPERATORS,
    more: 'YitongSpoolGrowing',
  },
  {
    says: ['…: the records cannot be forwarded'],
    what: { zh: '有数据集的推送数据无法转发', en: 'the pushed records of one dataset cannot be forwarded' },
    mend: {
      zh: '核对其主题、权限与目录约定',
      en: 'mend its topic, its ACL (`yitong bus acl --check`) or its contract',
    },
    who: OPERATORS,
    more: 'YitongSpoolGrowing',
  },
  {
    says: ['the … is nearly full: …', 'the … is full: …'],
    what: { zh: '存储空间将满', en: 'a store is nearly full' },
    mend: {
      zh: '确认磁盘余量后调高上限并重启',
      en: 'raise `gateway.viewMaxBytes` or `bus.maxBytes` after a look at the disk, and restart',
    },
    who: OPERATORS,
    more: 'YitongStoreFilling',
  },
  {
    says: ['the log is not published: the oldest entry waits for a checkpoint for … s; …'],
    what: { zh: '审计日志暂未公布新的检查点', en: 'the log is not published' },
    mend: {
      zh: '与未签名的见证机构联系；答复照常进行',
      en: 'see which witness does not cosign (`log.witnesses` of /health/ready) and call its house; answers go on',
    },
    who: HOUSE,
    more: 'YitongLogNotPublished',
  },
  {
    says: ['the task … of the writer has not come forward for … s'],
    what: { zh: '一项后台任务未按时推进', en: 'a background task does not come forward' },
    mend: {
      zh: '查看写入进程的运行日志；停滞不动时重启',
      en: 'the log of the writer says why (`yitong logs --process writer`); where it hangs, restart the group',
    },
    who: OPERATORS,
    more: 'YitongTaskStalled',
  },
  {
    says: ['the state does not answer since …: what needs it is refused'],
    what: { zh: '共享状态库无应答', en: 'the state does not answer' },
    mend: { zh: '恢复状态库的数据库服务器', en: 'bring the PostgreSQL server of `state` back' },
    who: OPERATORS,
    more: 'YitongStateAway',
  },
  {
    says: ['suspensions of other replicas are not heard of; those that are known stay in force'],
    what: { zh: '收不到其他节点的停用通知', en: 'suspensions of other replicas are not heard of' },
    mend: { zh: '恢复状态库；此前在每个节点分别停用', en: 'bring the state back; until then suspend at each replica' },
    who: OPERATORS,
    more: 'YitongSuspensionsLate',
  },
  {
    says: [
      'grants of applications are not heard of; those that are known stay in force',
      'grants of applications cannot be read; those in force stay so: …',
    ],
    what: { zh: '读不到申请形成的授权', en: 'grants of applications are not heard of' },
    mend: {
      zh: '恢复状态库，或由备份恢复授权副本',
      en: 'bring the state back; a damaged `<data>/applied/` is put back from a backup',
    },
    who: OPERATORS,
    more: 'YitongApplicationsLate',
  },
  {
    says: ['not in force: …'],
    what: { zh: '经同意的授权未能生效', en: 'a grant that was agreed to is not in force' },
    mend: {
      zh: '补正相应文件，或终止该申请',
      en: 'mend the workspace (a field, client or purpose is gone), or end the application',
    },
    who: KEEPERS,
    more: 'YitongApplicationsLate',
  },
  {
    says: ['an erasure waits for this replica since … s', 'an erasure waits for another replica since … s; …'],
    ...ERASURE,
  },
  {
    says: ['this replica is configured to sequence the log and does not: …'],
    what: { zh: '有两个节点都被设为日志定序节点', en: 'two replicas are configured to sequence the log' },
    mend: { zh: '只保留其中一个', en: 'set `audit.sequencer` to false at one of them' },
    who: OPERATORS,
  },
  {
    says: ['no sequencer has asked for the journals of this replica for a while: receipts wait'],
    what: { zh: '日志定序节点没有应答', en: 'the replica that sequences is away' },
    mend: {
      zh: '启动该节点；确已损毁的，按规程接管',
      en: 'start it; where it is lost, `yitong audit takeover` says what to do',
    },
    who: OPERATORS,
    more: 'YitongSequencerSilent',
  },
  {
    says: ['nobody sequences the log, and this replica cannot: …', 'who sequences the log is not known: …'],
    what: { zh: '没有节点为日志定序', en: 'no replica sequences the log' },
    mend: { zh: '启动日志最完整的节点', en: 'start the replica that has the most of the log; bring the state back' },
    who: OPERATORS,
    more: 'YitongNobodySequences',
  },
  {
    says: ['the replica … takes no copy of the log: …'],
    what: { zh: '有节点未保存日志副本', en: 'a replica takes no copy of the log' },
    mend: { zh: '查看该节点的运行日志', en: 'the log of that replica says why' },
    who: OPERATORS,
    more: 'YitongLogCopyBehind',
  },
  {
    says: ['the replica … is not followed: …'],
    what: { zh: '有节点的日志未被复制', en: 'the journals of a replica are not copied' },
    mend: { zh: '检查该节点的证书、网络与运行', en: 'see to its certificate, the network, and whether it runs' },
    who: OPERATORS,
    more: 'YitongReplicaNotFollowed',
  },
  {
    says: ['… are not given back since …: …', 'the journal … is not shortened: …'],
    what: { zh: '到期数据未能清理', en: 'what is past its term does not go' },
    mend: { zh: '先校验日志，保留原目录', en: '`yitong audit verify`; keep the folder, it is evidence' },
    who: OPERATORS,
    more: 'YitongHousekeepingStuck',
  },
  {
    says: ['policies on disk do not load since …; those of before are in force, without what was withdrawn: …'],
    what: { zh: '磁盘上的策略无法载入，沿用原策略', en: 'policies on disk do not load' },
    mend: {
      zh: '补正所列文件，数秒内生效；不要重启',
      en: 'mend the file that is named (`yitong policies check`); do not restart',
    },
    who: KEEPERS,
    more: 'YitongPoliciesStale',
  },
  {
    says: ['suspended grants cannot be read; those that were suspended stay so: …'],
    what: { zh: '停用记录无法读取', en: 'what is suspended cannot be read' },
    mend: { zh: '由备份恢复后方可重启', en: 'put `<data>/suspended` back from a backup before any restart' },
    who: OPERATORS,
  },
  {
    says: [
      'the revocation list of anchor … is to be renewed by …: put a newer one into the file that the anchor names; ' +
        'from … on nobody of this anchor is let in',
      'the revocation list of anchor … was due on …; from … on nobody of this anchor is let in',
      'the revocation list of anchor … ends within a day; from … on nobody of this anchor is let in',
      'the revocation list of anchor … ended on …; nobody of this anchor is let in until there is a new one in the ' +
        'file that the anchor names',
    ],
    ...LIST,
  },
  {
    says: ['anchor …: …'],
    what: { zh: '新的证书吊销列表未被采用', en: 'a newer revocation list was not taken' },
    mend: { zh: '请签发机构提供有效的列表', en: 'ask that CA for a good one' },
    who: AUTHORITY,
    more: 'YitongCrlEnding',
  },
  { says: ['the … certificate ends on …, within …'], ...ENDING },
  {
    says: ['the … certificate ended on …'],
    ...ENDING,
    what: { zh: '证书已经到期', en: 'a certificate has ended' },
  },
  {
    says: ['the … certificate on disk is not taken since …; …'],
    what: { zh: '新的证书未被采用，沿用原证书', en: 'the new certificate is not taken; the one of before goes on' },
    mend: {
      zh: '证书与私钥须配对且在有效期内，重新放置两个文件',
      en: 'certificate and key must belong together and be good now: write both anew',
    },
    who: OPERATORS,
    more: 'YitongCertificateStale',
  },
  {
    says: ['contracts, feeds or yitong.json on disk are not taken since …; those of before are in force: …'],
    what: {
      zh: '磁盘上的目录约定或设置未被采用，沿用原内容',
      en: 'contracts, feeds or settings on disk are not taken',
    },
    mend: { zh: '补正所列文件', en: 'mend the file that is named (`yitong contracts check`)' },
    who: KEEPERS,
    more: 'YitongContractsStale',
  },
  {
    says: ['… has not been read since …: …', '…: its first run is not done'],
    what: { zh: '有数据源读取失败', en: 'a feed fails' },
    mend: {
      zh: '检查来源系统与网络；恢复后自动补读，原有数据不受影响',
      en: 'see to the source: it is tried again by itself, and what it published stays',
    },
    who: { zh: '运行维护人员、数据来源部门的数据专员', en: 'the operators, with the data officer of the source' },
    more: 'YitongFeedFailing',
  },
  {
    says: ["the view's server … is not written to: …"],
    what: { zh: '数据视图的数据库服务器无应答', en: 'a server of the view is away' },
    mend: { zh: '恢复该数据库服务器', en: 'bring that PostgreSQL server back (docs/view.md)' },
    who: OPERATORS,
    more: 'YitongViewBehind',
  },
  {
    says: ['… items of cases wait for the region … since …'],
    what: { zh: '有办理事项等候其他地区接收', en: 'items of cases wait for another region' },
    mend: { zh: '与对方地区联系', en: '`yitong audit search --type region` says why; call its house' },
    who: HOUSE,
    more: 'YitongRegionWaits',
  },
  {
    says: ['… has not answered a call for a person since …'],
    what: { zh: '有人工咨询无人答复', en: 'nobody answers somebody who asked for a person' },
    mend: { zh: '由牵头部门答复', en: 'its officers find it under /console/calls' },
    who: { zh: '牵头部门', en: 'the authority that leads the matter' },
    more: 'YitongCallUnanswered',
  },
  {
    says: [
      '…, and the state of the sequencer is gone',
      'the state of the sequencer cannot be read: …',
      'the journal … cannot be read: …',
      '… cannot be read: …',
    ],
    ...FAULT,
  },
];

/** Of what is said, by its text: `…` is any text. */
const patternOf = (text: string): RegExp =>
  new RegExp(
    // in front of it stands the process that says it
    `^(?:[a-z]+(?: \\d+)?: )?${text
      .split('…')
      .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );
const PATTERNS = READINESS.flatMap((one) => one.says.map((text) => [patternOf(text), one] as const));

/** What a reason or a warning means; undefined where nobody knows. */
export const explained = (line: string): Explained | undefined => PATTERNS.find(([pattern]) => pattern.test(line))?.[1];
