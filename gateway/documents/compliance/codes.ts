/**
 * The compliance code (合规一码通): a company's phone shows a code, a scanner asks one question with it, the company sees
 * who asks what and confirms, and then that scanner gets that answer, once. docs/compliance-code.md says what this can
 * do and cannot.
 */

import { randomInt } from 'node:crypto';
import { canonicalJson } from '../../../contracts/canonical.js';
import { type ErrorCode, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Person } from '../../ground/identity/person.js';
import { sameText } from '../../ground/identity/same-text.js';
import { type ComplianceStep, complianceBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';
import type { Moment } from '../model/model.js';
import { checkedAnswer, checkedQuestion, type DomainAnswer } from './answer.js';
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
import { digest, isToken, newToken } from './tokens.js';

export { type DomainAnswer, lastMonths } from './answer.js';

/** What the registers say: of whom, and of each domain. */
interface ComplianceStates {
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
  look(id: string, person: Person): Promise<CompanyView>;
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
  follow(id: string, ticket: string, scanner: Scanner): Promise<ScannerView>;
}

interface CodesOptions {
  readonly store: CodeStore;
  readonly journal: Pick<Journal, 'append'>;
  /** ms since 1970 */
  readonly now: () => number;
  /** Whether a domain of a report can be asked about. */
  readonly known: (report: string, domain: string) => boolean;
  /** What the registers say of exactly this question. */
  readonly answer: (subject: string, question: Question, requestId: string) => Promise<ComplianceStates>;
}

/** By which a code is known to everybody but its holder. */
export const codeId = (code: string): string => digest(code);
const MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  code_unknown: 'there is no such code; let the company show a new one',
  code_used: 'the code was used; let the company show a new one',
  code_expired: 'the time for it is over; let the company show a new code',
  code_refused: 'the company refused to answer',
  code_not_confirmed: 'the company has not confirmed yet',
  code_changed: 'what was confirmed is not what was asked; look again',
};

const refused = (code: ErrorCode): YitongError => new YitongError(code, MESSAGES[code] ?? 'the code cannot be used so');

/** Who scans, as the log names them. */
const scannerInLog = ({ kind, key }: Scanner): string =>
  kind === 'client' ? key : kind === 'person' ? 'person' : 'public page';
/** As it is kept and shown: the company learns a name, never a session or the id of a person. */
const withoutKey = (scanner: Scanner): Scanner =>
  scanner.kind === 'client' ? scanner : { ...scanner, key: digest(`${scanner.kind} ${scanner.key}`) };
const isSameScanner = (a: Scanner, b: Scanner): boolean => a.kind === b.kind && sameText(a.key, b.key);
const personOf = ({ kind, key }: Scanner): object => (kind === 'person' ? { scanner: key } : {});
const shownOf = (asked: Asked): string => digest(canonicalJson(asked));

export const openCodes = (options: CodesOptions): Codes => new ComplianceCodes(options);

/** One step of a code, as it goes on record. */
interface StepEntry {
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

/** A code of which something can still come. */
type LiveCode = CodeRecord & { readonly live: NonNullable<CodeRecord['live']> };

class ComplianceCodes implements Codes {
  readonly #store: CodeStore;
  readonly #journal: CodesOptions['journal'];
  readonly #now: CodesOptions['now'];
  readonly #known: CodesOptions['known'];
  readonly #answer: CodesOptions['answer'];

  constructor({ store, journal, now, known, answer }: CodesOptions) {
    this.#store = store;
    this.#journal = journal;
    this.#now = now;
    this.#known = known;
    this.#answer = answer;
  }

  // the company shows a code, and decides

  async create(person: Person, subject: string, requestId: string): ReturnType<Codes['create']> {
    if (!person.roles.includes('subject') || !person.subjects.includes(subject))
      throw new YitongError('role_missing', 'a code is shown by who speaks for the company');
    const code = newToken();
    const id = codeId(code);
    await this.#recordDecision('created', id, person, { subject }, requestId);
    const begun = made(person.id, subject, this.#now());
    await this.#store.transaction((maps) => maps.putCode(id, begun));
    return { code, id, until: begun.until };
  }

  async look(id: string, person: Person): Promise<CompanyView> {
    const { live, ...found } = ownedBy(person, await this.#stored(id));
    return {
      subject: live.subject,
      state: stateAt(found, this.#now()),
      until: found.until,
      ...(live.asked === undefined ? {} : { asked: live.asked, shown: shownOf(live.asked) }),
    };
  }

  async confirm(id: string, person: Person, shown: string, requestId: string): Promise<void> {
    const { live } = this.#confirmed(await this.#stored(id), person, shown);
    await this.#recordDecision('confirmed', id, person, live, requestId);
    await this.#store.transaction((maps) => maps.putCode(id, this.#confirmed(maps.code(id), person, shown)));
  }

  #confirmed(found: CodeRecord | undefined, person: Person, shown: string): CodeRecord {
    const code = ownedBy(person, found);
    const next = this.#advanced(code, { kind: 'confirm' });
    if (code.live.asked === undefined || !sameText(shownOf(code.live.asked), shown)) throw refused('code_changed');
    return next;
  }

  async refuse(id: string, person: Person, requestId: string): Promise<void> {
    const { live } = await this.#store.transaction((maps) => {
      const code = ownedBy(person, isToken(id) ? maps.code(id) : undefined);
      const next = this.#advanced(code, { kind: 'refuse' });
      maps.putCode(id, next);
      return next;
    });
    await this.#recordDecision('refused', id, person, live, requestId);
  }

  // a scanner asks, waits, and takes the answer

  async scan(
    code: string,
    scanner: Scanner,
    source: string,
    question: Question,
    requestId: string,
  ): ReturnType<Codes['scan']> {
    const asked: Asked = {
      scanner: withoutKey(scanner),
      question: checkedQuestion(question, this.#known),
      number: String(randomInt(10_000)).padStart(4, '0'),
    };
    const ticket = newToken();
    const id = codeId(code);
    const scan: CodeEvent = { kind: 'scan', asked, ticket: digest(ticket) };
    const found = await this.#scanned(code, lookersOf(scanner, source), scan);
    await this.#record({
      step: 'scanned',
      id,
      by: scannerInLog(scanner),
      requestId,
      subject: found.live?.subject ?? '',
      asked,
      about: personOf(scanner),
    });
    return { id, ticket, number: asked.number, until: found.until };
  }

  /** The code, used from now on. What is no code is counted, so that nobody guesses for long. */
  async #scanned(code: string, who: readonly string[], scan: CodeEvent): Promise<CodeRecord> {
    const id = codeId(code);
    const outcome = await this.#store.transaction((maps): CodeRecord | ErrorCode => {
      const at = this.#now();
      if (guessedTooOften(maps, who, at)) return 'rate_limited';
      const found = isToken(code) ? maps.code(id) : undefined;
      if (found === undefined) {
        countMiss(maps, who, at);
        return 'code_unknown';
      }
      const next = step(found, scan, at);
      if ('code' in next) return next.code;
      maps.putCode(id, next.record);
      return next.record;
    });
    if (outcome === 'rate_limited')
      throw new YitongError('rate_limited', 'too many codes that are none came from here; wait ten minutes');
    if (typeof outcome === 'string') throw refused(outcome);
    return outcome;
  }

  async follow(id: string, ticket: string, scanner: Scanner): Promise<ScannerView> {
    const found = scannedBy(scanner, ticket, await this.#stored(id));
    const { question, number } = askedOf(found).asked;
    return { state: stateAt(found, this.#now()), until: found.until, question, number };
  }

  async collect(id: string, ticket: string, scanner: Scanner, requestId: string): ReturnType<Codes['collect']> {
    const found = scannedBy(scanner, ticket, await this.#stored(id));
    if (stateAt(found, this.#now()) === 'scanned') return { state: 'waiting', until: found.until };
    this.#advanced(found, { kind: 'release' });
    const { subject, asked } = askedOf(found);
    const answer = await this.#answerTo(subject, asked.question, requestId);
    await this.#record({
      step: 'answered',
      id,
      by: scannerInLog(scanner),
      requestId,
      subject,
      asked,
      bodySha256: digest(canonicalJson(answer)),
      about: { results: answer.domains, ...personOf(scanner) },
    });
    // on record by now; of two who come at once both are, and one gets it
    await this.#store.transaction((maps) =>
      maps.putCode(id, this.#advanced(scannedBy(scanner, ticket, maps.code(id)), { kind: 'release' })),
    );
    return { state: 'answered', answer };
  }

  async #answerTo(subject: string, question: Question, requestId: string): Promise<ComplianceAnswer> {
    const { name, domains: given } = await this.#answer(subject, question, requestId);
    const domains = checkedAnswer(question, given);
    return { subject, ...present({ name }), question, answeredAt: new Date(this.#now()).toISOString(), domains };
  }

  // steps, and their record

  async #stored(id: string): Promise<CodeRecord | undefined> {
    return isToken(id) ? this.#store.code(id) : undefined;
  }

  /** What becomes of it, or the error that says why nothing does. */
  #advanced(found: CodeRecord, event: CodeEvent): CodeRecord {
    const next = step(found, event, this.#now());
    if ('code' in next) throw refused(next.code);
    return next.record;
  }

  /** What the company itself does. @throws YitongError `audit_unavailable` */
  #recordDecision(
    step: StepEntry['step'],
    id: string,
    { id: person, name }: Person,
    live: Pick<LiveCode['live'], 'subject' | 'asked'> | undefined,
    requestId: string,
  ): Promise<void> {
    const about = { person, name };
    return this.#record({
      step,
      id,
      by: 'subject',
      requestId,
      subject: live?.subject ?? '',
      asked: live?.asked,
      about,
    });
  }

  /** @throws YitongError `audit_unavailable` */
  async #record({ step, id, by, requestId, subject, asked, bodySha256, about = {} }: StepEntry): Promise<void> {
    const { scanner, question } = asked ?? {};
    await this.#journal.append({
      clear: complianceBody({
        time: new Date(this.#now()).toISOString(),
        requestId,
        step,
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
}

/** @throws YitongError `code_unknown` also where another person made it */
function ownedBy(person: Person, found: CodeRecord | undefined): LiveCode {
  const live = found?.live;
  if (found === undefined || live === undefined || !sameText(live.owner, person.id)) throw refused('code_unknown');
  return { ...found, live };
}

/** @throws YitongError `code_unknown` also for another scanner or ticket */
function scannedBy(scanner: Scanner, ticket: string, found: CodeRecord | undefined): CodeRecord {
  const { asked, ticket: expected } = found?.live ?? {};
  if (
    found === undefined ||
    asked === undefined ||
    expected === undefined ||
    !sameText(expected, digest(ticket)) ||
    !isSameScanner(asked.scanner, withoutKey(scanner))
  )
    throw refused('code_unknown');
  return found;
}

/** @throws YitongError `code_unknown` where it was not scanned */
function askedOf({ live }: CodeRecord): { readonly subject: string; readonly asked: Asked } {
  if (live?.asked === undefined) throw refused('code_unknown');
  return { subject: live.subject, asked: live.asked };
}
