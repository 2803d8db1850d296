/** The words of a material that is made, whatever its matter. */
import type { Localised } from '../../../../contracts/types.js';
import type { PaperDocument } from '../../../procedures/cases/papers.js';
import type { MadeValue } from '../../../procedures/materials/made.js';

export const labels = {
  matter: { zh: '办理事项', en: 'Matter' },
  case: { zh: '办件编号', en: 'Case' },
  state: { zh: '状态', en: 'State' },
  filed: { zh: '提交时间', en: 'Filed' },
  made: { zh: '生成时间', en: 'Made' },
  title: { zh: '填报项', en: 'Item' },
  value: { zh: '内容', en: 'Value' },
  source: { zh: '来源', en: 'Source' },
  sources: { zh: '本件所载数据及其来源', en: 'The data in this paper, and where they come from' },
  attached: { zh: '随附材料', en: 'Attached' },
  parts: { zh: '本件包含', en: 'It contains' },
  file: { zh: '材料', en: 'Material' },
  kind: { zh: '文件', en: 'File' },
  digest: { zh: '文件摘要（SHA-256）', en: 'Digest of the file' },
  signature: { zh: '申请人签名', en: 'Signature of the applicant' },
  signedAt: { zh: '签名时间', en: 'Signed' },
  receipt: { zh: '签名凭证', en: 'Reference of the signature' },
  signedDigest: { zh: '签名所及内容摘要（SHA-256）', en: 'Digest of what is signed' },
} as const satisfies Record<string, Localised>;

export const stateWords: Readonly<Record<PaperDocument['state'], Localised>> = {
  draft: { zh: '草稿，尚未签名', en: 'draft, not signed' },
  signed: { zh: '草稿，已签名', en: 'draft, signed' },
  changed: { zh: '草稿，签名后有变化，须重新签名', en: 'draft, changed since it was signed' },
  filed: { zh: '已提交', en: 'filed' },
  missing: { zh: '待上传', en: 'to be uploaded' },
  given: { zh: '已上传', en: 'uploaded' },
  said: { zh: '由登记库提供', en: 'said by registers' },
};

export const notWritten: Localised = { zh: '（未填写）', en: 'not filled in' };
export const issuedLater: Localised = { zh: '（办结后产生）', en: 'exists once it is done' };

/** Who says a value; the register's moment stands beside it. */
export function sourceWords({ from, register, text }: MadeValue): Localised {
  switch (from) {
    case 'register':
      return register?.name ?? { zh: '登记库', en: 'a register' };
    case 'identity':
      return { zh: '实名认证', en: 'identity of who is signed in' };
    case 'issued':
      return { zh: '办理过程中产生', en: 'issued on the way' };
    case 'asked':
      return text === undefined ? { zh: '—', en: '' } : { zh: '申请人填写', en: 'filled in by the applicant' };
  }
}

export const fileWords: Readonly<Record<string, string>> = {
  'application/pdf': 'PDF',
  'image/jpeg': 'JPEG',
  'image/png': 'PNG',
};

export const hiddenWords = (count: number): Localised => ({
  zh: `本件为摘录：另有 ${String(count)} 项与本部门办理的事项无关，未予显示。签名所及为全文。`,
  en:
    `An extract: ${String(count)} values that are no matter of this authority are not shown. ` +
    'What is signed is the whole.',
});

export const signedWords: Localised = {
  zh: '申请人以电子签名确认本件全文及所列附件。签名绑定下列内容摘要；内容有任何变化，须重新签名。',
  en:
    'The applicant signed all of this paper and what is attached to it. ' +
    'The signature is bound to the digest below; whatever changes has to be signed again.',
};
export const unsignedWords: Localised = {
  zh: '尚未签名。签名将绑定下列内容摘要；此后内容有任何变化，须重新签名。',
  en: 'Not signed. The signature will be bound to the digest below; whatever changes after it has to be signed again.',
};
export const changedWords: Localised = {
  zh: '签名之后内容有变化，原签名不再适用，须重新签名。',
  en: 'It was changed since it was signed: that signature is not of it, and it has to be signed again.',
};
