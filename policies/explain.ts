/** One decision in plain words. */
import type { Classification, Localised } from '../contracts/types.js';
import type { Decision, DecisionInput, PolicySet, Purpose, Reason, RowPredicate } from './types.js';
import { deliveryNames, formNames, REASONS } from './words.js';

/** What datasets and their fields are called; undefined of what there is not. */
export interface ContractNames {
  dataset(id: string): Localised | undefined;
  field(dataset: string, path: string): Localised | undefined;
}

/** Grades of data, as a Chinese reader calls them. */
/** What classifications are called in Chinese. */
export const CLASSES: Readonly<Record<Classification, string>> = {
  public: '公开',
  internal: '内部',
  restricted: '受限',
  personal: '个人信息',
  sensitive: '敏感',
};

/** Shanghai's day of an instant. */
const day = (instant: number): string => new Date(instant + 8 * 3_600_000).toISOString().slice(0, 10);

/**
 * Which records, in words.
 * @param title what the field is called by which they are chosen
 */
export function rowsInWords(rows: RowPredicate, title?: Localised): Localised {
  switch (rows.kind) {
    case 'all':
      return { zh: '全部记录', en: 'all records' };
    case 'area':
      return {
        zh: `“${title?.zh ?? '区域'}”属于 ${rows.areas.join('、')} 的记录`,
        en: `records whose ${title?.en ?? rows.field} lies in ${rows.areas.join(', ')}`,
      };
    case 'subjects':
      return {
        zh: `名单内 ${String(rows.subjects.length)} 个主体的记录`,
        en: `records of ${String(rows.subjects.length)} listed subjects`,
      };
  }
}

function reasonInWords({ code, policies, classification }: Reason): Localised {
  const { zh, en } = REASONS[code];
  const by = policies === undefined || policies.length === 0 ? '' : ` (${policies.join(', ')})`;
  return classification === undefined
    ? { zh, en: `${en}${by}` }
    : { zh: `${CLASSES[classification]}数据：${zh}`, en: `classification ${classification}: ${en}${by}` };
}

/**
 * The lines of an explanation, first the outcome. For people who may see the policies: in English it names grants and
 * rules by their ids, so it is never part of an answer to the client; in Chinese everything has its name.
 */
export function explain(
  input: DecisionInput,
  decision: Decision,
  set: PolicySet,
  names: ContractNames,
): { readonly zh: readonly string[]; readonly en: readonly string[] } {
  const allow = decision.effect === 'allow';
  const { client, purpose, dataset, delivery } = input;
  const purposes: ReadonlyMap<string, Purpose> = set.purposes;
  const title = (field: string): string => names.field(dataset, field)?.zh ?? '未登记的字段';
  const lines: Localised[] = [
    {
      zh:
        `${allow ? '允许' : '拒绝'}：${client.name.zh}为“${purposes.get(purpose)?.name.zh ?? '未登记的用途'}”` +
        `以${deliveryNames[delivery].zh}方式取用“${names.dataset(dataset)?.zh ?? '未登记的数据集'}”`,
      en:
        `${allow ? 'allowed' : 'denied'}: ${client.name.en} (${client.id}) asks ${dataset} by ${delivery} for ` +
        `${purpose}`,
    },
  ];
  const grant = decision.grant === undefined ? undefined : set.grants.get(decision.grant);
  if (grant !== undefined) {
    const rows = rowsInWords(
      decision.rows,
      decision.rows.kind === 'area' ? names.field(dataset, decision.rows.field) : undefined,
    );
    lines.push({
      zh: `依据授权（${grant.legalBasis.join('；')}），有效期 ${grant.from} 至 ${grant.until}`,
      en: `under grant ${grant.id} (${grant.legalBasis.join('; ')}), in force from ${grant.from} to ${grant.until}`,
    });
    lines.push({ zh: `范围：${rows.zh}`, en: `rows: ${rows.en}` });
    const titles = decision.fields.map(({ path, as }) =>
      as === 'value' ? title(path) : `${title(path)}（${formNames[as].zh}）`,
    );
    lines.push({
      zh: `字段：${titles.join('、')}`,
      en: `fields: ${decision.fields.map(({ path, as }) => (as === 'value' ? path : `${path} as ${as}`)).join(', ')}`,
    });
  }
  for (const reason of decision.reasons) lines.push(reasonInWords(reason));
  for (const { field, reason } of decision.withheld)
    lines.push({
      zh: `不提供“${title(field)}”：${REASONS[reason].zh}`,
      en: `withheld ${field}: ${REASONS[reason].en}`,
    });
  for (const error of decision.errors) lines.push({ zh: '策略计算出错，详情见英文说明', en: `error: ${error}` });
  if (decision.errors.length === 0 && decision.validUntil < 8e15) {
    lines.push({
      zh: `此结论在 ${day(decision.validUntil)} 零时（北京时间）之前有效`,
      en: `this holds until the beginning of ${day(decision.validUntil)} in Shanghai`,
    });
  }
  return { zh: lines.map(({ zh }) => zh), en: lines.map(({ en }) => en) };
}
