/**
 * What decisions are made of, in words: reasons, ways of asking, forms in which a field is given. One table each; a gap
 * does not compile.
 */
import type { Delivery, Localised } from '../contracts/types.js';
import type { ReasonCode, ReleaseAs } from './types.js';

export const REASONS: { readonly [code in ReasonCode]: Localised } = {
  not_granted: {
    zh: '没有一项有效授权同时涵盖该应用、用途、数据集与提供方式（或所述名称不存在）',
    en: 'no grant in force covers this client, purpose, dataset and delivery (or one of them does not exist)',
  },
  grant_expired: { zh: '授权已到期', en: 'the grant has ended' },
  grant_not_begun: { zh: '授权尚未生效', en: 'the grant has not begun' },
  grant_suspended: { zh: '授权已暂停', en: 'the grant is suspended' },
  policy: { zh: '策略不允许', en: 'a policy forbids it, or none permits it' },
  field_not_granted: { zh: '授权不含该字段', en: 'the grant does not name the field' },
  field_not_permitted: {
    zh: '授权含该字段，但策略不允许提供',
    en: 'the grant names the field, but no policy permits its release',
  },
  case_required: {
    zh: '授权要求载明事项、办件编号或经办人',
    en: 'the grant requires the item, case or actor to be stated',
  },
  batch_limit: {
    zh: '一次批量查询的主体数超过授权上限',
    en: 'the batch asks about more subjects than the grant allows at a time',
  },
  not_released_as_value: {
    zh: '该字段的授权形式（如仅供核验）与此提供方式不符',
    en:
      'the field is granted in a form that this delivery does not give: for comparing only, or only as a count, ' +
      'band or the like',
  },
  error: { zh: '策略计算出错，不予提供', en: 'the evaluation failed, so the answer is no' },
};

/** Of what an answer withholds or a comparison does not say, beside the reasons of a decision. */
const BESIDE: Readonly<
  Record<
    'rows_limited' | 'guess_limit' | 'bad_value' | 'not_comparable' | 'stale' | 'never-loaded' | 'unavailable',
    Localised
  >
> = {
  rows_limited: { zh: '授权仅限部分记录（按区域或主体名单）', en: 'the grant shows only some records' },
  guess_limit: { zh: '24 小时内对该字段的核验次数已达上限', en: 'too many different values were claimed in 24 hours' },
  bad_value: { zh: '待核验的取值不符合字段要求', en: 'the claimed value is not of the form that the field has' },
  not_comparable: { zh: '该字段含多项内容，不能逐值核验', en: 'the field has no one value to compare with' },
  stale: { zh: '数据未及时更新，不作答复', en: 'nothing is on record, but the dataset is not current' },
  unavailable: { zh: '数据暂不可读，不作答复', en: 'the view cannot be read for this subject now' },
  'never-loaded': { zh: '数据尚未接入，不作答复', en: 'the dataset was never seen in full' },
};

/** A reason in words. */
export function reasonWords(code: string): Localised {
  for (const table of [REASONS, BESIDE] as readonly Readonly<Record<string, Localised>>[]) {
    const found = Object.hasOwn(table, code) ? table[code] : undefined;
    if (found !== undefined) return found;
  }
  return { zh: '原因未登记', en: code };
}

export const deliveryNames: Readonly<Record<Delivery, Localised>> = {
  query: { zh: '查询', en: 'query' },
  verify: { zh: '核验', en: 'verification' },
  batch: { zh: '批量查询', en: 'batch' },
  file: { zh: '文件交换', en: 'file' },
  subscription: { zh: '订阅', en: 'subscription' },
};
/** Of a name as an entry holds it. */
export const deliveryWords = (delivery: string): Localised =>
  Object.hasOwn(deliveryNames, delivery) ? deliveryNames[delivery as Delivery] : { zh: '其他方式', en: delivery };

export const formNames: Readonly<Record<ReleaseAs, Localised>> = {
  value: { zh: '原值', en: 'as it is' },
  match: { zh: '仅供核验', en: 'for comparing only' },
  exists: { zh: '仅告知有无', en: 'only whether there is one' },
  count: { zh: '仅告知数量', en: 'only how many' },
  band: { zh: '仅告知区间', en: 'only a band' },
  masked: { zh: '脱敏', en: 'masked' },
};

/** Units of fields that are words or letters; signs (`m²`, `%`) are the same everywhere. */
const units: Readonly<Record<string, Localised>> = {
  CNY: { zh: '元', en: 'CNY' },
  persons: { zh: '人', en: 'persons' },
  points: { zh: '分', en: 'points' },
  vehicles: { zh: '辆', en: 'vehicles' },
  kg: { zh: '千克', en: 'kg' },
  mm: { zh: '毫米', en: 'mm' },
  '10⁴ CNY': { zh: '万元', en: '10⁴ CNY' },
  't/a': { zh: '吨/年', en: 't/a' },
  'm³/d': { zh: '立方米/日', en: 'm³/d' },
  '10⁴ units of the currency': { zh: '万（按币种）', en: '10⁴ units of the currency' },
};

/** A unit that is not known here is the workspace's own word. */
export const unitName = (unit: string): Localised => units[unit] ?? { zh: unit, en: unit };
