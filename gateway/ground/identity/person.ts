/**
 * Who signed in: from the claims of an ID token (OpenID Connect Core 1.0, section 2) to roles. What is not said is not
 * granted.
 */
import { present } from '../../../contracts/present.js';
import type { Localised } from '../../../contracts/types.js';

/**
 * `auditor` reads the whole log. `inspector` reads what concerns one authority's datasets and clients. `data-officer`
 * looks after one authority's feeds, and decides on objections to its records. `sharing-authority` looks after grants.
 * `credit-centre` handles objections and repairs. `case-officer` decides on what one authority has of cases,
 * `case-manager` sees how long that takes and answers low ratings. `subject` reads the history of the subjects that it
 * speaks for, and objects to their records. Of sharing (政务数据共享条例): `sharing-officer` prepares what one department
 * asks for and answers, `sharing-head` is the head of its sharing office (Art.20), `department-head` its own head
 * (Art.13); `superior-authority` coordinates what crosses levels and areas, `government` decides what that leaves open
 * (Art.28). `developer` builds what asks as the clients of one department, and tries it in the sandbox.
 */
export const ROLES = [
  'auditor',
  'inspector',
  'data-officer',
  'sharing-authority',
  'credit-centre',
  'case-officer',
  'case-manager',
  'sharing-officer',
  'sharing-head',
  'department-head',
  'superior-authority',
  'government',
  'developer',
  'subject',
] as const;
export type Role = (typeof ROLES)[number];

export interface Person {
  /** `<issuer>|<sub>`: unique for ever, and personal. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** Of all but auditors and subjects; the sharing authority acts on matters of sharing only where it has one. */
  readonly authority?: string;
  /** Subjects for which a `subject` speaks: `uscc:9131…`. */
  readonly subjects: readonly string[];
}

export interface ClaimNames {
  readonly roles: string;
  readonly authority: string;
  readonly subjects: string;
}

export const roleNames: Readonly<Record<Role, Localised>> = {
  auditor: { zh: '审计人员', en: 'auditor' },
  inspector: { zh: '督查人员', en: 'inspector' },
  'data-officer': { zh: '数据专员', en: 'data officer' },
  'sharing-authority': { zh: '共享主管部门', en: 'sharing authority' },
  'credit-centre': { zh: '信用中心', en: 'credit centre' },
  'case-officer': { zh: '审批经办人员', en: 'case officer' },
  'case-manager': { zh: '审批管理人员', en: 'case manager' },
  'sharing-officer': { zh: '数据共享经办人员', en: 'sharing officer' },
  'sharing-head': { zh: '共享工作机构负责人', en: 'head of the sharing office' },
  'department-head': { zh: '部门负责人', en: 'head of the department' },
  'superior-authority': { zh: '上级共享主管部门', en: 'superior sharing authority' },
  government: { zh: '本级人民政府', en: "the people's government" },
  developer: { zh: '开发人员', en: 'developer' },
  subject: { zh: '企业用户', en: 'data subject' },
};

const texts = (claim: unknown): readonly string[] =>
  Array.isArray(claim)
    ? claim.filter((one): one is string => typeof one === 'string')
    : typeof claim === 'string'
      ? [claim]
      : [];
const NEEDS_AUTHORITY: ReadonlySet<Role> = new Set<Role>([
  'inspector',
  'data-officer',
  'credit-centre',
  'case-officer',
  'case-manager',
  'sharing-officer',
  'sharing-head',
  'department-head',
  'superior-authority',
  'government',
  'developer',
]);

/** Roles that the claims do not spell exactly, or that lack what they are about, are left out. */
export function personOf(
  issuer: string,
  claims: Readonly<Record<string, unknown>> & { readonly sub: string },
  names: ClaimNames,
): Person {
  const { sub, name } = claims;
  const [authority] = texts(claims[names.authority]);
  const subjects = texts(claims[names.subjects]);
  const claimed = new Set(texts(claims[names.roles]));
  const roles = ROLES.filter(
    (role) =>
      claimed.has(role) &&
      (!NEEDS_AUTHORITY.has(role) || authority !== undefined) &&
      (role !== 'subject' || subjects.length > 0),
  );
  return {
    id: `${issuer}|${sub}`,
    name: typeof name === 'string' && name !== '' ? name : sub,
    roles,
    ...present({ authority }),
    subjects,
  };
}
