/** One decision in plain words. */
import type { Localised } from '../contracts/types.js';
import type { Decision, DecisionInput, PolicySet, Reason, ReasonCode, RowPredicate } from './types.js';

const REASONS: { readonly [code in ReasonCode]: Localised } = {
  not_granted: { zh: '没有一份有效授权同时涵盖该应用、目的、数据集与提供方式（或所述名称不存在）', en: 'no grant in force covers this client, purpose, dataset and delivery (or one of them does not exist)' },
  grant_expired: { zh: '授权已到期', en: 'the grant has ended' },
  grant_not_begun: { zh: '授权尚未生效', en: 'the grant has not begun' },
  grant_suspended: { zh: '授权已暂停', en: 'the grant is suspended' },
  policy: { zh: '策略不允许', en: 'a policy forbids it, or none permits it' },
  field_not_granted: { zh: '授权不含该字段', en: 'the grant does not name the field' },
  field_not_permitted: { zh: '授权含该字段，但策略不允许提供', en: 'the grant names the field, but no policy permits its release' },
  case_required: { zh: '授权要求说明事项、办件编号或经办人', en: 'the grant requires the item, case or actor to be stated' },
  batch_limit: { zh: '一次批量查询的主体数超过授权上限', en: 'the batch asks about more subjects than the grant allows at a time' },
  not_released_as_value: { zh: '该字段的授权形式（如仅供核验）与此提供方式不符', en: 'the field is granted in a form that this delivery does not give: for comparing only, or only as a count, band or the like' },
  error: { zh: '策略计算出错，因此拒绝', en: 'the evaluation failed, so the answer is no' },
};

/** A reason of a decision in words; a code that is none of ours stands for itself. */
export const reasonWords = (code: string): Localised => (REASONS as { readonly [code in string]?: Localised })[code] ?? { zh: code, en: code };

/** Shanghai's day of an instant. */
const day = (instant: number): string => new Date(instant + 8 * 3_600_000).toISOString().slice(0, 10);

/** Which records, in words. */
export function rowsInWords(rows: RowPredicate): Localised {
  switch (rows.kind) {
    case 'all':
      return { zh: '全部记录', en: 'all records' };
    case 'area':
      return { zh: `字段 ${rows.field} 属于 ${rows.areas.join('、')} 的记录`, en: `records whose ${rows.field} lies in ${rows.areas.join(', ')}` };
    case 'subjects':
      return { zh: `名单内 ${String(rows.subjects.length)} 个主体的记录`, en: `records of ${String(rows.subjects.length)} listed subjects` };
  }
}

function reasonInWords({ code, policies, classification }: Reason): Localised {
  const { zh, en } = REASONS[code];
  const by = policies === undefined || policies.length === 0 ? { zh: '', en: '' } : { zh: `（${policies.join('、')}）`, en: ` (${policies.join(', ')})` };
  return classification === undefined ? { zh: `${zh}${by.zh}`, en: `${en}${by.en}` } : { zh: `分级 ${classification}：${zh}${by.zh}`, en: `classification ${classification}: ${en}${by.en}` };
}

/**
 * The lines of an explanation, first the outcome. For people who may see the policies: it names grants and rules, so it is never part of
 * an answer to the client.
 */
export function explain(input: DecisionInput, decision: Decision, set: PolicySet): { readonly zh: readonly string[]; readonly en: readonly string[] } {
  const allow = decision.effect === 'allow';
  const { client, purpose, dataset, delivery } = input;
  const lines: Localised[] = [
    {
      zh: `${allow ? '允许' : '拒绝'}：${client.name.zh}（${client.id}）为 ${purpose} 以 ${delivery} 方式取用 ${dataset}`,
      en: `${allow ? 'allowed' : 'denied'}: ${client.name.en} (${client.id}) asks ${dataset} by ${delivery} for ${purpose}`,
    },
  ];
  const grant = decision.grant === undefined ? undefined : set.grants.get(decision.grant);
  if (grant !== undefined) {
    const rows = rowsInWords(decision.rows);
    lines.push({ zh: `依据授权 ${grant.id}（${grant.legalBasis.join('；')}），有效期 ${grant.from} 至 ${grant.until}`, en: `under grant ${grant.id} (${grant.legalBasis.join('; ')}), in force from ${grant.from} to ${grant.until}` });
    lines.push({ zh: `范围：${rows.zh}`, en: `rows: ${rows.en}` });
    lines.push({ zh: `字段：${decision.fields.map(({ path, as }) => (as === 'value' ? path : `${path}（${as}）`)).join('、')}`, en: `fields: ${decision.fields.map(({ path, as }) => (as === 'value' ? path : `${path} as ${as}`)).join(', ')}` });
  }
  for (const reason of decision.reasons) lines.push(reasonInWords(reason));
  for (const { field, reason } of decision.withheld) lines.push({ zh: `不提供 ${field}：${REASONS[reason].zh}`, en: `withheld ${field}: ${REASONS[reason].en}` });
  for (const error of decision.errors) lines.push({ zh: `错误：${error}`, en: `error: ${error}` });
  if (decision.errors.length === 0 && decision.validUntil < 8e15) {
    lines.push({ zh: `此结论在 ${day(decision.validUntil)} 零时（北京时间）之前有效`, en: `this holds until the beginning of ${day(decision.validUntil)} in Shanghai` });
  }
  return { zh: lines.map(({ zh }) => zh), en: lines.map(({ en }) => en) };
}
