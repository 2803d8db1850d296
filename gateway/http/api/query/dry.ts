/**
 * A dry run: the plan in words. It is made before any subject is known, so it reads no record and says nothing of one.
 */
import { present } from '../../../../contracts/present.js';
import type { Plan } from '../../../answer/question/plan.js';

/** @param head the text before `"datasets":[` */
export function dryRun(plan: Plan, head: string): Buffer {
  const datasets = plan.datasets.map(({ id, decision, allowed }) => ({
    id,
    effect: decision.effect,
    ...present({ grant: decision.grant }),
    reasons: [...new Set(decision.reasons.map(({ code }) => code))],
    fields: decision.fields.map(({ path, as }) => ({ field: path, as })),
    withheld: allowed === undefined ? decision.withheld : allowed.withheld,
  }));
  return Buffer.from(`${head}"dryRun":true,"datasets":${JSON.stringify(datasets)}}`, 'utf8');
}
