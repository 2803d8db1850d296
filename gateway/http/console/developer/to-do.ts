/** What a developer does about what was denied or withheld: the reason alone says why, not whom to ask. */
import type { Contract, Localised } from '../../../../contracts/types.js';
import type { Decision, ReasonCode } from '../../../../policies/types.js';

const DOES: Readonly<Partial<Record<ReasonCode, Localised>>> = {
  not_granted: {
    zh: '如果该应用为其他用途已获授权，请更换用途；否则请本单位的数据共享经办人员申请共享，告知所需字段、用途和理由。',
    en:
      'Where the system has it for another purpose, choose that; else ask your department’s officer for sharing to ' +
      'apply for it, and say which fields you need, for what and why.',
  },
  grant_expired: {
    zh: '请本单位的数据共享经办人员重新申请共享。',
    en: 'Ask your department’s officer for sharing to apply for it anew.',
  },
  grant_not_begun: { zh: '到生效之日即可查询，无需另行办理。', en: 'Wait for its first day; nothing else is needed.' },
  grant_suspended: {
    zh: '请联系数据共享主管部门，查明暂停的理由；恢复后数秒内即可查询。',
    en: 'Ask the sharing authority why; once it is resumed, your system may ask within seconds.',
  },
  policy: {
    zh: '规则对该类数据另有限制，请联系数据共享主管部门。',
    en: 'A rule restricts data of this kind: ask the sharing authority.',
  },
  field_not_granted: {
    zh: '不需要该字段的，请取消勾选；需要的，请本单位的数据共享经办人员就该字段申请共享。',
    en: 'Leave the field out, or ask your department’s officer for sharing to apply for it.',
  },
  field_not_permitted: {
    zh: '规则不允许提供该字段，请取消勾选；有疑问请联系数据共享主管部门。',
    en: 'A rule keeps the field back: leave it out, or ask the sharing authority.',
  },
  case_required: {
    zh: '请在“办件信息”中填写后再查；程序查询时一并写明。',
    en: 'State it under “The case” and ask again; your program states it with each question.',
  },
  not_released_as_value: {
    zh: '该字段不以原值提供，请改用核验接口，由网关比对后告知是否一致。',
    en: 'Use the operation that verifies: it tells whether a value is the same, and not which it is.',
  },
};

/** Each once, in the order in which it was decided. */
export const toDo = ({ reasons, withheld }: Pick<Decision, 'reasons' | 'withheld'>): readonly Localised[] =>
  [...new Set([...reasons.map(({ code }) => code), ...withheld.map(({ reason }) => reason)])].flatMap(
    (code) => DOES[code] ?? [],
  );

/** Titles of fields that an answer leaves out without a word, since nobody asked for them and no grant names them. */
export const absentOf = (
  contract: Contract | undefined,
  { effect, fields, withheld }: Pick<Decision, 'effect' | 'fields' | 'withheld'>,
): readonly Localised[] => {
  const said = new Set<string>([...fields.map(({ path }) => path), ...withheld.map(({ field }) => field)]);
  return effect === 'deny' || contract === undefined
    ? []
    : contract.latest.fields.filter(({ path, branch }) => !branch && !said.has(path)).map(({ title }) => title);
};
