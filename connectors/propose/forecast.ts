/**
 * What a trial says of the things that were decided: of each, the rows that it would cost. No other place of a proposal
 * forecasts.
 */
import type { Localised } from '../../contracts/localised.js';
import { AS_SAID, count, type Decision } from './decision.js';
import type { FieldPlan } from './draft.js';
import type { TrialReport } from './trial.js';

interface ForecastGround {
  readonly fields: readonly FieldPlan[];
  readonly subjectField: string;
  readonly trial: Pick<TrialReport, 'byField' | 'duplicates'>;
}

const FOR_IT: Localised = { zh: '不能通过校验', en: 'for it' };
const AS_DUPLICATES: Localised = { zh: '被当作重复记录', en: 'as duplicates' };

/** What costs rows is not sure, unless a person said it. */
export function forecast(
  decisions: readonly Decision[],
  { fields, subjectField, trial: { byField, duplicates } }: ForecastGround,
): Decision[] {
  const cost = (decision: Decision, rows: number, of: Localised): Decision => ({
    ...decision,
    reason: `${decision.reason}; ${rows === 0 ? 'no row' : count(rows, 'row')} would be quarantined ${of.en}`,
    zh: `${decision.zh}；${rows === 0 ? '没有一行' : `有 ${rows.toLocaleString('en')} 行`}会因此${of.zh}`,
  });
  const field = new Map(fields.map((plan) => [`${plan.field} type`, plan]));
  return decisions.map((decision) => {
    const said = decision.reason.startsWith(AS_SAID.en);
    if (decision.about === 'subject') return cost(decision, byField[subjectField] ?? 0, FOR_IT);
    if (decision.about === 'key') {
      const costly = cost(decision, duplicates, AS_DUPLICATES);
      return { ...costly, sure: decision.sure && (said || duplicates === 0) };
    }
    const plan = field.get(decision.about);
    const rows = plan === undefined ? 0 : (byField[plan.field] ?? 0);
    if (plan === undefined || rows === 0) return decision;
    const costly = cost(decision, rows, FOR_IT);
    if (said || plan.type.kind === 'text') return { ...costly, sure: decision.sure };
    return {
      ...costly,
      sure: false,
      alternatives: [...new Set([...decision.alternatives, 'text'])],
      option: `--type ${plan.column}=`,
    };
  });
}
