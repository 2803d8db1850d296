/** The answer to a request of which no dataset may be answered. */
import { errorTable } from '../../../contracts/errors.js';
import { countError } from '../../ground/counts/counts.js';
import type { Plan } from './plan.js';

function opening(requestId: string): string {
  const { status, title } = errorTable.denied;
  return (
    `{"type":"urn:yitong:error:denied","title":${JSON.stringify(title)},"status":${status},` +
    `"code":"denied","requestId":${JSON.stringify(requestId)},`
  );
}

/**
 * The opening of a denial as problem+json, up to its request id; its own members follow. One is written for each
 * denial, and counted.
 */
export function denialHead(requestId: string): string {
  countError('denied');
  return opening(requestId);
}

const ended = (head: string, plan: Plan): string =>
  `${head}"datasets":[${plan.datasets.map(({ denied }) => denied).join(',')}]}`;

/** The same bytes whether or not the subject exists: nothing here has looked at the view. */
export const denialOf = (plan: Plan, requestId: string): string => ended(denialHead(requestId), plan);

/** The same of the sandbox, where nothing is counted. */
export const denialText = (plan: Plan, requestId: string): string => ended(opening(requestId), plan);
