/**
 * The sentences of a certificate of proof. They claim what the log proves and no more; no act is cited, for what a
 * court makes of it is the court's.
 */
import type { Localised } from '../../../../contracts/types.js';
import { localSecond } from '../../../ground/language/time.js';
import type { CertificateModel } from './model.js';

export const labels = {
  title: { zh: '存证证明', en: 'Certificate of proof' },
  certified: { zh: '证明事项', en: 'What is certified' },
  not: { zh: '不予证明的事项', en: 'What is not certified' },
  entry: { zh: '条目内容', en: 'The entry' },
  decision: { zh: '各数据集的判定', en: 'The decision on each dataset' },
  proof: { zh: '存证数据', en: 'The proof' },
  witnesses: { zh: '见证方联合签名', en: 'Cosignatures of witnesses' },
  check: { zh: '核验方法', en: 'How to check it' },
  issuer: { zh: '出具系统', en: 'Issued by' },
  index: { zh: '日志序号', en: 'Entry' },
  issuedAt: { zh: '出具时间', en: 'Issued at' },
  signer: { zh: '电子签名', en: 'Signed electronically by' },
  dataset: { zh: '数据集', en: 'Dataset' },
  outcome: { zh: '结果', en: 'Outcome' },
  because: { zh: '字段或理由', en: 'Fields, or why not' },
  records: { zh: '记录数', en: 'Records' },
  commitment: { zh: '条目摘要', en: 'Commitment' },
  leaf: { zh: '叶子哈希', en: 'Leaf hash' },
  origin: { zh: '日志名称', en: 'Log' },
  size: { zh: '检查点条目数', en: 'Its entries' },
  root: { zh: '检查点的根', en: 'Root of the checkpoint' },
  vkey: { zh: '日志公钥', en: 'Key of the log' },
  witness: { zh: '见证方', en: 'Witness' },
  at: { zh: '签名时间（北京时间）', en: 'Signed at (UTC+8)' },
  key: { zh: '公钥', en: 'Key' },
} as const satisfies Record<string, Localised>;

/** Name of the attached file. */
export const ATTACHED = 'receipt.json';

/** What a checkpoint over so many entries is worth, with so many witnesses. */
export const checkpointWords = (size: number, witnesses: number): Localised =>
  witnesses === 0
    ? {
        zh: `检查点覆盖 ${String(size)} 条条目，由日志密钥签名；没有见证方联合签名，日志整体是否曾被替换，除运行单位外无人作证。`,
        en:
          `The checkpoint covers ${String(size)} ${size === 1 ? 'entry' : 'entries'} and is signed by the ` +
          `log's key. No witness cosigned it: that the log was never replaced as a whole, nobody but its ` +
          'operator vouches for.',
      }
    : {
        zh: `检查点覆盖 ${String(size)} 条条目，由日志密钥签名，并由 ${String(witnesses)} 个见证方于所列时间联合签名；见证方只在日志仅有增加、从未改写时签名。`,
        en:
          `The checkpoint covers ${String(size)} ${size === 1 ? 'entry' : 'entries'}, is signed by the log's ` +
          `key, and was cosigned by ${String(witnesses)} ` +
          `${witnesses === 1 ? 'witness' : 'witnesses'} at the times below; a witness signs only where ` +
          'the log grew and nothing of it was rewritten.',
      };

export function certified({
  city,
  index,
  recordedAt,
  gone,
  proof: { size, witnesses },
}: CertificateModel): readonly Localised[] {
  const at = recordedAt === undefined ? undefined : { zh: `${localSecond(recordedAt)}（北京时间）`, en: recordedAt };
  const n = String(index);
  return [
    at === undefined
      ? {
          zh: `「${city.zh}」政务数据共享网关的审计日志有第 ${n} 条条目。`,
          en: `The audit log of the data-sharing gateway of ${city.en} has an entry ${n}.`,
        }
      : {
          zh: `「${city.zh}」政务数据共享网关于 ${at.zh}将本证明所载条目记入审计日志，列为第 ${n} 条（序号自 0 起）。`,
          en:
            `The data-sharing gateway of ${city.en} put the entry of this certificate on record at ${at.en}, as ` +
            `entry ${n} of its audit log, counted from 0.`,
        },
    gone === undefined
      ? {
          zh: '该条目自列入公开日志之时起未被改动、移位或删除：条目原文与随机数合并计算的 SHA-256 摘要即公开日志的该条条目，并由所附路径通向下列检查点的根。',
          en:
            'Since it was published in the log the entry has not been changed, moved or removed: SHA-256 over ' +
            'its salt and its text is the entry of the published log, and the path attached leads from it to the ' +
            'root of the checkpoint below.',
        }
      : {
          zh: '该位置的条目自列入公开日志之时起未被改动、移位或删除：所附路径由其叶子哈希通向下列检查点的根。',
          en:
            'Since it was published in the log the entry at this place has not been changed, moved or removed: ' +
            'the path attached leads from its leaf hash to the root of the checkpoint below.',
        },
    checkpointWords(size, witnesses.length),
  ];
}

export const notCertified: readonly Localised[] = [
  {
    zh: '所涉数据的内容是否真实、准确：数据内容由提供单位负责，本证明仅证明记录本身。',
    en: 'That the data were true or accurate: their authority answers for them; only the record is certified.',
  },
  {
    zh: '使用单位所述用途、事项、办件是否属实：均为其提出请求时的陈述。',
    en: 'That purpose, item and case were as stated: they are what the consumer said when it asked.',
  },
  {
    zh: '记录时间的准确性：该时间取自本系统时钟。见证方的签名时间可证明条目不晚于该时间存在。',
    en:
      "That the clock was right: the time recorded is the gateway's own. The time of a witness proves that the " +
      'entry was there by then.',
  },
];

export const goneWords = ({ kind, by }: NonNullable<CertificateModel['gone']>): Localised =>
  kind === 'erased'
    ? {
        zh: `该条目所涉主体的信息已依法抹除，随机数一并销毁，依据为日志第 ${String(by)} 条。下列内容为条目留存部分；其与条目摘要的对应关系已不能核验。`,
        en:
          'The subject of this entry was erased, and the salt destroyed with it, by the order in entry ' +
          `${String(by)} of the log. What follows is what is left of the entry; that it belongs to the ` +
          'commitment can no longer be checked.',
      }
    : {
        zh: `该条目的保存期限已满，内容与随机数已销毁，依据为日志第 ${String(by)} 条。条目内容不复存在，仅能证明该位置有此条目。`,
        en:
          'The term of keeping of this entry is over: text and salt were destroyed by the order in entry ' +
          `${String(by)} of the log. Nothing of its content is left; only its place can be proved.`,
      };

export function checking({ gone, proof: { witnesses } }: CertificateModel, signer: string): readonly Localised[] {
  return [
    {
      zh: `用任一 PDF 阅读器核对本文件的电子签名：签名人应为「${signer}」，且文件签名后未被改动。`,
      en: `Check the signature of this file in any PDF reader: it is of ${signer}, and nothing was changed since.`,
    },
    {
      zh: `取出附件 ${ATTACHED}：body 为条目原文，salt 为随机数（Base64），proof 为路径与检查点。`,
      en:
        `Take out the attachment ${ATTACHED}: body is the text of the entry, salt the random bytes (base64), ` +
        'proof the path and the checkpoint.',
    },
    gone === undefined
      ? {
          zh: '计算 SHA-256（salt 的 32 字节，后接 body 的 UTF-8 字节），应等于条目摘要；计算 SHA-256（字节 00，后接条目摘要的 32 字节），应等于叶子哈希。',
          en:
            'SHA-256 over the 32 bytes of salt and then the UTF-8 bytes of body is the commitment; SHA-256 over ' +
            'a byte 00 and then the 32 bytes of the commitment is the leaf hash.',
        }
      : {
          zh: '随机数已销毁，条目摘要不能重算；以所列叶子哈希代之。',
          en: 'The salt is gone, so the commitment cannot be computed again: begin with the leaf hash above.',
        },
    {
      zh: '由叶子哈希沿路径逐级计算（RFC 9162 第 2.1.3.2 节），应得到检查点的根。',
      en: 'From the leaf hash along the path (RFC 9162, section 2.1.3.2) comes the root of the checkpoint.',
    },
    {
      zh:
        '用日志公钥核对检查点的签名（Ed25519，RFC ' +
        `8032）${witnesses.length === 0 ? '' : '，用见证方公钥核对联合签名'}。` +
        `公钥应向日志运行单位${witnesses.length === 0 ? '' : '和各见证方分别'}索取，不以本文件所列为准。`,
      en:
        `Check the signature of the checkpoint with the log's key (Ed25519, RFC ` +
        `8032)${witnesses.length === 0 ? '' : ', and the cosignatures with those of the witnesses'}. Take the ` +
        `keys from ${witnesses.length === 0 ? 'the operator of the log' : 'the operator and from each witness'}, ` +
        'not from this file.',
    },
    {
      zh: '各步的字节格式载于随系统公开的文档 docs/log.md 的“Writing a verifier”一节。依该节可用任何编程语言自行编写核验程序，无须使用本系统的任何软件。',
      en:
        'The formats, to the byte, are in docs/log.md, section "Writing a verifier": by it a verifier can be ' +
        'written in any language, with no software of ours.',
    },
  ];
}
