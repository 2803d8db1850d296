/** The decision: granted ∩ permitted ∩ asked, deny by default. No clock; the caller gives the time. */

import { present } from '../contracts/present.js';
import type { Classification, Contract, Delivery, Workspace } from '../contracts/types.js';
import { saysSomething } from '../contracts/visible.js';
import { type CedarEngine, type CedarVerdict, makeCedarEngine } from './cedar.js';
import { endOfDay, startOfDay } from './dates.js';
import { type GrantedFields, type GrantedLeaf, grantedFields } from './fields.js';
import type {
  Client,
  Decider,
  Decision,
  DecisionInput,
  Grant,
  PolicySet,
  Purpose,
  Reason,
  ReasonCode,
  ReleaseAs,
  ReleasedField,
  RowPredicate,
} from './types.js';

/** The last instant that ECMAScript can write; a decision that no date changes is valid until here. */
const FOREVER = 8.64e15;
const MAX_KEPT = 4096;
const CASE_BITS = { item: 1, caseId: 2, actor: 4 } as const;
const DELIVERIES: ReadonlySet<string> = new Set<Delivery>(['query', 'verify', 'batch', 'file', 'subscription']);

interface PreparedGrant {
  readonly grant: Grant;
  readonly fields: GrantedFields;
  readonly classifications: readonly Classification[];
  readonly purposes: ReadonlySet<string>;
  readonly delivery: ReadonlySet<string>;
  /** ms since 1970: in force from, and no longer from. */
  readonly from: number;
  readonly end: number;
  readonly requires: number;
  /** Cedar's answers by purpose, delivery, stated case parts and classification. They read no time. */
  readonly verdicts: Map<string, CedarVerdict>;
}

/** What one client has of one dataset. */
interface Holding {
  readonly client: Client;
  readonly contract: Contract;
  readonly grants: readonly PreparedGrant[];
  readonly kept: Map<string, Kept>;
}

interface Kept {
  readonly asked: readonly string[] | undefined;
  /** The decision holds for from ≤ now < decision.validUntil. */
  readonly from: number;
  readonly decision: Decision;
}

type Purposes = ReadonlyMap<string, Purpose>;
type Withheld = Decision['withheld'];
const NONE: readonly never[] = Object.freeze([]);

const NO_ROWS: RowPredicate = Object.freeze({ kind: 'subjects', subjects: NONE });
/** A failure may be of the moment: it is valid for no time, so nobody keeps it. */
const NOT_KEPT = 0;

function deny(
  reasons: readonly Reason[],
  validUntil: number,
  withheld: Withheld = NONE,
  errors: readonly string[] = NONE,
): Decision {
  return Object.freeze({ effect: 'deny', rows: NO_ROWS, fields: NONE, withheld, reasons, errors, validUntil });
}

/** What does not exist and what is not granted get this same answer. */
const NOT_GRANTED = deny([{ code: 'not_granted' }], FOREVER);

function stated(given: DecisionInput['case']): number {
  if (given === undefined) return 0;
  let mask = 0;
  for (const part of ['item', 'caseId', 'actor'] as const) {
    const value = given[part];
    if (typeof value === 'string' && saysSomething(value)) mask |= CASE_BITS[part];
  }
  return mask;
}

function same(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined || one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** `verify` compares, and so needs the value; every other delivery shows, and so never what is only to be compared. */
const releasable = (as: ReleaseAs, delivery: Delivery): boolean =>
  delivery === 'verify' ? as === 'value' || as === 'match' : as !== 'match';

function verdictOf(
  engine: CedarEngine,
  purposes: Purposes,
  holding: Holding,
  prepared: PreparedGrant,
  input: DecisionInput,
  mask: number,
  classification: Classification,
): CedarVerdict {
  const key = `${input.purpose} ${input.delivery} ${String(mask)} ${classification}`;
  const known = prepared.verdicts.get(key);
  if (known !== undefined) return known;
  const { contract, client } = holding;
  const { grant } = prepared;
  const verdict = engine.evaluate({
    client: client.id,
    authority: client.authority,
    action: input.delivery,
    dataset: contract.id,
    resource: {
      authority: contract.authority,
      sharing: contract.sharing.attribute,
      persons: contract.subject.persons,
      grade: contract.grading.grade,
      category: contract.grading.category,
      classification,
      kind: contract.kind,
      domains: contract.domains,
    },
    context: {
      purpose: input.purpose,
      purposeBasis: purposes.get(input.purpose)?.legalBasis ?? NONE,
      legalBasis: grant.legalBasis,
      grant: grant.id,
      rows: grant.rows.kind,
      notice: grant.subjectNotice.mode,
      hasItem: (mask & CASE_BITS.item) !== 0,
      hasCase: (mask & CASE_BITS.caseId) !== 0,
      hasActor: (mask & CASE_BITS.actor) !== 0,
    },
  });
  if (verdict.errors.length === 0) prepared.verdicts.set(key, verdict);
  return verdict;
}

/** The granted leaves that are asked for, each once, and what is asked but not granted. */
function wanted(
  { leaves, asked }: GrantedFields,
  fields: readonly string[] | undefined,
  withheld: { field: string; reason: ReasonCode }[],
): Iterable<GrantedLeaf> {
  if (fields === undefined) return leaves;
  const found = new Set<GrantedLeaf>();
  for (const field of new Set(fields)) {
    const covered = asked.get(field);
    if (covered === undefined) withheld.push({ field, reason: 'field_not_granted' });
    else for (const leaf of covered) found.add(leaf);
  }
  return found;
}

function underGrant(
  prepared: PreparedGrant,
  verdicts: ReadonlyMap<Classification, CedarVerdict>,
  input: DecisionInput,
  validUntil: number,
): Decision {
  const withheld: { field: string; reason: ReasonCode }[] = [];
  const fields: ReleasedField[] = [];
  const refused = new Map<Classification, Reason>();
  for (const { path, released, classification } of wanted(prepared.fields, input.fields, withheld)) {
    const verdict = verdicts.get(classification);
    if (verdict?.permitted !== true) {
      withheld.push({ field: path, reason: 'field_not_permitted' });
      refused.set(classification, { code: 'policy', policies: verdict?.policies ?? NONE, classification });
    } else if (!releasable(released.as, input.delivery)) {
      withheld.push({ field: path, reason: 'not_released_as_value' });
    } else {
      fields.push(released);
    }
  }
  if (fields.length > 0) {
    return Object.freeze({
      effect: 'allow',
      grant: prepared.grant.id,
      rows: prepared.grant.rows,
      ...present({ callsADay: prepared.grant.callsADay }),
      ...(input.delivery === 'subscription' ? present({ signals: prepared.grant.signals }) : {}),
      fields: Object.freeze(fields),
      withheld: Object.freeze(withheld),
      reasons: [...refused.values()],
      errors: NONE,
      validUntil,
    });
  }
  // nothing to release: an empty answer would still tell that records exist
  const others = new Set(withheld.map(({ reason }) => reason).filter((reason) => reason !== 'field_not_permitted'));
  const reasons: Reason[] = [...refused.values(), ...[...others].map((code) => ({ code }))];
  return deny(reasons.length > 0 ? reasons : [{ code: 'field_not_granted' }], validUntil, Object.freeze(withheld));
}

const batchLimit = ({ grant }: PreparedGrant): number => grant.batchLimit ?? 0;

/** The first that holds is told. */
const NOT_IN_FORCE = ['grant_suspended', 'grant_not_begun', 'grant_expired'] as const;
type NotInForce = (typeof NOT_IN_FORCE)[number];

interface InForce {
  readonly grants: readonly PreparedGrant[];
  /**
   * Why another grant of exactly this is not among them. It is the client's own, so it learns nothing of what exists.
   */
  readonly otherwise: NotInForce | undefined;
  readonly from: number;
  readonly until: number;
}

/** The grants in force at `now`, and the span around `now` in which they are exactly these. */
function inForce(holding: Holding, { purpose, delivery, now }: DecisionInput): InForce {
  let from = -FOREVER;
  let until = FOREVER;
  const grants: PreparedGrant[] = [];
  const others = new Set<NotInForce>();
  for (const prepared of holding.grants) {
    if (!prepared.purposes.has(purpose) || !prepared.delivery.has(delivery)) continue;
    if (delivery === 'batch' && batchLimit(prepared) === 0) continue;
    if (prepared.grant.status !== 'active') others.add('grant_suspended');
    else if (now < prepared.from) {
      others.add('grant_not_begun');
      until = Math.min(until, prepared.from);
    } else if (now >= prepared.end) {
      others.add('grant_expired');
      from = Math.max(from, prepared.end);
    } else {
      from = Math.max(from, prepared.from);
      until = Math.min(until, prepared.end);
      grants.push(prepared);
    }
  }
  return { grants, otherwise: NOT_IN_FORCE.find((reason) => others.has(reason)), from, until };
}

function evaluate(
  engine: CedarEngine,
  purposes: Purposes,
  holding: Holding,
  input: DecisionInput,
  mask: number,
): { from: number; decision: Decision } {
  const { grants, otherwise, from, until } = inForce(holding, input);
  if (grants.length === 0)
    return { from, decision: otherwise === undefined ? NOT_GRANTED : deny([{ code: otherwise }], until) };
  if (holding.contract.sharing.attribute === 'none')
    return { from, decision: deny([{ code: 'policy', policies: NONE }], until) };
  const stating = grants.filter(({ requires }) => (requires & ~mask) === 0);
  if (stating.length === 0) return { from, decision: deny([{ code: 'case_required' }], until) };
  const ready =
    input.delivery === 'batch' ? stating.filter((prepared) => (input.subjects ?? 1) <= batchLimit(prepared)) : stating;
  if (ready.length === 0) return { from, decision: deny([{ code: 'batch_limit' }], until) };
  let best: Decision | undefined;
  for (const prepared of ready) {
    const verdicts = new Map(
      prepared.classifications.map((classification) => [
        classification,
        verdictOf(engine, purposes, holding, prepared, input, mask, classification),
      ]),
    );
    const errors = [...verdicts.values()].flatMap((verdict) => verdict.errors);
    // a failed evaluation may hide a `forbid`: it denies, also beside a grant that would do
    if (errors.length > 0) return { from, decision: deny([{ code: 'error' }], NOT_KEPT, NONE, [...new Set(errors)]) };
    const decision = underGrant(prepared, verdicts, input, until);
    // grants come sorted by id, so the first of equals stays
    if (best === undefined || decision.fields.length > best.fields.length) best = decision;
  }
  return { from, decision: best ?? NOT_GRANTED };
}

/** A grant that the workspace cannot carry (no such dataset, a broken date) is left out: it grants nothing. */
function prepare(grant: Grant, contract: Contract): PreparedGrant | undefined {
  const [from, end] = [startOfDay(grant.from), endOfDay(grant.until)];
  if (!Number.isFinite(from) || !Number.isFinite(end)) return undefined;
  const fields = grantedFields(grant, contract);
  return {
    grant,
    fields,
    classifications: [...new Set(fields.leaves.map(({ classification }) => classification))],
    purposes: new Set(grant.purposes),
    delivery: new Set(grant.delivery.filter((way) => contract.sharing.delivery.includes(way))),
    from,
    end,
    requires: grant.requires.reduce((mask, part) => mask | CASE_BITS[part], 0),
    verdicts: new Map(),
  };
}

function holdings(set: PolicySet, workspace: Workspace): Map<string, Map<string, Holding>> {
  const byClient = new Map<string, Map<string, Holding>>();
  const grants = [...set.grants.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const grant of grants) {
    const client = set.clients.get(grant.client);
    const contract = workspace.contracts.get(grant.dataset);
    if (client === undefined || contract === undefined || client.status !== 'active') continue;
    const prepared = prepare(grant, contract);
    if (prepared === undefined) continue;
    const byDataset = byClient.get(client.id) ?? new Map<string, Holding>();
    byClient.set(client.id, byDataset);
    const holding = byDataset.get(contract.id);
    byDataset.set(contract.id, {
      client,
      contract,
      grants: [...(holding?.grants ?? []), prepared],
      kept: holding?.kept ?? new Map(),
    });
  }
  return byClient;
}

/** The policies of a set, parsed; it keeps no answer. */
export const engineOf = (set: PolicySet): CedarEngine =>
  makeCedarEngine(Object.fromEntries(set.rules.map(({ id, text }) => [id, text])));

/**
 * Decisions under one policy set. A decision is kept per client, dataset, purpose, delivery, stated parts of the case
 * and asked fields, for the span in which no grant begins or ends; a new policy set is a new decider.
 * @param engine of the same rules, where they are parsed already
 */
export function makeDecider(set: PolicySet, workspace: Workspace, engine: CedarEngine = engineOf(set)): Decider {
  const byClient = holdings(set, workspace);
  const purposes: Purposes = set.purposes;
  const find = (input: DecisionInput): Decision => {
    const { client, purpose, dataset, fields, delivery, now } = input;
    if (!Number.isFinite(now)) throw new TypeError('the time of a decision is missing');
    const holding = byClient.get(client.id)?.get(dataset);
    if (holding === undefined || client.status !== 'active' || !purposes.has(purpose) || !DELIVERIES.has(delivery))
      return NOT_GRANTED;
    const mask = stated(input.case);
    // purpose and delivery are known names here, so only the asked fields could make two keys alike; they are compared
    const way = delivery === 'batch' ? `batch*${String(input.subjects ?? 1)}` : delivery;
    const key = `${purpose} ${way} ${String(mask)} ${fields === undefined ? '' : `:${fields.join(' ')}`}`;
    const kept = holding.kept.get(key);
    if (kept !== undefined && now >= kept.from && now < kept.decision.validUntil && same(kept.asked, fields))
      return kept.decision;
    const { from, decision } = evaluate(engine, purposes, holding, input, mask);
    if (decision.errors.length === 0) {
      // unlimited ways to ask: start anew rather than grow; Cedar's answers stay
      if (holding.kept.size >= MAX_KEPT) holding.kept.clear();
      holding.kept.set(key, { asked: fields === undefined ? undefined : [...fields], from, decision });
    }
    return decision;
  };
  return {
    version: set.version,
    decide(input) {
      try {
        return find(input);
      } catch (error) {
        return deny([{ code: 'error' }], NOT_KEPT, NONE, [
          error instanceof Error ? error.message : 'the decision failed',
        ]);
      }
    },
  };
}
