/**
 * What a trial says of the things that were decided: of each, the rows that it would cost. No other place of a proposal
 * forecasts.
 */
import { count, type Decision } from './decision.js';
import type { FieldPlan } from './draft.js';
import type { TrialReport } from './trial.js';

interface ForecastGround {
  readonly fields: readonly FieldPlan[];
  readonly subjectField: string;
  readonly trial: Pick<TrialReport, 'byField' | 'duplicates'>;
}

/** What costs rows is not sure, unless a person said it. */
export function forecast(
  decisions: readonly Decision[],
  { fields, subjectField, trial: { byField, duplicates } }: ForecastGround,
): Decision[] {
  const cost = (decision: Decision, rows: number, of: string): Decision => ({
    ...decision,
    reason: `${decision.reason}; ${rows === 0 ? 'no row' : count(rows, 'row')} would be quarantined ${of}`,
  });
  const field = new Map(fields.map((plan) => [`${plan.field} type`, plan]));
  return decisions.map((decision) => {
    const said = decision.reason.startsWith('as you said');
    if (decision.about === 'subject') return cost(decision, byField[subjectField] ?? 0, 'for it');
    if (decision.about === 'key') {
      const costly = cost(decision, duplicates, 'as duplicates');
      return { ...costly, sure: decision.sure && (said || duplicates === 0) };
    }
    const plan = field.get(decision.about);
    const rows = plan === undefined ? 0 : (byField[plan.field] ?? 0);
    if (plan === undefined || rows === 0) return decision;
    const costly = cost(decision, rows, 'for it');
    if (said || plan.type.kind === 'text') return { ...costly, sure: decision.sure };
    return {
      ...costly,
      sure: false,
      alternatives: [...new Set([...decision.alternatives, 'text'])],
      option: `--type ${plan.column}=`,
    };
  });
}
