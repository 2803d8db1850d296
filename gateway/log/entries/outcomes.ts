/**
 * What an entry says came of something, each word with what people call it: one table for each field that has a list of
 * its own. A word that is in no table cannot be written.
 */
import type { Localised } from '../../../contracts/types.js';

type Words = Readonly<Record<string, Localised>>;

/** How a sign-in ended: `outcome` of `signed_in`. */
export const signInOutcomes = {
  signed_in: { zh: '登录', en: 'signed in' },
  signed_out: { zh: '退出', en: 'signed out' },
  refused: { zh: '登录被拒', en: 'was refused' },
} as const satisfies Words;
export type SignInOutcome = keyof typeof signInOutcomes;

/** What the verification of a document found: `outcome` of `verified`. */
export const verdicts = {
  genuine: { zh: '真实有效', en: 'genuine' },
  changed: { zh: '出具后有变化', en: 'changed since' },
  revoked: { zh: '已撤销', en: 'revoked' },
  unknown: { zh: '查无此文书', en: 'no such document' },
} as const satisfies Words;
export type Verdict = keyof typeof verdicts;

/** `step` of `compliance_code`. */
export const complianceSteps = {
  created: { zh: '出示合规码', en: 'a code was shown' },
  scanned: { zh: '发起核验', en: 'a question was asked' },
  confirmed: { zh: '企业同意', en: 'the company agreed' },
  refused: { zh: '企业拒绝', en: 'the company refused' },
  answered: { zh: '答复已取走', en: 'the answer was taken' },
  released: { zh: '扫码出示报告', en: 'a report was released' },
  looked: { zh: '报告已被查看', en: 'the report was seen' },
  withdrawn: { zh: '企业撤回出示', en: 'the release was taken back' },
} as const satisfies Words;
export type ComplianceStepName = keyof typeof complianceSteps;

/** `step` of `region`. */
export const regionSteps = {
  asked: { zh: '向对方地区发出', en: 'sent to the other region' },
  denied: { zh: '本地不予发出', en: 'not sent: denied here' },
  answered: { zh: '对方地区已答复', en: 'answered by the other region' },
  denied_there: { zh: '对方地区不予提供', en: 'denied by the other region' },
  refused_there: { zh: '对方地区未受理', en: 'not taken by the other region' },
  unavailable: { zh: '对方地区无法连接', en: 'the other region did not answer' },
  taken: { zh: '已受理对方地区送来的事项', en: 'taken from the other region' },
} as const satisfies Words;
export type RegionStepName = keyof typeof regionSteps;

/** Why entries are missing: `why` of `journal_gap`. */
export const gapNames = {
  missing: { zh: '记录缺失', en: 'entries are missing' },
  damaged: { zh: '记录损坏', en: 'entries are damaged' },
  rolled_back: { zh: '存储被回退', en: 'the disk was set back' },
  vanished: { zh: '存储丢失', en: 'the disk is gone' },
  lost: { zh: '由另一节点接管', en: 'another replica took over' },
} as const satisfies Words;
export type GapName = keyof typeof gapNames;
