/** The words that every report has, whatever it is about. */
import type { Localised } from '../../../contracts/types.js';
import type { RecordKind, ReportRecord, ReportSubject, SectionState } from '../model/model.js';

export const states: Readonly<Record<SectionState, (records: number) => Localised>> = {
  none: () => ({ zh: '无记录', en: 'None on record' }),
  records: (n) => ({ zh: `有记录 ${String(n)} 条`, en: `${String(n)} on record` }),
  at_least: (n) => ({ zh: `至少 ${String(n)} 条`, en: `At least ${String(n)}` }),
  not_answered: () => ({ zh: '未答复', en: 'Not answered' }),
};

export const stateTitles: Readonly<Record<SectionState, Localised>> = {
  none: { zh: '无记录', en: 'None on record' },
  records: { zh: '有记录', en: 'On record' },
  at_least: { zh: '有记录（数据不全）', en: 'On record, incomplete' },
  not_answered: { zh: '未答复', en: 'Not answered' },
};

/** Over narrow columns. */
export const shortTitles: Readonly<Record<SectionState, string>> = {
  none: '无记录',
  records: '有记录',
  at_least: '有（数据不全）',
  not_answered: '未答复',
};

const kinds: Readonly<Record<RecordKind, Localised>> = {
  penalty: { zh: '行政处罚', en: 'Administrative penalty' },
  measure: { zh: '行政强制措施', en: 'Enforcement measure' },
  dishonesty: { zh: '严重失信主体名单', en: 'Serious-dishonesty list' },
};

/**
 * Of a record that an earlier version told of under a kind that is none any more: its register, and no word for a kind.
 */
export const kindOf = ({ kind, register }: Pick<ReportRecord, 'kind' | 'register'>): Localised =>
  Object.hasOwn(kinds, kind) ? kinds[kind] : (register ?? { zh: '其他信息', en: 'Other information' });

export const relations: Readonly<Record<ReportSubject['relation'], Localised>> = {
  self: { zh: '本企业', en: 'Applicant' },
  parent: { zh: '母公司', en: 'Parent' },
  subsidiary: { zh: '子公司', en: 'Subsidiary' },
  branch: { zh: '分支机构', en: 'Branch' },
  shareholder: { zh: '控股股东', en: 'Controlling shareholder' },
  named: { zh: '其他企业', en: 'Named' },
};

export const labels = {
  issuer: { zh: '出具单位', en: 'Issuer' },
  issuedAt: { zh: '出具时间', en: 'Issued' },
  cut: { zh: '数据截至', en: 'State of the registers' },
  range: { zh: '查询期间', en: 'Period' },
  purpose: { zh: '用途', en: 'Purpose' },
  bearer: { zh: '使用单位', en: 'Presented to' },
  subject: { zh: '企业名称', en: 'Company' },
  code: { zh: '统一社会信用代码', en: 'Subject key' },
  relation: { zh: '关系', en: 'Relation' },
  subjects: { zh: '涉及企业', en: 'Companies' },
  number: { zh: '序号', en: 'No.' },
  page: { zh: '页码', en: 'Page' },
  found: { zh: '查询结果总表', en: 'What was found' },
  clean: { zh: '均无记录的企业', en: 'None on record' },
  unanswered: { zh: '已答复领域均无记录的企业', en: 'None on record where there was an answer' },
  domain: { zh: '领域', en: 'Domain' },
  state: { zh: '结果', en: 'Finding' },
  asOf: { zh: '数据时间', en: 'As of' },
  overview: { zh: '查询结果一览', en: 'Findings by domain' },
  records: { zh: '记录明细', en: 'Records' },
  authority: { zh: '作出单位', en: 'Authority' },
  endedOn: { zh: '期限起算日', en: 'Term counts from' },
  reportableUntil: { zh: '报告期限', en: 'Reportable until' },
  displayed: { zh: '是否公示', en: 'Publicly displayed' },
  marks: { zh: '异议', en: 'Objection' },
  correction: { zh: '数据校核', en: 'Correction' },
  source: { zh: '数据来源', en: 'Source' },
  missing: { zh: '未答复的部门', en: 'Authorities that did not answer' },
  department: { zh: '部门', en: 'Authority' },
  since: { zh: '最后数据时间', en: 'Last heard' },
  domains: { zh: '涉及领域', en: 'Domains concerned' },
  notes: { zh: '说明', en: 'Notes' },
  provenance: { zh: '出具依据与核验', en: 'Basis and verification' },
  definition: { zh: '报告定义摘要', en: 'Digest of the definition' },
  digest: { zh: '数据摘要', en: 'Digest of the state' },
  signedBy: { zh: '电子签名', en: 'Signed electronically by' },
  verifyAt: { zh: '核验地址', en: 'Verify at' },
  verifyCode: { zh: '核验码', en: 'Verification code' },
} as const satisfies Record<string, Localised>;

export const sentences = {
  synthetic: { zh: '示例数据 · 内容均为虚构 · 不具法律效力', en: 'SYNTHETIC DATA · everything here is invented' },
  scan: {
    zh: '扫描二维码或输入核验码，核对原件与出具后的变化',
    en: 'Scan or enter the code to see the original and what has changed since',
  },
  never: { zh: '从未提供数据', en: 'never' },
  yes: { zh: '是', en: 'yes' },
  no: { zh: '否', en: 'no' },
  objection: { zh: '异议处理中', en: 'an objection is under way' },
  correction: { zh: '有部门提出更正，校核中', en: 'a correction is under way' },
  noObjection: { zh: '无', en: 'none' },
  noEnd: { zh: '法律未规定', en: 'the law sets no end' },
  goesOn: { zh: '尚未终止，期限未起算', en: 'goes on, its term has not begun' },
  leftOut: { zh: '未授权，未列入', en: 'not authorised, left out' },
  leftOutNote: {
    zh: '未授权的企业只列出名称：未查询其记录，不能据此判断其有无记录。',
    en: 'Of those left out only the name is told: their records were not read, and nothing can be concluded of them.',
  },
  noMissing: { zh: '各领域数据均为最新，无未答复的部门。', en: 'Every dataset is current; no authority is missing.' },
  noRecords: { zh: '查询期间内无可报告的记录。', en: 'Nothing reportable in the period.' },
  notNone: {
    zh: '“未答复”不等于“无记录”：所列部门的数据缺失或未及时更新，不能据此判断。',
    en: '“Not answered” is not “none on record”: data of the authorities named are missing or out of date.',
  },
  atLeast: {
    zh: '该领域另有部门数据未更新，记录可能不全。',
    en: 'A dataset of this domain is not current; there may be more.',
  },
  attached: {
    zh: '本文件附有同一报告的全部数据，可离线核对。',
    en: 'report.json, attached to this file, holds the whole report as data and can be checked offline.',
  },
} as const satisfies Record<string, Localised>;

/** Over the table of companies. */
export function inShort(parts: {
  readonly companies: number;
  readonly domains: number;
  readonly found: number;
  readonly clean: number;
  readonly unanswered: number;
  readonly leftOut: number;
}): Localised {
  const said = [
    [parts.found, `${String(parts.found)} 家有记录`, `${String(parts.found)} with records`],
    [parts.clean, `${String(parts.clean)} 家均无记录`, `${String(parts.clean)} with none`],
    [
      parts.unanswered,
      `${String(parts.unanswered)} 家有领域未答复、其余无记录`,
      `${String(parts.unanswered)} with none where there was an answer`,
    ],
    [parts.leftOut, `${String(parts.leftOut)} 家未授权、未列入`, `${String(parts.leftOut)} left out`],
  ] as const;
  const told = said.filter(([n]) => n > 0);
  return {
    zh: `共 ${String(parts.companies)} 家企业、${String(parts.domains)} 个领域：${told.map(([, zh]) => zh).join('，')}。`,
    en:
      `${String(parts.companies)} companies, ${String(parts.domains)} domains: ` +
      `${told.map(([, , en]) => en).join(', ')}.`,
  };
}
/** Of companies that have no record and stand alike in every domain. */
export const alikeNote = (companies: number, domains: number, unanswered: number): Localised =>
  unanswered === 0
    ? {
        zh: `下列 ${String(companies)} 家企业，已逐一查询 ${String(domains)} 个领域，各部门均已答复，查询期间内均无可报告的记录。`,
        en:
          `Each of these ${String(companies)} was asked about in all ${String(domains)} domains; every register ` +
          'answered and was current, and nothing is reportable in the period.',
      }
    : {
        zh:
          `下列 ${String(companies)} 家企业，已逐一查询 ${String(domains)} 个领域：${String(unanswered)} ` +
          '个领域未答复，不能判断有无记录；其余领域均无可报告的记录。',
        en:
          `Each of these ${String(companies)} was asked about in all ${String(domains)} domains: ` +
          `${String(unanswered)} did not answer, of which nothing is said; the others have nothing reportable.`,
      };

/**
 * A finding beside which it stands that something is missing: short, in a narrow column; the sentence is below the
 * records.
 */
export const disputed = ({ zh, en }: Localised): Localised => ({ zh: `${zh}，异议`, en: `${en}; objection` });

/** Of a domain in which, as the company objects, something is missing. */
export const lacking = ({ zh, en }: Localised): Localised => ({
  zh: `${zh}：企业认为该领域的信息有遗漏，异议处理中。`,
  en: `${en}: the company objects that something is missing in this domain; the objection is under way.`,
});

/** Said where characters were replaced. */
export const outsideNote = (codes: readonly string[]): Localised => ({
  zh: `下列字符不在本文件字体内，文中以码位标示：${codes.join('、')}。`,
  en: `Characters outside the font of this document, shown by their code points: ${codes.join(', ')}.`,
});
export const pageOf = (page: number, pages: number): string => `第 ${String(page)} 页 / 共 ${String(pages)} 页`;
