/**
 * The compliance code (合规一码通): a company's phone shows a code, a scanner asks one question with it, the company sees
 * who asks what and confirms, and then that scanner gets that answer, once. docs/compliance-code.md says what this can
 * do and cannot.
 */

import { createHash, randomBytes, randomInt } from 'node:crypto';
import { canonicalJson } from '../../../contracts/canonical.js';
import { type ErrorCode, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Person } from '../../ground/identity/person.js';
import { sameText } from '../../ground/identity/same-text.js';
import { type ComplianceStep, complianceBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';
import type { Day, Moment, SectionState } from '../model/model.js';
import {
  type Asked,
  type CodeEvent,
  type CodeRecord,
  type CodeState,
  made,
  type Question,
  type Scanner,
  stateAt,
  step,
} from './machine.js';
import { countMiss, guessedTooOften, lookersOf } from './misses.js';
import type { CodeStore } from './store.js';

export interface DomainAnswer {
  readonly domain: string;
  readonly state: SectionState;
  /** Of `records` and `at_least`: how many. */
  readonly count?: number;
  readonly asOf?: Moment;
}

/** What the registers say: of whom, and of each domain. */
export interface ComplianceStates {
  /** Absent where the register does not have the company. */
  readonly name?: string;
  /** Each domain once, in any order. */
  readonly domains: readonly DomainAnswer[];
}

export interface ComplianceAnswer {
  /** Whose code it was; the scanner compares it with whom it has before it. */
  readonly subject: string;
  /** As the register has it; absent where it does not have the company. */
  readonly name?: string;
  readonly question: Question;
  readonly answeredAt: Moment;
  /** In the question's order. */
  readonly domains: readonly DomainAnswer[];
}

export interface CompanyView {
  readonly subject: string;
  readonly state: CodeState;
  /** ms since 1970, when the state ends by itself */
  readonly until: number;
  readonly asked?: Asked;
  /** What `confirm` must be given back: digest of `asked`. */
  readonly shown?: string;
}

/** What the scanner itself asked, and what has become of it. */
export interface ScannerView {
  readonly state: CodeState;
  /** ms since 1970 */
  readonly until: number;
  readonly question: Question;
  readonly number: string;
}

export interface Codes {
  /**
   * For a phone to show. `code` is 256 random bits and stands nowhere here; `id` is its digest, by which the company
   * follows it.
   * @throws YitongError `role_missing` where the person does not speak for the subject, `audit_unavailable`
   */
  create(
    person: Person,
    subject: string,
    requestId: string,
  ): Promise<{ readonly code: string; readonly id: string; readonly until: number }>;
  /**
   * Takes the code; from now on it is used. The company learns who asks what, the scanner nothing yet but the number to
   * compare.
   * @param source network address, against guessing from ever new sessions
   * @throws YitongError `code_unknown`, `code_used`, `code_expired`, `rate_limited`, `bad_request` for a question that
   * is none, `audit_unavailable`
   */
  scan(
    code: string,
    scanner: Scanner,
    source: string,
    question: Question,
    requestId: string,
  ): Promise<{ readonly id: string; readonly ticket: string; readonly number: string; readonly until: number }>;
  /** @throws YitongError `code_unknown`, also for whoever did not make it */
  look(id: string, person: Person): CompanyView;
  /**
   * @param shown of the view that the person saw
   * @throws YitongError `code_unknown`, `code_changed`, `code_used`, `code_refused`, `code_expired`,
   * `audit_unavailable`
   */
  confirm(id: string, person: Person, shown: string, requestId: string): Promise<void>;
  /** Whatever is not answered yet can be refused. @throws YitongError as `confirm` */
  refuse(id: string, person: Person, requestId: string): Promise<void>;
  /**
   * Asks again until there is an answer; gives it once.
   * @throws YitongError `code_unknown` for another scanner or ticket, `code_refused`, `code_used`, `code_expired`,
   * `audit_unavailable`
   */
  collect(
    id: string,
    ticket: string,
    scanner: Scanner,
    requestId: string,
  ): Promise<
    | { readonly state: 'waiting'; readonly until: number }
    | { readonly state: 'answered'; readonly answer: ComplianceAnswer }
  >;
  /**
   * How far it is, for the scanner; gives nothing of the answer.
   * @throws YitongError `code_unknown` for another scanner or ticket
   */
  follow(id: string, ticket: string, scanner: Scanner): ScannerView;
}

export interface CodesOptions {
  readonly store: CodeStore;
  readonly journal: Pick<Journal, 'append'>;
  /** ms since 1970 */
  readonly now: () => number;
  /** Whether a domain of a report can be asked about. */
  readonly known: (report: string, domain: string) => boolean;
  /** What the registers say of exactly this question. */
  readonly answer: (subject: string, question: Question, requestId: string) => Promise<ComplianceStates>;
}

const MAX_DOMAINS = 200;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
/** By which a code is known to everybody but its holder. */
export const codeId = (code: string): string => digest(code);
const fresh = (): string => randomBytes(32).toString('base64url');
const failed = (code: ErrorCode): YitongError => new YitongError(code, MESSAGES[code] ?? 'the code cannot be used so');
const MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  code_unknown: 'there is no such code; let the company show a new one',
  code_used: 'the code was used; let the company show a new one',
  code_expired: 'the time for it is over; let the company show a new code',
  code_refused: 'the company refused to answer',
  code_not_confirmed: 'the company has not confirmed yet',
  code_changed: 'what was confirmed is not what was asked; look again',
};

/** Of the last months up to `today`, as a question says them. A day that the month has not is its last one. */
export function lastMonths(months: number, today: Day): Pick<Question, 'from' | 'to'> {
  const [year = 0, month = 1, day = 1] = today.split('-').map(Number);
  const first = new Date(Date.UTC(year, month - 1 - months, 1));
  const length = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(day, length));
  return { from: first.toISOString().slice(0, 10), to: today };
}

const realDay = (text: unknown): text is Day =>
  typeof text === 'string' &&
  DAY.test(text) &&
  !Number.isNaN(Date.parse(text)) &&
  new Date(text).toISOString().startsWith(text);

function checkedQuestion({ report, domains, from, to }: Question, known: CodesOptions['known']): Question {
  const fits =
    Array.isArray(domains) &&
    domains.length > 0 &&
    domains.length <= MAX_DOMAINS &&
    new Set(domains).size === domains.length &&
    domains.every((one) => typeof one === 'string' && known(report, one));
  if (!fits || !realDay(from) || !realDay(to) || from > to)
    throw new YitongError(
      'bad_request',
      'a question names domains that there are, each once, and two days in their order',
    );
  return { report, domains: [...domains], from, to };
}

const STATES: ReadonlySet<SectionState> = new Set<SectionState>(['none', 'records', 'at_least', 'not_answered']);

/**
 * Only what was asked, and of it only what an answer may say. Anything else is a fault of whoever computed it, and
 * nothing is released.
 */
function checkedAnswer(question: Question, given: readonly DomainAnswer[]): readonly DomainAnswer[] {
  const byDomain = new Map(given.map((one) => [one.domain, one]));
  if (byDomain.size !== given.length || given.length !== question.domains.length)
    throw new YitongError('internal', 'the answer is not to the question');
  return question.domains.map((domain) => {
    const found = byDomain.get(domain);
    const counts = found?.state === 'records' || found?.state === 'at_least';
    if (
      found === undefined ||
      !STATES.has(found.state) ||
      (counts ? !Number.isSafeInteger(found.count) || (found.count ?? 0) < 1 : found.count !== undefined)
    )
      throw new YitongError('internal', 'the answer is not to the question');
    return {
      domain,
      state: found.state,
      ...present({ count: found.count, asOf: found.asOf }),
    };
  });
}

const byOf = ({ kind, key }: Scanner): string =>
  kind === 'client' ? key : kind === 'person' ? 'person' : 'public page';
/** As it is kept and shown: the company learns a name, never a session or the id of a person. */
const keyless = (scanner: Scanner): Scanner =>
  scanner.kind === 'client' ? scanner : { ...scanner, key: digest(`${scanner.kind} ${scanner.key}`) };
const sameScanner = (a: Scanner, b: Scanner): boolean => a.kind === b.kind && sameText(a.key, b.key);
const idOf = ({ kind, key }: Scanner): object => (kind === 'person' ? { scanner: key } : {});
const shownOf = (asked: Asked): string => digest(canonicalJson(asked));

export function openCodes({ store, journal, now, known, answer }: CodesOptions): Codes {
  interface Entry {
    readonly step: ComplianceStep['step'];
    readonly id: string;
    readonly by: string;
    readonly requestId: string;
    readonly subject: string;
    readonly asked?: Asked | undefined;
    readonly bodySha256?: string;
    /** Under the company's key. */
    readonly about?: object;
  }
  /** @throws YitongError `audit_unavailable` */
  async function record({
    step: done,
    id,
    by,
    requestId,
    subject,
    asked,
    bodySha256,
    about = {},
  }: Entry): Promise<void> {
    const { scanner, question } = asked ?? {};
    await journal.append({
      clear: complianceBody({
        time: new Date(now()).toISOString(),
        requestId,
        step: done,
        code: id,
        by,
        ...(scanner?.authority === undefined ? {} : { authority: scanner.authority }),
        ...(question === undefined
          ? {}
          : { report: question.report, domains: question.domains, from: question.from, to: question.to }),
        ...present({ bodySha256 }),
      }),
      subject: {
        subject,
        json: JSON.stringify({ ...about, ...(scanner?.kind === 'person' ? { scannerName: scanner.name } : {}) }),
      },
    });
  }

  /** What becomes of it, or the error that says why nothing does. */
  function advance(found: CodeRecord, event: CodeEvent): CodeRecord {
    const next = step(found, event, now());
    if ('code' in next) throw failed(next.code);
    return next.record;
  }

  const stored = (id: string): CodeRecord | undefined => (TOKEN.test(id) ? store.code(id) : undefined);
  const owned = (
    found: CodeRecord | undefined,
    person: Person,
  ): CodeRecord & { readonly live: NonNullable<CodeRecord['live']> } => {
    const live = found?.live;
    if (found === undefined || live === undefined || !sameText(live.owner, person.id)) throw failed('code_unknown');
    return { ...found, live };
  };

  function scanned(found: CodeRecord | undefined, ticket: string, scanner: Scanner): CodeRecord {
    const { asked, ticket: expected } = found?.live ?? {};
    if (
      found === undefined ||
      asked === undefined ||
      expected === undefined ||
      !sameText(expected, digest(ticket)) ||
      !sameScanner(asked.scanner, keyless(scanner))
    )
      throw failed('code_unknown');
    return found;
  }

  return {
    async create(person, subject, requestId) {
      if (!person.roles.includes('subject') || !person.subjects.includes(subject))
        throw new YitongError('role_missing', 'a code is shown by who speaks for the company');
      const code = fresh();
      const id = digest(code);
      await record({
        step: 'created',
        id,
        by: 'subject',
        requestId,
        subject,
        about: { person: person.id, name: person.name },
      });
      const begun = made(person.id, subject, now());
      await store.transaction((maps) => maps.putCode(id, begun));
      return { code, id, until: begun.until };
    },

    async scan(code, scanner, source, question, requestId) {
      const asked: Asked = {
        scanner: keyless(scanner),
        question: checkedQuestion(question, known),
        number: String(randomInt(10_000)).padStart(4, '0'),
      };
      const ticket = fresh();
      const id = digest(code);
      const who = lookersOf(scanner, source);
      const outcome = await store.transaction((maps): CodeRecord | ErrorCode => {
        const at = now();
        if (guessedTooOften(maps, who, at)) return 'rate_limited';
        const found = TOKEN.test(code) ? maps.code(id) : undefined;
        if (found === undefined) {
          countMiss(maps, who, at);
          return 'code_unknown';
        }
        const next = step(found, { kind: 'scan', asked, ticket: digest(ticket) }, at);
        if ('code' in next) return next.code;
        maps.putCode(id, next.record);
        return next.record;
      });
      if (outcome === 'rate_limited')
        throw new YitongError('rate_limited', 'too many codes that are none came from here; wait ten minutes');
      if (typeof outcome === 'string') throw failed(outcome);
      await record({
        step: 'scanned',
        id,
        by: byOf(scanner),
        requestId,
        subject: outcome.live?.subject ?? '',
        asked,
        about: idOf(scanner),
      });
      return { id, ticket, number: asked.number, until: outcome.until };
    },

    look(id, person) {
      const { live, ...found } = owned(stored(id), person);
      return {
        subject: live.subject,
        state: stateAt(found, now()),
        until: found.until,
        ...(live.asked === undefined ? {} : { asked: live.asked, shown: shownOf(live.asked) }),
      };
    },

    async confirm(id, person, shown, requestId) {
      const check = (found: CodeRecord | undefined): CodeRecord => {
        const mine = owned(found, person);
        const next = advance(mine, { kind: 'confirm' });
        if (mine.live.asked === undefined || !sameText(shownOf(mine.live.asked), shown)) throw failed('code_changed');
        return next;
      };
      const { live } = check(stored(id));
      await record({
        step: 'confirmed',
        id,
        by: 'subject',
        requestId,
        subject: live?.subject ?? '',
        asked: live?.asked,
        about: { person: person.id, name: person.name },
      });
      await store.transaction((maps) => maps.putCode(id, check(maps.code(id))));
    },

    async refuse(id, person, requestId) {
      const { live } = await store.transaction((maps) => {
        const next = advance(owned(TOKEN.test(id) ? maps.code(id) : undefined, person), { kind: 'refuse' });
        maps.putCode(id, next);
        return next;
      });
      await record({
        step: 'refused',
        id,
        by: 'subject',
        requestId,
        subject: live?.subject ?? '',
        asked: live?.asked,
        about: { person: person.id, name: person.name },
      });
    },

    follow(id, ticket, scanner) {
      const found = scanned(stored(id), ticket, scanner);
      const { asked } = found.live ?? {};
      if (asked === undefined) throw failed('code_unknown');
      return { state: stateAt(found, now()), until: found.until, question: asked.question, number: asked.number };
    },

    async collect(id, ticket, scanner, requestId) {
      const found = scanned(stored(id), ticket, scanner);
      if (stateAt(found, now()) === 'scanned') return { state: 'waiting', until: found.until };
      advance(found, { kind: 'release' });
      const { subject, asked } = found.live ?? {};
      if (subject === undefined || asked === undefined) throw failed('code_unknown');
      const { question } = asked;
      const states = await answer(subject, question, requestId);
      const domains = checkedAnswer(question, states.domains);
      const released: ComplianceAnswer = {
        subject,
        ...present({ name: states.name }),
        question,
        answeredAt: new Date(now()).toISOString(),
        domains,
      };
      await record({
        step: 'answered',
        id,
        by: byOf(scanner),
        requestId,
        subject,
        asked,
        bodySha256: digest(canonicalJson(released)),
        about: { results: domains, ...idOf(scanner) },
      });
      // on record by now; of two who come at once both are, and one gets it
      await store.transaction((maps) =>
        maps.putCode(id, advance(scanned(maps.code(id), ticket, scanner), { kind: 'release' })),
      );
      return { state: 'answered', answer: released };
    },
  };
}
