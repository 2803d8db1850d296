/** A question that a program asks: what is in capitals is the asker's own. */
import { type ApiRequest, questionAsked } from '../../ui/asking.js';
import type { DatasetFacts } from './facts.js';

/** None of a dataset that nobody is given by query. */
export function sampleQuestion({ contract, grants }: DatasetFacts): ApiRequest | undefined {
  if (!contract.sharing.delivery.includes('query')) return undefined;
  const own = grants.find(({ grant }) => grant.delivery.includes('query'))?.grant;
  const purpose = own?.purposes[0] ?? 'YOUR-PURPOSE';
  const needs = own?.requires ?? [];
  const stated =
    needs.length === 0 ? undefined : Object.fromEntries(needs.map((part) => [part, `YOUR-${part.toUpperCase()}`]));
  const question = {
    purpose,
    subject: `${contract.subject.scheme}:SUBJECT`,
    ...(stated === undefined ? {} : { case: stated }),
    datasets: [{ id: contract.id }],
  };
  return questionAsked(question);
}
