/** The words of documents about sharing. What stands in quotation marks is the statute's own text. */
import type { Localised } from '../../../../contracts/types.js';
import type { PaperMachine } from '../../../procedures/sharing/machines/papers.js';

interface KindWords {
  readonly title: Localised;
  readonly basis: Localised;
  /** Word for word. */
  readonly statute: string;
}

export const kindWords: Readonly<Record<PaperMachine, KindWords>> = {
  'supervision-report': {
    title: { zh: '政务数据共享监督情况报告', en: 'Report on the supervision of data sharing' },
    basis: { zh: '《政务数据共享条例》第三十八条第二款', en: 'Regulations on sharing of government data, Art.38(2)' },
    statute:
      '政务数据共享主管部门应当加强对本行政区域内政务数据提供部门数据共享及时性和数据质量情况、政务数据需求部门数据应用情况和安全保障措施等的监督，并向本级人民政府报告。',
  },
  evaluation: {
    title: { zh: '公共数据工作成效考核评价', en: 'Evaluation of work with public data' },
    basis: { zh: '《上海市数据条例》第三十六条第二款', en: 'Data regulations of Shanghai, Art.36(2)' },
    statute:
      '市政府办公厅应当对市级责任部门和各区开展公共数据工作的成效情况定期组织考核评价，考核评价结果纳入各级领导班子和领导干部年度绩效考核。',
  },
};

export const labels = {
  from: { zh: '出具单位', en: 'Issued by' },
  to: { zh: '报送', en: 'To' },
  period: { zh: '统计期间', en: 'Period' },
  approvedAt: { zh: '审定时间', en: 'Approved' },
  basis: { zh: '依据', en: 'Legal basis' },
  overview: { zh: '总体情况', en: 'In all' },
  grades: { zh: '考核评价结果', en: 'Result' },
  department: { zh: '部门', en: 'Department' },
  grade: { zh: '等次', en: 'Grade' },
  reason: { zh: '评价理由', en: 'Why' },
  findings: { zh: '发现的问题', en: 'What was found' },
  measures: { zh: '意见和建议', en: 'What is proposed' },
  signature: { zh: '审定与签名', en: 'Approval and signature' },
  receipt: { zh: '日志凭证', en: 'Receipt of the log' },
  digest: { zh: '内容摘要', en: 'Digest' },
  signedBy: { zh: '电子签名', en: 'Signed electronically by' },
  code: { zh: '核验码', en: 'Verification code' },
} as const satisfies Record<string, Localised>;

export const approvedWords: Localised = {
  zh: '本文书由主管部门起草，经另一人审定后以单位电子签名签署。各项数字由平台按共享事项的办理步骤计算，随附数据可离线核对。',
  en:
    'Drafted by the sharing authority, approved by another person, and signed with its certificate. The figures come ' +
    'from the steps of matters; report.json, attached, holds all of them and can be checked offline.',
};
export const noRows: Localised = { zh: '期内没有可列的内容。', en: 'Nothing to list.' };
export const scan: Localised = {
  zh: '扫描二维码或输入核验码，核对原件',
  en: 'Scan or enter the code to see whether it is genuine',
};
