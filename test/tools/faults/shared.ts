/**
 * Two gateways over one PostgreSQL and one Kafka, which elect who sequences their log, under mixed load: reports that
 * are issued at one and verified at the other, tickets, cases of two departments, people who sign in, questions. Either
 * gateway is killed with all its processes, the database crashes, or goes for good and its standby is promoted; each
 * comes back. Afterwards every step that was acknowledged must be there, once, every code that was issued be known, and
 * every answer have its entry in the log; who signed in at a gateway that is gone goes on at the other.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { dayIn } from '../../../gateway/documents/compute/index.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { verifyLog } from '../../../gateway/log/verify/verify.js';
import { type RawAnswer, until } from '../../e2e/ask.js';
import { companies } from '../../e2e/stories.js';
import { type Random, randomOf } from './random.js';
import { CaseLoad } from './shared/cases.js';
import { asked, Ends, type GatewayOfPair, isUp, NAMES, type Pair, READY_WITHIN, startPair } from './shared/pair.js';
import { PeopleLoad } from './shared/people.js';

const CENTRE = 'credit-report-centre';
export const SHARED_FAULTS = ['east', 'west', 'postgres', 'standby'] as const;
export type SharedFault = (typeof SHARED_FAULTS)[number];

export interface SharedReport {
  readonly seed: number;
  readonly faults: Readonly<Record<SharedFault, number>>;
  /** Acknowledged. */
  readonly issued: number;
  readonly verified: number;
  readonly acts: number;
  readonly answers: number;
  /** Cases that came to their end, and their steps. */
  readonly cases: number;
  readonly steps: number;
  readonly signIns: number;
  /** Pages of people who had signed in, at either gateway. */
  readonly pages: number;
  /** Of those, not acknowledged: refused, or cut off. */
  readonly unanswered: number;
  /** ms from a fault until both gateways did everything again; median and longest. */
  readonly again: { readonly median: number; readonly longest: number };
  readonly logEntries: number;
  readonly seconds: number;
  readonly findings: readonly string[];
}

interface Ledger {
  /** By document id. */
  readonly reports: { readonly id: string; readonly code: string; readonly company: string }[];
  readonly tickets: { readonly id: string; readonly company: string; withdrawn: boolean }[];
  readonly receipts: Set<string>;
  readonly findings: string[];
  readonly counts: { issued: number; verified: number; acts: number; answers: number; lost: number };
}

const receiptOf = (text: string): string | undefined => {
  const { receipt } = JSON.parse(text) as { readonly receipt?: { readonly journal: string; readonly seq: number } };
  return receipt && `${receipt.journal}:${String(receipt.seq)}`;
};

class Load {
  readonly ledger: Ledger = {
    reports: [],
    tickets: [],
    receipts: new Set(),
    findings: [],
    counts: { issued: 0, verified: 0, acts: 0, answers: 0, lost: 0 },
  };
  readonly #gateways: readonly GatewayOfPair[];
  readonly #companies: readonly string[];
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[];
  /** Companies with a ticket of an omission that is not over; one at a time may be. */
  readonly #open = new Set<string>();
  /** What was done last at each gateway, by kind: ms since 1970. */
  readonly done = new Map<string, number>();
  readonly cases: CaseLoad;
  readonly people: PeopleLoad;

  constructor(gateways: readonly GatewayOfPair[], companies: readonly string[], seed: number) {
    this.#gateways = gateways;
    this.#companies = companies;
    this.#random = randomOf(seed, 'load');
    const { findings } = this.ledger;
    const any = (): GatewayOfPair => this.#any();
    const doneAs = (kind: string) => (at: GatewayOfPair) => void this.done.set(`${at.name} ${kind}`, Date.now());
    const random = (what: string): Random => randomOf(seed, what);
    this.cases = new CaseLoad({ any, random: random('cases'), companies, findings, onDone: doneAs('case') });
    this.people = new PeopleLoad({ any, random: random('people'), findings, onDone: doneAs('page') });
    const kinds = [
      ...[() => this.#report(), () => this.#ticket(), () => this.#question(), () => this.#question()],
      ...[() => this.cases.one(), () => this.cases.one(), () => this.people.one()],
    ];
    this.#loops = kinds.map((kind) => this.#again(kind));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  async #again(work: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await work();
      await wait(60);
    }
  }

  #any(): GatewayOfPair {
    return this.#random.pick(this.#gateways);
  }

  /** @returns the answer's text where it has one of these statuses */
  #acknowledged(
    at: GatewayOfPair,
    kind: string,
    answer: RawAnswer | undefined,
    ...statuses: number[]
  ): string | undefined {
    if (answer === undefined || !statuses.includes(answer.status)) {
      this.ledger.counts.lost++;
      // what is not there at the moment says so, and nothing else is an outage
      if (answer !== undefined && answer.status !== 503 && answer.status !== 409 && answer.status !== 429)
        this.ledger.findings.push(
          `${kind} at ${at.name} answered ${String(answer.status)}: ${answer.text.slice(0, 200)}`,
        );
      return undefined;
    }
    this.done.set(`${at.name} ${kind}`, Date.now());
    return answer.text;
  }

  async #report(): Promise<void> {
    const { reports, counts, findings } = this.ledger;
    const at = this.#any();
    const company = this.#random.pick(this.#companies);
    const body = {
      report: 'credit',
      from: '2022-01-01',
      to: dayIn(Date.now()),
      purpose: 'listing',
      bearer: '云州银行',
      as: company,
      subjects: [company],
    };
    const text = this.#acknowledged(
      at,
      'report',
      await asked(at, CENTRE, { method: 'POST', path: '/v1/reports', body }),
      200,
      201,
    );
    if (text !== undefined) {
      const found = issuedIn(text);
      if (found === undefined) findings.push(`an answer to issuing says no code: ${text.slice(0, 200)}`);
      else {
        reports.push({ ...found, company });
        counts.issued++;
      }
    }
    if (reports.length > 0) await this.#verify(this.#any(), this.#random.pick(reports).code);
  }

  async #verify(at: GatewayOfPair, code: string): Promise<void> {
    const { counts, findings } = this.ledger;
    const request = { method: 'POST', path: '/v1/documents/verify', body: { codes: [code] } };
    const text = this.#acknowledged(at, 'verify', await asked(at, 'bidding-centre', request), 200);
    if (text === undefined) return;
    counts.verified++;
    const { results } = JSON.parse(text) as { readonly results: readonly { readonly outcome: string }[] };
    if (results[0]?.outcome !== 'genuine')
      findings.push(`an issued code is ${results[0]?.outcome ?? 'absent'} at ${at.name}`);
    const receipt = receiptOf(text);
    if (receipt !== undefined) this.ledger.receipts.add(`bidding-centre ${receipt}`);
  }

  /** Opened at one, withdrawn at the other. */
  async #ticket(): Promise<void> {
    const { tickets, counts } = this.ledger;
    const company = this.#random.pick(this.#companies);
    const before = tickets.find((ticket) => !ticket.withdrawn && this.#random.chance(0.5));
    const headers = { 'yitong-subject': before?.company ?? company };
    const at = this.#any();
    if (before === undefined) {
      const body = {
        lifecycle: 'omission',
        dataset: 'samr.penalties',
        subject: company,
        act: 'file',
        fields: { missing: '2026年3月的不予处罚决定没有登记' },
      };
      const answer = await asked(at, CENTRE, { method: 'POST', path: '/v1/objections', body, headers });
      // one whose answer was lost may have been made
      if (answer?.status === 409 || this.#open.has(company)) return;
      const text = this.#acknowledged(at, 'ticket', answer, 201);
      if (text === undefined) return;
      counts.acts++;
      tickets.push({ id: (JSON.parse(text) as { readonly id: string }).id, company, withdrawn: false });
      return;
    }
    const path = `/v1/objections/${before.id}`;
    const answer = await asked(at, CENTRE, { method: 'POST', path, body: { act: 'withdraw', fields: {} }, headers });
    if (answer === undefined || answer.status === 503) {
      counts.lost++;
      return;
    }
    // withdrawn already: by a step whose answer was lost
    if (answer.status !== 409 && this.#acknowledged(at, 'ticket', answer, 200) === undefined) return;
    counts.acts++;
    before.withdrawn = true;
  }

  async #question(): Promise<void> {
    const { counts, receipts } = this.ledger;
    const at = this.#any();
    const body = {
      purpose: 'open-restaurant',
      subject: this.#random.pick(this.#companies),
      datasets: [{ id: 'samr.company-register' }],
    };
    const text = this.#acknowledged(
      at,
      'question',
      await asked(at, 'one-stop-counter', { method: 'POST', path: '/v1/query', body }),
      200,
    );
    if (text === undefined) return;
    counts.answers++;
    const receipt = receiptOf(text);
    if (receipt === undefined) this.ledger.findings.push(`an answer of ${at.name} has no receipt`);
    else receipts.add(`one-stop-counter ${receipt}`);
  }
}

/** What an answer to issuing says: the last line of a stream, or one object. */
function issuedIn(text: string): { readonly id: string; readonly code: string } | undefined {
  for (const line of text.trim().split('\n').reverse()) {
    const value = JSON.parse(line) as { readonly id?: string; readonly code?: string; readonly report?: unknown };
    const { id, code } = (value.report ?? value) as { readonly id?: string; readonly code?: string };
    if (id !== undefined && code !== undefined) return { id, code };
  }
  return undefined;
}

/** Every kind of step has been done at both again. @returns ms */
async function allAgain(load: Load, since: number): Promise<number> {
  const wanted = NAMES.flatMap((name) =>
    ['report', 'verify', 'question', 'case', 'page'].map((kind) => `${name} ${kind}`),
  );
  await until(
    'everything to be done again at both',
    () => {
      const [found] = load.ledger.findings;
      if (found !== undefined) throw new Error(found);
      return Promise.resolve(wanted.filter((one) => (load.done.get(one) ?? 0) < since));
    },
    (missing) => missing.length === 0,
    READY_WITHIN,
  );
  return Date.now() - since;
}

async function make(fault: SharedFault, { gateways, database }: Pair, people: PeopleLoad): Promise<void> {
  if (fault === 'postgres') return await database.crash();
  if (fault === 'standby') return await database.promote();
  const [east, west] = gateways;
  const [one, other] = fault === 'east' ? [east, west] : [west, east];
  await people.ready(gateways);
  one.ready = false;
  one.service.kill(true);
  await people.survives(fault, other);
  await isUp(one);
}

interface Listed {
  readonly tickets: readonly { readonly id: string; readonly events: readonly { readonly act: string }[] }[];
  readonly next?: string;
}

/** What must hold when all is still. */
async function judge({ gateways }: Pair, { reports, tickets, receipts, findings }: Ledger): Promise<void> {
  const [east, west] = gateways;
  for (const at of gateways) {
    for (const { id, code, company } of reports) {
      const request = { method: 'POST', path: '/v1/documents/verify', body: { codes: [code] } };
      const answer = await asked(at, 'bidding-centre', request);
      const outcome =
        answer?.status === 200
          ? (JSON.parse(answer.text) as { readonly results: readonly { readonly outcome: string }[] }).results[0]
              ?.outcome
          : `status ${String(answer?.status)}`;
      if (outcome !== 'genuine') findings.push(`the issued report ${id} is ${outcome ?? 'absent'} at ${at.name}`);
      const shown = await asked(at, CENTRE, { path: `/v1/reports/${id}`, headers: { 'yitong-subject': company } });
      if (shown?.status !== 200) findings.push(`the issued report ${id} is not shown at ${at.name}`);
    }
    const shown = new Map<string, readonly { readonly act: string }[]>();
    for (const company of new Set(tickets.map((ticket) => ticket.company))) {
      for (const show of ['open', 'closed']) {
        for (let next: string | undefined = ''; next !== undefined; ) {
          const path = `/v1/objections?show=${show}&limit=100${next === '' ? '' : `&after=${next}`}`;
          const answer = await asked(at, CENTRE, { path, headers: { 'yitong-subject': company } });
          const listed: Listed = answer?.status === 200 ? (JSON.parse(answer.text) as Listed) : { tickets: [] };
          if (answer?.status !== 200)
            findings.push(`tickets at ${at.name}: ${answer?.text.slice(0, 200) ?? 'no answer'}`);
          for (const { id, events } of listed.tickets) shown.set(id, events);
          next = listed.next;
        }
      }
    }
    for (const { id, withdrawn } of tickets) {
      const events = shown.get(id);
      if (events === undefined) {
        findings.push(`the ticket ${id} is not shown at ${at.name}`);
        continue;
      }
      const of = (act: string): number => events.filter((event) => event.act === act).length;
      if (of('file') !== 1) findings.push(`the ticket ${id} was filed ${String(of('file'))} times at ${at.name}`);
      if (of('withdraw') > 1 || (withdrawn && of('withdraw') !== 1))
        findings.push(`the ticket ${id} was withdrawn ${String(of('withdraw'))} times at ${at.name}`);
    }
  }
  for (const one of receipts) {
    const [client = '', id = ''] = one.split(' ');
    await until(
      `the entry of ${id}`,
      async () => {
        for (const at of [east, west]) {
          const { status, text } = (await asked(at, client, { path: `/v1/receipts/${id}` })) ?? { status: 0, text: '' };
          if (status === 200 && (JSON.parse(text) as { readonly state: string }).state === 'logged') return true;
        }
        return false;
      },
      (yes) => yes,
    ).catch(() => findings.push(`the answer ${id} has no entry in the log`));
  }
}

const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;

/**
 * @param kinds in their order, one fault each
 * @param told of each fault, as it is over
 * @returns undefined where there is no PostgreSQL
 */
export async function sharedRun(
  seed: number,
  broker: string,
  kinds: readonly SharedFault[],
  told: (fault: SharedFault, ms: number) => void = () => undefined,
): Promise<SharedReport | undefined> {
  const started = Date.now();
  const ends = new Ends();
  try {
    const pair = await startPair(ends, broker, kinds.includes('standby'));
    if (pair === undefined) return undefined;
    const [east] = pair.gateways;
    const load = new Load(pair.gateways, await companies(east.data), seed);
    const random = randomOf(seed, 'faults');
    const again: number[] = [];
    const faults: Record<SharedFault, number> = { east: 0, west: 0, postgres: 0, standby: 0 };
    const { ledger, cases, people } = load;
    // before what it asks is gone: what went wrong first is what is told
    ends.test.teardown(() => load.stop());
    await allAgain(load, Date.now());
    for (const fault of kinds) {
      await wait(random.between(50, 1500));
      const at = Date.now();
      await make(fault, pair, people);
      again.push(await allAgain(load, at));
      faults[fault]++;
      told(fault, again.at(-1) ?? 0);
      await cases.hold(pair.gateways);
      if (fault === 'standby') await pair.database.standbyAgain();
    }
    await load.stop();
    await cases.hold(pair.gateways, true);
    await judge(pair, ledger);
    let logEntries = 0;
    for (const { name, data, service } of pair.gateways) {
      await service.stop();
      const report = await verifyLog({ logDir: auditLayout(data).log, dataDir: data });
      logEntries = Math.max(logEntries, report.size);
      if (!report.ok) ledger.findings.push(`the log of ${name} does not verify: ${report.fault ?? ''}`);
      if (report.declaredMissing > 0)
        ledger.findings.push(`${String(report.declaredMissing)} entries are declared missing`);
    }
    const { lost, ...counts } = ledger.counts;
    return {
      seed,
      faults,
      ...counts,
      cases: cases.ended,
      steps: cases.counts.steps,
      signIns: people.counts.signIns,
      pages: people.counts.pages,
      unanswered: lost + cases.counts.again + people.counts.lost,
      again: { median: median(again), longest: Math.max(0, ...again) },
      logEntries,
      seconds: Math.round((Date.now() - started) / 1000),
      findings: ledger.findings,
    };
  } finally {
    await ends.all();
  }
}
