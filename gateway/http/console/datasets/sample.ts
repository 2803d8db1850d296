/** A question that a program asks, in four forms: what is in capitals is the asker's own. */
import { askedIn, questionAsked } from '../../ui/asking.js';
import type { DatasetFacts } from './facts.js';

/** None of a dataset that nobody is given by query. */
export function sampleQuestions({ contract, grants }: DatasetFacts): ReturnType<typeof askedIn> {
  if (!contract.sharing.delivery.includes('query')) return [];
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
  return askedIn(questionAsked(question), 'YOUR-CLIENT');
}
