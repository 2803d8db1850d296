/** What a compliance code is asked and answered: the checks that nothing but the question is answered. Pure. */
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Day, Moment, SectionState } from '../model/model.js';
import type { Question } from './machine.js';

export interface DomainAnswer {
  readonly domain: string;
  readonly state: SectionState;
  /** Of `records` and `at_least`: how many. */
  readonly count?: number;
  readonly asOf?: Moment;
}

const MAX_DOMAINS = 200;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const STATES: ReadonlySet<SectionState> = new Set<SectionState>(['none', 'records', 'at_least', 'not_answered']);

/** Of the last months up to `today`, as a question says them. A day that the month has not is its last one. */
export function lastMonths(months: number, today: Day): Pick<Question, 'from' | 'to'> {
  const [year = 0, month = 1, day = 1] = today.split('-').map(Number);
  const first = new Date(Date.UTC(year, month - 1 - months, 1));
  const length = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(day, length));
  return { from: first.toISOString().slice(0, 10), to: today };
}

const isRealDay = (text: unknown): text is Day =>
  typeof text === 'string' &&
  DAY.test(text) &&
  !Number.isNaN(Date.parse(text)) &&
  new Date(text).toISOString().startsWith(text);

/**
 * @param known whether a domain of a report can be asked about
 * @throws YitongError `bad_request`
 */
export function checkedQuestion(
  { report, domains, from, to }: Question,
  known: (report: string, domain: string) => boolean,
): Question {
  const fits =
    Array.isArray(domains) &&
    domains.length > 0 &&
    domains.length <= MAX_DOMAINS &&
    new Set(domains).size === domains.length &&
    domains.every((domain) => typeof domain === 'string' && known(report, domain));
  if (!fits || !isRealDay(from) || !isRealDay(to) || from > to)
    throw new YitongError(
      'bad_request',
      'a question names domains that there are, each once, and two days in their order',
    );
  return { report, domains: [...domains], from, to };
}

/**
 * Only what was asked, and of it only what an answer may say, in the question's order. Anything else is a fault of
 * whoever computed it, and nothing is released.
 * @throws YitongError `internal`
 */
export function checkedAnswer(question: Question, given: readonly DomainAnswer[]): readonly DomainAnswer[] {
  const byDomain = new Map(given.map((answer) => [answer.domain, answer]));
  if (byDomain.size !== given.length || given.length !== question.domains.length)
    throw new YitongError('internal', 'the answer is not to the question');
  return question.domains.map((domain) => {
    const found = byDomain.get(domain);
    if (found === undefined || !STATES.has(found.state) || !hasFittingCount(found))
      throw new YitongError('internal', 'the answer is not to the question');
    return { domain, state: found.state, ...present({ count: found.count, asOf: found.asOf }) };
  });
}

/** At least one where records are told, none elsewhere. */
function hasFittingCount({ state, count }: DomainAnswer): boolean {
  if (state !== 'records' && state !== 'at_least') return count === undefined;
  return count !== undefined && Number.isSafeInteger(count) && count >= 1;
}
