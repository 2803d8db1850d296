/**
 * Registers as a case asks them: under the client and purpose of its bundle, decided as a query is, and each subject's
 * look put on record as a release before anything of it is used.
 */
import { createHash } from 'node:crypto';
import { namesOf } from '../../../contracts/bundle/rule.js';
import type { Bundle, Elements, Json } from '../../../contracts/bundle/types.js';
import type { DatasetId, SubjectKey } from '../../../contracts/ids.js';
import type { Contract, Workspace } from '../../../contracts/types.js';
import type { Decision } from '../../../policies/types.js';
import type { InForce } from '../../answer/inforce/snapshot.js';
import { type Plan, Plans } from '../../answer/question/plan.js';
import type { StatedCase } from '../../answer/question/request.js';
import { statusOf } from '../../answer/question/status.js';
import { type AskedDataset, openReader, planOf, type Row } from '../../answer/registers/read.js';
import type { ViewReader } from '../../answer/view/port.js';
import { releasedSubjectJson } from '../../log/entries/events.js';
import type { EntryDraft } from '../../log/entries/port.js';
import type { RecordEffects } from '../lifecycles/effects.js';
import type { Abroad } from './abroad.js';
import { type AskRegister, type Readings, type RegisterAnswer, readRegisters, wantedElements } from './readings.js';

/** A look at one subject's records; it is on record before anything of it is used. */
export type Release = (requestId: string) => EntryDraft;

export interface RegisterReadings {
  readonly readings: Readings;
  readonly releases: readonly Release[];
}
/** @throws YitongError `view_unavailable` */
export type ReadRegisters = (
  bundle: Bundle,
  known: ReadonlyMap<string, Json>,
  caseId: string,
  region?: string,
) => Promise<RegisterReadings>;

interface Needs {
  readonly workspace: Workspace;
  readonly view: ViewReader;
  readonly inForce: () => Pick<InForce, 'decider' | 'policies' | 'purposes'>;
  readonly effects: Pick<RecordEffects, 'hidden'>;
  /** ms since 1970 */
  readonly now: () => number;
  /** Undefined: no other region is asked. */
  readonly abroad?: Pick<Abroad, 'ask'>;
}

/** What a bundle asks of each register, and no more. */
function askedOf(
  bundle: Bundle,
  elements: Elements,
): ReadonlyMap<string, { readonly contract: Contract; readonly asked: AskedDataset }> {
  const found = new Map<string, { contract: Contract; fields: Set<string> }>();
  const of = (contract: Contract) => {
    const one = found.get(contract.id) ?? { contract, fields: new Set<string>() };
    found.set(contract.id, one);
    return one;
  };
  for (const id of wantedElements(bundle, elements))
    for (const { contract, field, record } of elements.elements.get(id)?.registers ?? []) {
      of(contract).fields.add(field);
      if (record !== undefined) of(contract).fields.add(record.field);
    }
  for (const { contract, where } of bundle.facts.values())
    for (const name of namesOf(where.rule)) of(contract).fields.add(name);
  return new Map(
    [...found].map(([id, { contract, fields }]) => [
      id,
      { contract, asked: { id: contract.id, fields: [...fields], needs: [] } },
    ]),
  );
}

/** Whether the field is given, or something in it. */
const isGiven = ({ fields }: Decision, path: string): boolean =>
  fields.some(
    (field) =>
      field.as === 'value' &&
      (field.path === path ||
        path.startsWith(`${field.path}.`) ||
        field.path.startsWith(`${path}.`) ||
        field.path.startsWith(`${path}[]`)),
  );

/** Those that the client of the bundle has a grant for, of one scheme: a register that is not granted is not asked. */
interface Scheme {
  readonly plan: Plan;
  readonly places: ReadonlyMap<string, number>;
}

export function registersOf(
  { workspace, view, inForce, effects, now, abroad }: Needs,
  elements: Elements,
): ReadRegisters {
  const closing = { hidden: (record: Parameters<RecordEffects['hidden']>[0]) => effects.hidden(record), now };
  const plans = new Plans({ workspace, inForce, delivery: 'query', closing });
  const reader = openReader(view);

  /** Undefined where the client is not there, or is suspended. */
  function schemeOf(bundle: Bundle, stated: StatedCase, scheme: string): Scheme | undefined {
    const client = inForce().policies.clients.get(bundle.client as never);
    if (client?.status !== 'active') return undefined;
    const all = [...askedOf(bundle, elements).values()].filter(({ contract }) => contract.subject.scheme === scheme);
    const first = planOf(
      plans,
      client,
      bundle.purpose,
      all.map(({ asked }) => asked),
      stated,
      now(),
    );
    const granted = all.filter(({ contract }) => first.readIds.includes(contract.id)).map(({ asked }) => asked);
    if (granted.length === 0) return undefined;
    const plan = granted.length === all.length ? first : planOf(plans, client, bundle.purpose, granted, stated, now());
    return { plan, places: new Map(plan.readIds.map((id, at) => [id as string, at])) };
  }

  return async (bundle, known, caseId, region) => {
    const stated: StatedCase = { item: bundle.title.zh, caseId };
    const releases: Release[] = [];
    const subjects = new Map<
      string,
      { readonly scheme: Scheme; readonly answers: readonly (RegisterAnswer | undefined)[] } | undefined
    >();
    const look = async (subject: string) => {
      const scheme = schemeOf(bundle, stated, subject.slice(0, subject.indexOf(':')));
      if (scheme === undefined) return undefined;
      const { plan } = scheme;
      // states are no younger than the rows
      const {
        rows: [rows = []],
        states,
      } = await reader.all(plan, [subject as SubjectKey]);
      const fresh = plan.read.map(({ contract }) => statusOf(contract, states.get(contract.id) ?? {}, now()));
      releases.push(releaseOf(plan, stated, subject, rows, now()));
      const answers = rows.map((records, at): RegisterAnswer | undefined => {
        const { status, sourceTime = '' } = fresh[at] ?? { status: 'stale' };
        const decision = plan.datasets[plan.readAt[at] ?? -1]?.decision;
        // of a register that is late, or of which only some rows may be seen, nothing is said
        if (status !== 'current' || decision?.rows.kind !== 'all') return undefined;
        const values = records.flatMap(({ value }) =>
          value === undefined ? [] : [value as { readonly [field: string]: Json }],
        );
        return { records: values, sourceTime, released: (field) => isGiven(decision, field) };
      });
      return { scheme, answers };
    };
    // what the case is about is there, and so is what its authorities there have on record
    const there = new Set(
      region === undefined
        ? []
        : [...bundle.items.values()].flatMap((item) => (item.elsewhere ? [item.authority] : [])),
    );
    const ask: AskRegister = async (contract, subject) => {
      if (region !== undefined && there.has(contract.authority)) {
        const { client, purpose, authority } = bundle;
        return abroad?.ask(region, contract, subject, { client, purpose, authority, stated });
      }
      if (!subjects.has(subject)) subjects.set(subject, await look(subject));
      const found = subjects.get(subject);
      const at = found?.scheme.places.get(contract.id);
      return at === undefined ? undefined : found?.answers[at];
    };
    return { readings: await readRegisters(bundle, elements, known, ask), releases };
  };
}

function releaseOf(
  plan: Plan,
  stated: StatedCase,
  subject: string,
  rows: readonly (readonly Row[])[],
  at: number,
): Release {
  const bytes = Buffer.from(JSON.stringify(rows.map((records) => records.map(({ value }) => value ?? null))));
  const records = plan.datasets.map(({ id }) => rows[plan.readIds.indexOf(id as DatasetId)]?.length ?? 0);
  const bodySha256 = createHash('sha256').update(bytes).digest('hex');
  return (requestId) => ({
    clear: plan.template({ time: new Date(at).toISOString(), requestId, records, bodySha256, bytes: bytes.length }),
    subject: { subject, json: releasedSubjectJson(stated) },
  });
}
