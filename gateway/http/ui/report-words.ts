/** What the pages of reports call things. */
import type { Localised } from '../../../contracts/types.js';
import type { RecordKind, ReportRecord, ReportSubject, SectionState } from '../../documents/model/model.js';
import type { RecordChange } from '../../documents/reports/changes.js';

export const relationNames: Readonly<Record<ReportSubject['relation'], Localised>> = {
  self: { zh: '本企业', en: 'this company' },
  parent: { zh: '隶属企业', en: 'its company' },
  subsidiary: { zh: '子公司', en: 'subsidiary' },
  branch: { zh: '分支机构', en: 'branch' },
  shareholder: { zh: '控股股东', en: 'controlling shareholder' },
  named: { zh: '其他企业', en: 'other company' },
};

const kindNames: Readonly<Record<RecordKind, Localised>> = {
  penalty: { zh: '行政处罚', en: 'administrative penalty' },
  measure: { zh: '行政强制措施', en: 'enforcement measure' },
  dishonesty: { zh: '严重失信主体名单', en: 'serious-dishonesty list' },
};

/**
 * Of a record that an earlier version told of under a kind that is none any more: its register, and no word for a kind.
 */
export const kindName = ({ kind, register }: Pick<ReportRecord, 'kind' | 'register'>): Localised =>
  Object.hasOwn(kindNames, kind) ? kindNames[kind] : (register ?? { zh: '其他信息', en: 'other information' });

export const stateNames: Readonly<Record<SectionState, Localised>> = {
  none: { zh: '无记录', en: 'none on record' },
  records: { zh: '有记录', en: 'on record' },
  at_least: { zh: '至少', en: 'at least' },
  not_answered: { zh: '未答复', en: 'not answered' },
};

/** Of a section in which, as the company says, something is missing. */
export const lackingNames: Readonly<Record<'objection' | 'objection_ended', Localised>> = {
  objection: { zh: '企业认为信息有遗漏，异议处理中', en: 'the company objects that something is missing' },
  objection_ended: { zh: '信息遗漏异议已处理完毕', en: 'it is no longer objected that something is missing' },
};

export const changeNames: Readonly<Record<RecordChange, Localised>> = {
  withdrawn: { zh: '已由部门撤回', en: 'withdrawn by its department' },
  excluded: { zh: '依法不再列入报告', en: 'left out by law' },
  revoked: { zh: '已撤销', en: 'revoked' },
  repaired: { zh: '已修复信用', en: 'repaired' },
  expired: { zh: '已过查询期限', en: 'past its term' },
  corrected: { zh: '内容已更正', en: 'corrected' },
  objection: { zh: '有异议正在处理', en: 'under objection' },
  objection_ended: { zh: '异议已处理完毕', en: 'no longer under objection' },
  correction: { zh: '有部门提出更正，校核中', en: 'under correction' },
  correction_ended: { zh: '更正校核已办结', en: 'no longer under correction' },
  not_answered: { zh: '所在登记目前未答复', en: 'in a register that does not answer now' },
};
