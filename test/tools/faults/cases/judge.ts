/**
 * Compares what cases left behind with what was meant: the events of each, its state, its messages, the steps that its
 * authorities were told, and the log. It reads what a stopped gateway left, and trusts nobody's count.
 */
import { join } from 'node:path';
import { type Bus, caseStepsTopic } from '../../../../connectors/bus/port.js';
import { Quarantine } from '../../../../connectors/quarantine.js';
import { decodeStep, type StepRecord } from '../../../../contracts/case-topics.js';
import type { State } from '../../../../gateway/ground/state/port.js';
import { auditLayout } from '../../../../gateway/log/entries/layout.js';
import { openBodies } from '../../../../gateway/log/store/bodies.js';
import { verifyLog } from '../../../../gateway/log/verify/verify.js';
import { actsQuarantine } from '../../../../gateway/procedures/cases/held-acts.js';
import { apply, type CaseState, isEnded, openTasks } from '../../../../gateway/procedures/cases/machine.js';
import { isMessage, stepsOf } from '../../../../gateway/procedures/cases/steps.js';
import type { CaseMessage, StoredCase, StoredEvent } from '../../../../gateway/procedures/cases/store.js';
import { collect } from '../../../support/conformance/bus.js';
import { OVER_BUS } from './content.js';
import type { Meant } from './play.js';

interface Left {
  readonly state: State;
  readonly bus: Bus;
  readonly data: string;
  readonly prefix: string;
  readonly meant: Meant;
}

export interface CaseVerdict {
  readonly cases: number;
  readonly events: number;
  readonly messages: number;
  /** On the topic, each once; and how many came again. */
  readonly steps: number;
  readonly repeated: number;
  /** Of the log. */
  readonly entries: number;
  /** Acts on record that a kill kept from taking effect: they were made again, under another entry. */
  readonly withoutEffect: number;
  /** Requests that were not answered within the patience of a client, and were made again. */
  readonly hung: number;
  readonly findings: readonly string[];
}

interface Entry {
  readonly target: string;
  readonly event: number;
  readonly act: string;
}

/** Entries of acts on cases, by `<journal>:<seq>`; and how many the log has in all. */
async function entriesOf(data: string, findings: string[]) {
  const log = await verifyLog({ logDir: join(data, 'log'), dataDir: data });
  if (!log.ok) findings.push(`the log does not verify: ${log.fault ?? ''}`);
  if (log.newer > 0) findings.push(`${String(log.newer)} entries of journals are not in the log`);
  if (log.declaredMissing > 0) findings.push(`${String(log.declaredMissing)} entries are declared missing`);
  const layout = auditLayout(data);
  const bodies = openBodies(layout.bodies, layout.index);
  const entries = new Map<string, Entry>();
  try {
    for (let index = 0; index < log.size; index++) {
      const stored = bodies.read(index);
      if (stored?.kind !== 'present') continue;
      const body = JSON.parse(stored.body.toString('utf8')) as {
        readonly action?: string;
        readonly target?: string;
        readonly detail?: { readonly event?: number; readonly act?: string };
      };
      if (body.action !== 'case_act') continue;
      const { event = 0, act = '' } = body.detail ?? {};
      entries.set(`${stored.journal}:${String(stored.seq)}`, { target: body.target ?? '', event, act });
    }
  } finally {
    bodies.close();
  }
  return { entries, size: log.size };
}

async function toldOn(bus: Bus, topic: string): Promise<readonly StepRecord[]> {
  const high = (await bus.topicState(topic))?.partitions[0]?.high ?? 0;
  const records = high === 0 ? [] : await collect(bus, [topic], (got) => got.length >= high);
  return records.map(({ value }) => decodeStep(value ?? Buffer.alloc(0)));
}

/** What was told of a case: each of its steps, the first time in their order. @returns how many came again */
function compareTold(id: string, wanted: readonly string[], told: readonly StepRecord[], findings: string[]): number {
  const ids = told.filter((step) => step.case === id).map((step) => step.id);
  const first = [...new Set(ids)];
  if (JSON.stringify(first) !== JSON.stringify(wanted))
    findings.push(`${id}: told ${first.join(', ')}; it must be ${wanted.join(', ')}`);
  return ids.length - first.length;
}

class Judging {
  readonly findings: string[];
  readonly #left: Left;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #told: readonly StepRecord[];
  readonly #used = new Set<string>();
  readonly counts = { events: 0, messages: 0, steps: 0, repeated: 0 };

  constructor(left: Left, entries: ReadonlyMap<string, Entry>, told: readonly StepRecord[], findings: string[]) {
    this.#left = left;
    this.#entries = entries;
    this.#told = told;
    this.findings = findings;
  }

  get used(): number {
    return this.#used.size;
  }

  async case(id: string): Promise<void> {
    const { state, meant } = this.#left;
    const found = (await state.document('case', id))?.body as unknown as StoredCase | undefined;
    if (found === undefined) return void this.findings.push(`${id} was opened and is not there`);
    const events = (await state.events(`case/${id}`)).map(({ body }) => body as unknown as StoredEvent);
    const steps: string[] = [];
    let now: CaseState | undefined;
    let messages = 0;
    for (const stored of events) {
      const next: CaseState = apply(now, stored.event);
      if (isMessage(now, next, stored.event)) messages++;
      stepsOf(now, next, stored.event).forEach(({ to }, index) => {
        if (to === OVER_BUS) steps.push(`${id}.${String(next.events)}.${String(index)}`);
      });
      this.#recorded(id, next.events, stored);
      now = next;
    }
    if (JSON.stringify(sorted(now)) !== JSON.stringify(sorted(found.state)))
      this.findings.push(`${id}: its state is not what its events make of it`);
    if (!isEnded(found.state) || openTasks(found.state).length > 0)
      this.findings.push(`${id} is not at its end: ${found.state.phase}`);
    await this.#messages(id, messages);
    const keys = events.flatMap(({ key, event }) => (key === undefined ? [] : [`${JSON.stringify(event.by)} ${key}`]));
    if (new Set(keys).size !== keys.length) this.findings.push(`${id}: an act was done twice`);
    for (const one of meant.answered) {
      const [of = '', ...key] = one.split(' ');
      if (of === id && !events.some((event) => event.key === key.join(' ')))
        this.findings.push(`${id}: ${key.join(' ')} was answered and is lost`);
    }
    this.counts.events += events.length;
    this.counts.messages += messages;
    this.counts.steps += steps.length;
    this.counts.repeated += compareTold(id, steps, this.#told, this.findings);
  }

  #recorded(id: string, number: number, { entry, event }: StoredEvent): void {
    const found = this.#entries.get(entry);
    if (found?.target !== id || found.event !== number || found.act !== event.act)
      this.findings.push(`${id}: event ${String(number)} (${event.act}) is not on record as ${entry}`);
    this.#used.add(entry);
  }

  async #messages(id: string, wanted: number): Promise<void> {
    const { state } = this.#left;
    let count = 0;
    for (let after: string | undefined, more = true; more; ) {
      const page = await state.documents('case-message', { limit: 1000, ...(after === undefined ? {} : { after }) });
      count += page.documents.filter(({ body }) => (body as unknown as CaseMessage).case === id).length;
      after = page.next;
      more = after !== undefined;
    }
    if (count !== wanted) this.findings.push(`${id}: ${String(count)} messages, where ${String(wanted)} must be`);
  }
}

/** With the members in one order, whichever store it comes from. */
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, one]) => [key, sorted(one)]),
        )
      : value;

export async function judgeCases(left: Left): Promise<CaseVerdict> {
  const { bus, data, prefix, meant } = left;
  const findings = [...meant.wrong];
  const { entries, size } = await entriesOf(data, findings);
  const told = await toldOn(bus, caseStepsTopic(prefix, OVER_BUS));
  const judging = new Judging(left, entries, told, findings);
  for (const id of meant.cases) await judging.case(id);
  if (new Set(meant.cases).size !== meant.cases.length) findings.push('a case was opened twice under one key');
  if (Quarantine.exists(data, actsQuarantine(OVER_BUS))) {
    const quarantine = Quarantine.open(data, actsQuarantine(OVER_BUS), () => new Date());
    for (const { problems } of await quarantine.list()) findings.push(`an act was held: ${JSON.stringify(problems)}`);
    await quarantine.close();
  }
  const withoutEffect = entries.size - judging.used;
  return {
    cases: meant.cases.length,
    ...judging.counts,
    entries: size,
    withoutEffect,
    hung: meant.hung.length,
    findings,
  };
}
