/** What operations are grouped by (`tags`), in the order in which the groups are shown. */
import type { Localised } from '../../../../contracts/types.js';

interface Group {
  readonly title: Localised;
  /** One line for the description. */
  readonly about: string;
}

export const GROUPS: Readonly<Record<string, Group>> = {
  query: { title: { zh: '数据查询', en: 'Query' }, about: 'asking about subjects, for a stated purpose' },
  sandbox: { title: { zh: '沙箱试查', en: 'Sandbox' }, about: 'trying questions on invented records' },
  verify: {
    title: { zh: '数据核验', en: 'Verification' },
    about: 'comparing what somebody states with what departments have on record (核验)',
  },
  regions: { title: { zh: '跨省通办', en: 'Regions' }, about: 'asking other regions (跨省通办)' },
  catalogue: { title: { zh: '数据目录', en: 'Catalogue' }, about: 'what can be asked for' },
  subscriptions: { title: { zh: '变更订阅', en: 'Subscriptions' }, about: 'being told what changes' },
  files: { title: { zh: '文件交换', en: 'Files' }, about: 'a dataset as a file, made whole and given piece by piece' },
  publish: { title: { zh: '数据发布', en: 'Publishing' }, about: 'bringing records in, and what broke its contract' },
  objections: {
    title: { zh: '异议与信用修复', en: 'Objections' },
    about: 'objections and repairs that wait for an authority',
  },
  sharing: { title: { zh: '共享事项', en: 'Sharing' }, about: 'what departments ask of one another (数据共享)' },
  bundles: { title: { zh: '一件事', en: 'Bundles' }, about: 'what several departments do in one (一件事)' },
  cases: { title: { zh: '办件', en: 'Cases' }, about: 'what was applied for, and how far each department is' },
  reports: { title: { zh: '信用报告', en: 'Reports' }, about: 'reports on companies, and who may ask for them' },
  documents: {
    title: { zh: '证照核验', en: 'Documents' },
    about: 'whether documents are genuine, and what has changed since',
  },
  credentials: { title: { zh: '可验证凭证', en: 'Credentials' }, about: 'what a company presents of a report' },
  compliance: {
    title: { zh: '合规一码通', en: 'Compliance codes' },
    about: 'one question by a code that a company shows (合规一码通)',
  },
  audit: { title: { zh: '审计证明', en: 'Audit' }, about: 'what the audit log proves' },
  registry: {
    title: { zh: '数据格式登记', en: 'Schema registry' },
    about: "schemas of the topics, for others' deserialisers",
  },
  about: { title: { zh: '接口说明', en: 'This description' }, about: 'the API itself' },
};
