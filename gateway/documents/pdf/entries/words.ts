/** The words of entries as one document. They claim what the log proves and no more. */
import type { Localised } from '../../../../contracts/types.js';
import { localSecond } from '../../../ground/language/time.js';
import { checkpointWords } from '../certificate/words.js';
import type { EntriesModel } from './model.js';

/** Name of the attached file. */
export const ATTACHED = 'entries.ndjson';

export const titles = {
  search: { zh: '数据使用记录检索结果', en: 'Uses of data, as found in the audit log' },
  review: { zh: '数据使用记录抽查报告', en: 'Review of a sample of the audit log' },
} as const satisfies Record<string, Localised>;

export const labels = {
  asked: { zh: '检索条件', en: 'What was asked' },
  drawn: { zh: '抽查范围与结论', en: 'What was drawn, and what was found' },
  entries: { zh: '记录', en: 'Entries' },
  proof: { zh: '存证数据', en: 'The proof' },
  claims: { zh: '本文件证明什么', en: 'What this file proves' },
  check: { zh: '核验方法', en: 'How to check it' },
  city: { zh: '出具系统', en: 'Issued by' },
  by: { zh: '检索人', en: 'Asked by' },
  maker: { zh: '出具人', en: 'Made by' },
  at: { zh: '出具时间', en: 'Made at' },
  count: { zh: '记录条数', en: 'Entries' },
  span: { zh: '记录时间', en: 'From the first to the last' },
  signer: { zh: '电子签名', en: 'Signed electronically by' },
  entry: { zh: '序号与时间', en: 'Entry, time' },
  system: { zh: '使用系统与单位', en: 'System, department' },
  purpose: { zh: '用途', en: 'Purpose' },
  basis: { zh: '授权依据', en: 'Legal basis' },
  datasets: { zh: '数据集', en: 'Datasets' },
  outcome: { zh: '结果', en: 'Outcome' },
  file: { zh: '附件', en: 'Attached' },
  digest: { zh: '附件摘要', en: 'Digest of it' },
} as const satisfies Record<string, Localised>;

export const unsigned: Localised = { zh: '未签名', en: 'not signed' };

export const nothing: Localised = {
  zh: '没有符合条件的记录。',
  en: 'Nothing matches.',
};

const attachedWords = (n: number): Localised => ({
  zh: `附件 ${ATTACHED} 含全部 ${String(n)} 条记录的原文及其存证，一行一条。`,
  en: `${ATTACHED}, attached, has all ${String(n)} entries with what proves each, one a line.`,
});

/** What the file is, and what the log proves of it. */
export function claims({ kind, city, issuedAt, rows, counts, checkpoint }: EntriesModel): readonly Localised[] {
  const n = String(rows.length);
  const at = localSecond(issuedAt);
  const all: Localised[] = [
    kind === 'search'
      ? {
          zh: `「${city.zh}」政务数据共享网关的审计日志中，截至 ${at}（北京时间）符合上述条件的记录共 ${n} 条，全部列于本文件。`,
          en: `All ${n} entries of the audit log of the gateway of ${city.en} that matched at ${issuedAt}.`,
        }
      : {
          zh: `「${city.zh}」政务数据共享网关的审计日志中，本次抽查的 ${n} 条记录及截至 ${at}（北京时间）的评判，全部列于本文件。`,
          en: `The ${n} entries of the review of the audit log of the gateway of ${city.en}, as judged by ${issuedAt}.`,
        },
  ];
  if (counts.proved > 0)
    all.push({
      zh:
        `其中 ${String(counts.proved)} 条已列入公开日志，自列入之时起未被改动、移位或删除：每条的原文与随机数合并计算的 ` +
        'SHA-256 摘要即公开日志的该条条目，并由所附路径通向下列检查点的根。',
      en:
        `${String(counts.proved)} of them stand in the published log and were not changed, moved or removed since: ` +
        'SHA-256 over salt and text is the entry of the log, and the path attached leads from it to the root of the ' +
        'checkpoint below.',
    });
  if (counts.newer > 0)
    all.push({
      zh: `有 ${String(counts.newer)} 条写在该检查点之后，尚不能由其证明；稍后重新导出即可。`,
      en: `${String(counts.newer)} are newer than that checkpoint, which proves nothing of them: export them again.`,
    });
  if (counts.gone > 0)
    all.push({
      zh: `有 ${String(counts.gone)} 条的随机数已随主体抹除或者到期销毁，仅能证明该位置有此条目。`,
      en: `Of ${String(counts.gone)} the salt went with its subject or its term: only their places can be proved.`,
    });
  if (checkpoint !== undefined) all.push(checkpointWords(checkpoint.size, checkpoint.witnesses.length));
  all.push(
    {
      zh: '列出的是否为全部：持有日志的任何一方可按同样条件重新检索核对；存证证明的是所列记录本身。',
      en: 'That these are all of them whoever has the log can search again; what is proved is each entry that is here.',
    },
    {
      zh: '所涉数据的内容由提供单位负责；用途、事项等为使用单位提出请求时的陈述。授权依据为出具时现行授权所列，已失效的授权不列。',
      en:
        'For the data their authority answers; purposes and items are what the consumer stated. Legal bases are ' +
        'those of grants in force when this was made; of a grant that is gone none is told.',
    },
  );
  return all;
}

export function checking({ rows, checkpoint }: EntriesModel, signer: string | undefined): readonly Localised[] {
  const signature: Localised =
    signer === undefined
      ? {
          zh: '本文件未经电子签名；所列记录仍可按下列方法逐条核验。',
          en: 'This file is not signed; each entry can be checked all the same, as follows.',
        }
      : {
          zh: `用任一 PDF 阅读器核对本文件的电子签名：签名人应为「${signer}」，且文件签名后未被改动。`,
          en: `Check the signature of this file in any PDF reader: it is of ${signer}, and nothing was changed since.`,
        };
  if (rows.length === 0 || checkpoint === undefined) return [signature];
  const witnesses = checkpoint.witnesses.length > 0;
  return [
    signature,
    attachedWords(rows.length),
    {
      zh: '每行的 body 为记录原文，salt 为随机数，path 为路径（均为 Base64）；检查点 checkpoint 在第一行。',
      en: 'Of each line body is the text, salt random bytes, path the way up (base64); the first has the checkpoint.',
    },
    {
      zh:
        '计算 SHA-256（salt 的 32 字节，后接 body 的 UTF-8 字节）得条目摘要；计算 SHA-256（字节 00，后接条目摘要）得叶子哈希；' +
        '沿路径逐级计算（RFC 9162 第 2.1.3.2 节），应得到检查点的根。',
      en:
        'SHA-256 over salt and then body is the commitment, over a byte 00 and the commitment the leaf hash; along ' +
        'the path (RFC 9162, section 2.1.3.2) comes the root of the checkpoint.',
    },
    {
      zh:
        `用日志公钥核对检查点的签名（Ed25519，RFC 8032）${witnesses ? '，用见证方公钥核对联合签名' : ''}。` +
        '公钥应向日志运行单位索取，不以本文件所列为准。',
      en:
        `Check the signature of the checkpoint with the log's key (Ed25519, RFC 8032)` +
        `${witnesses ? ', and the cosignatures with those of the witnesses' : ''}; take the keys from whoever runs ` +
        'the log, not from this file.',
    },
    {
      zh: `以上各步也可由一条命令完成：yitong audit receipt --verify ${ATTACHED} --vkey 日志公钥。`,
      en: `One command does all of it: yitong audit receipt --verify ${ATTACHED} --vkey KEY.`,
    },
  ];
}
