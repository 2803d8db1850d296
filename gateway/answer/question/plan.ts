/**
 * What can be known of a query before its subject is: decisions, projections, fixed bytes. Made once per (client,
 * purpose, case parts, datasets, fields) and policy version, and kept until the first decision in it ends.
 */

import { YitongError } from '../../../contracts/errors.js';
import type { DatasetId, FieldPath } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { RecordShape } from '../../../contracts/schema.js';
import type { Contract, Delivery, KeyScheme } from '../../../contracts/types.js';
import { saysSomething } from '../../../contracts/visible.js';
import { canAsk } from '../../../policies/fields.js';
import { rowsOnRecord } from '../../../policies/replay.js';
import type { Client, Decider, Decision, ReleasedField } from '../../../policies/types.js';
import { counted, decided } from '../../ground/counts/counts.js';
import { type ReleasedDataset, releasedTemplate, UNKNOWN } from '../../log/entries/events.js';
import type { InForce } from '../inforce/snapshot.js';
import { type Form, type Projection, projectionCache, releasedShape } from '../projection/index.js';
import { type ClosedRecord, type Closing, closedRecords } from './closed-records.js';
import { cursorScope } from './cursors.js';
import { type Asked, checkNames, checkUnique, type StatedCase } from './request.js';
import { type RowFilter, rowFilter } from './row-filter.js';
import type { Volume } from './volumes.js';

export interface PlannedDataset {
  readonly id: string;
  readonly decision: Decision;
  /** Undefined exactly where the decision is a denial. */
  readonly allowed:
    | {
        readonly contract: Contract;
        /** `{"id":"…","authority":"…","grant":"…","status":"` */
        readonly head: Buffer;
        /** `],"withheld":[…]` */
        readonly tail: Buffer;
        readonly withheld: readonly { readonly field: string; readonly reason: string }[];
        /** Of what may be shown: values, and other forms than values. What is only to be compared is not in it. */
        readonly projection: (schemaId: number) => Projection;
        /** Of records as `projection` writes them, of this and older versions. */
        readonly shape: () => RecordShape;
        readonly rows: RowFilter;
        /** Why a row that `rows` leaves out is given to nobody; undefined where its register declares nothing. */
        readonly closed?: ClosedRecord;
        /** Of its cursors. */
        readonly scope: string;
      }
    | undefined;
  /** The whole of a denied dataset's answer. */
  readonly denied: string;
}

export interface Plan {
  /** Of the policies by which it was decided. */
  readonly version: string;
  readonly validUntil: number;
  readonly datasets: readonly PlannedDataset[];
  /** Ids and planned datasets that may be read, in the order asked. */
  readonly readIds: readonly DatasetId[];
  readonly read: readonly NonNullable<PlannedDataset['allowed']>[];
  /** Where each of them stands among `datasets`. */
  readonly readAt: readonly number[];
  /** Of those, in the same order. */
  readonly contracts: readonly Contract[];
  /** Grants whose calls are counted; undefined where none is. */
  readonly volumes: readonly Volume[] | undefined;
  readonly template: ReturnType<typeof releasedTemplate>;
  /** Entries of a client that is not answered whatever was decided, with why. */
  readonly refusal: (reason: string) => ReturnType<typeof releasedTemplate>;
  /** What the request names and nothing here knows, for the sealed part of its entry; undefined where all is known. */
  readonly unknown: { readonly purpose?: string; readonly datasets?: readonly string[] } | undefined;
}

const MAX_PLANS = 2000;

interface PlanInput {
  readonly workspace: {
    readonly contracts: ReadonlyMap<string, Contract>;
    readonly schemasById: ReadonlyMap<number, { readonly contract: Contract; readonly version: Contract['latest'] }>;
    readonly schemes: ReadonlyMap<string, KeyScheme>;
  };
  readonly inForce: () => Pick<InForce, 'decider' | 'policies' | 'purposes'>;
  readonly delivery: Delivery;
  /** What no answer gives, whichever way is asked. */
  readonly closing: Closing;
  /** Of the sandbox: its decisions are in no figure. */
  readonly uncounted?: true;
}

/**
 * A place on the way to plans: one step a part of a question. Datasets and fields stand in maps of their own, and a
 * list of fields begins with a step, so no two questions come to one place.
 */
class Place {
  plan: Plan | undefined;
  /** By client, then purpose, then which parts of the case are stated, then one dataset after the other. */
  readonly words = new Map<string, Place>();
  readonly fields = new Map<string, Place>();
  /** To the fields of a dataset, where they are listed, be they none. */
  listed: Place | undefined;
}

/** Where the plan of a question stands; undefined where no such question was asked. */
function placeOf(root: Place, client: Client, query: Asked): Place | undefined {
  let place = root.words.get(client.id)?.words.get(query.purpose)?.words.get(statedIn(query.case));
  for (const { id, fields } of query.datasets) {
    place = place?.words.get(id);
    if (fields === undefined) continue;
    place = place?.listed;
    for (const field of fields) place = place?.fields.get(field);
  }
  return place;
}

/** The same, made where it is not there. */
function newPlaceOf(root: Place, client: Client, query: Asked): Place {
  const step = (places: Map<string, Place>, text: string): Place => {
    let place = places.get(text);
    if (place === undefined) places.set(text, (place = new Place()));
    return place;
  };
  let place = [client.id, query.purpose, statedIn(query.case)].reduce((at, text) => step(at.words, text), root);
  for (const { id, fields } of query.datasets) {
    place = step(place.words, id);
    if (fields === undefined) continue;
    place = place.listed ??= new Place();
    for (const field of fields) place = step(place.fields, field);
  }
  return place;
}

export class Plans {
  #places = new Place();
  /** How many plans stand there. */
  #count = 0;
  readonly #projections = projectionCache();
  #version = '';

  constructor(readonly input: PlanInput) {}

  for(client: Client, query: Asked, now: number): Plan {
    const { decider } = this.input.inForce();
    if (this.#version !== decider.version) {
      this.#forget();
      this.#version = decider.version;
    }
    const known = placeOf(this.#places, client, query)?.plan;
    if (known !== undefined && now < known.validUntil) return known;
    const plan = this.make(client, query, now);
    if (this.#count >= MAX_PLANS) this.#forget();
    const place = newPlaceOf(this.#places, client, query);
    if (place.plan === undefined) this.#count++;
    place.plan = plan;
    return plan;
  }

  #forget(): void {
    this.#places = new Place();
    this.#count = 0;
  }

  /**
   * Made anew and kept by nobody.
   * @throws YitongError `bad_identifier`, `bad_request` for a dataset named twice
   * @param subjects how many are asked about, of a batch
   */
  make(client: Client, query: Asked, now: number, subjects?: number): Plan {
    checkNames(query);
    checkUnique(query.datasets);
    const { decider, purposes } = this.input.inForce();
    const datasets = query.datasets.map((asked) => this.#dataset(decider, client, query, asked, now, subjects));
    const { contracts } = this.input.workspace;
    const knownPurpose = purposes.has(query.purpose);
    const strangers = query.datasets.map(({ id }) => id).filter((id) => !contracts.has(id));
    const named = datasets.map(({ id, decision }, i) => {
      const contract = contracts.get(id);
      const fields = query.datasets[i]?.fields;
      const asked = fields?.map((field) => (contract !== undefined && canAsk(contract, field) ? field : UNKNOWN));
      return {
        decision,
        dataset: { dataset: contract === undefined ? UNKNOWN : id, ...present({ asked }) },
      };
    });
    const asker = {
      client: client.id,
      authority: client.authority,
      purpose: knownPurpose ? query.purpose : UNKNOWN,
      policyVersion: decider.version,
      ...(this.input.delivery === 'query' ? {} : { delivery: this.input.delivery }),
      stated: Object.keys(presence(query.case ?? {})),
      batch: subjects,
    };
    const read = datasets.flatMap((dataset) => (dataset.allowed === undefined ? [] : [dataset.allowed]));
    return {
      version: decider.version,
      validUntil: Math.min(...datasets.map((dataset) => dataset.decision.validUntil)),
      datasets,
      read,
      readAt: datasets.flatMap(({ allowed }, i) => (allowed === undefined ? [] : [i])),
      unknown:
        knownPurpose && strangers.length === 0
          ? undefined
          : {
              ...(knownPurpose ? {} : { purpose: query.purpose }),
              ...(strangers.length === 0 ? {} : { datasets: strangers }),
            },
      contracts: read.map(({ contract }) => contract),
      volumes: volumesOf(datasets),
      readIds: read.map(({ contract }) => contract.id),
      template: counted(
        releasedTemplate({
          ...asker,
          datasets: named.map(({ dataset, decision }) => ({
            ...dataset,
            ...onRecord(
              query.signals === true && decision.effect === 'allow' ? { ...decision, signals: true } : decision,
            ),
          })),
        }),
        this.input.uncounted === true ? [] : named.map(({ dataset, decision }) => decided(dataset.dataset, decision)),
      ),
      refusal: (reason) =>
        releasedTemplate({
          ...asker,
          datasets: named.map(({ dataset }) => ({ ...dataset, effect: 'deny', reason, fields: [] })),
        }),
    };
  }

  #dataset(
    decider: Decider,
    client: Client,
    query: Asked,
    asked: Asked['datasets'][number],
    now: number,
    subjects: number | undefined,
  ): PlannedDataset {
    const decision = decider.decide({
      client,
      purpose: query.purpose,
      dataset: asked.id,
      ...present({ fields: asked.fields }),
      delivery: this.input.delivery,
      ...present({ subjects }),
      ...(query.case === undefined ? {} : { case: presence(query.case) }),
      now,
    });
    const contract = this.input.workspace.contracts.get(asked.id);
    const reason = decision.reasons[0]?.code ?? 'not_granted';
    const denied =
      `{"id":${JSON.stringify(asked.id)},"status":"denied","reason":${JSON.stringify(reason)},` +
      '"records":[],"withheld":[]}';
    if (decision.effect !== 'allow' || decision.grant === undefined || contract === undefined) {
      return {
        id: asked.id,
        decision: decision.effect === 'deny' ? decision : { ...decision, effect: 'deny', fields: [] },
        allowed: undefined,
        denied,
      };
    }
    const released = decision.fields.filter((field) => field.as === 'value').map((field) => field.path);
    const forms = formsOf(decision.fields, contract, this.input.workspace.schemes);
    const byId = this.input.workspace.schemasById;
    const cached = this.#projections;
    const closed = closedRecords(contract, this.input.closing, (schemaId, paths) => {
      const schema = byId.get(schemaId);
      return schema === undefined || schema.contract.id !== contract.id ? undefined : cached.get(schema.version, paths);
    });
    const granted = rowFilter(decision.rows, (schemaId, path) => {
      const schema = byId.get(schemaId);
      return schema === undefined ? undefined : cached.get(schema.version, [path]);
    });
    const withheld = [
      ...decision.withheld,
      ...(decision.rows.kind === 'all' ? [] : [{ field: '*', reason: 'rows_limited' }]),
    ];
    return {
      id: asked.id,
      decision,
      denied,
      allowed: {
        contract,
        head: Buffer.from(
          `{"id":${JSON.stringify(contract.id)},"authority":${JSON.stringify(contract.authority)},` +
            `"grant":${JSON.stringify(decision.grant)},"status":"`,
        ),
        tail: Buffer.from(`],"withheld":${JSON.stringify(withheld)}`),
        withheld,
        scope: cursorScope({
          client: client.id,
          purpose: query.purpose,
          dataset: contract.id,
          fields: asked.fields,
          policyVersion: decider.version,
        }),
        projection: remember((schemaId) => {
          const schema = byId.get(schemaId);
          if (schema === undefined || schema.contract.id !== contract.id)
            throw new YitongError('internal', `schema ${schemaId} is not of \`${contract.id}\``);
          return cached.get(schema.version, released, forms);
        }),
        shape: () => releasedShape(contract.latest, released, forms),
        rows:
          closed === undefined
            ? granted
            : (subject, version) => granted(subject, version) && closed(subject, version) === undefined,
        ...present({ closed }),
      },
    };
  }
}

function volumesOf(datasets: readonly PlannedDataset[]): readonly Volume[] | undefined {
  const volumes = new Map<string, Volume>();
  for (const { allowed, decision } of datasets) {
    const { grant, callsADay } = decision;
    if (allowed !== undefined && grant !== undefined && callsADay !== undefined)
      volumes.set(grant, { grant, callsADay });
  }
  return volumes.size === 0 ? undefined : [...volumes.values()];
}

/** What an entry says of a decision: enough to see later whether other policies would have decided otherwise. */
function onRecord({ effect, grant, reasons, fields, rows, signals }: Decision): Omit<ReleasedDataset, 'dataset'> {
  const forms = fields.flatMap(({ path, as }): [string, string][] => (as === 'value' ? [] : [[path, as]]));
  const some = effect === 'allow' ? rowsOnRecord(rows) : undefined;
  return {
    effect,
    ...present({ grant }),
    ...(effect === 'deny' ? { reason: reasons[0]?.code ?? 'not_granted' } : {}),
    fields: fields.map(({ path }) => path),
    ...(forms.length === 0 ? {} : { forms: Object.fromEntries(forms) }),
    ...present({ rows: some, signals }),
  };
}

/** What of these is shown in another form than its value. */
function formsOf(
  fields: readonly ReleasedField[],
  contract: Contract,
  schemes: ReadonlyMap<string, KeyScheme>,
): ReadonlyMap<FieldPath, Form> {
  const forms = new Map<FieldPath, Form>();
  for (const { path, as, bands = [] } of fields) {
    switch (as) {
      case 'value':
      case 'match':
        break;
      case 'exists':
      case 'count':
        forms.set(path, { kind: as });
        break;
      case 'band':
        forms.set(path, { kind: 'band', bands });
        break;
      case 'masked': {
        const scheme = path === contract.subject.field ? schemes.get(contract.subject.scheme) : undefined;
        forms.set(path, scheme === undefined ? { kind: 'masked' } : { kind: 'masked', mask: maskOf(scheme) });
        break;
      }
      default:
        return as satisfies never;
    }
  }
  return forms;
}

/** A scheme's mask counts on the length of its keys, so it is only used on one. */
function maskOf(scheme: KeyScheme): (text: string) => string | undefined {
  return (text) => {
    const parsed = scheme.parse(text);
    return parsed.ok && parsed.key === text ? scheme.mask(text) : undefined;
  };
}

/** A dataset has few schema versions, so a plan keeps what it asked for. */
function remember(of: (schemaId: number) => Projection): (schemaId: number) => Projection {
  const known = new Map<number, Projection>();
  return (schemaId) => {
    let projection = known.get(schemaId);
    if (projection === undefined) known.set(schemaId, (projection = of(schemaId)));
    return projection;
  };
}

const isStated = (text: string | undefined): boolean => text !== undefined && saysSomething(text);

/** Which parts of a case are stated; the plan is shared by all cases, so it may not hold one. */
function presence(given: StatedCase): { item?: string; caseId?: string; actor?: string } {
  return {
    ...(isStated(given.item) ? { item: 'stated' } : {}),
    ...(isStated(given.caseId) ? { caseId: 'stated' } : {}),
    ...(isStated(given.actor) ? { actor: 'stated' } : {}),
  };
}

const COMBINATIONS = ['0', '1', '2', '3', '4', '5', '6', '7'] as const;

/** Which parts of a case are stated, as one word. */
const statedIn = (given: StatedCase | undefined): string =>
  given === undefined
    ? '0'
    : (COMBINATIONS[
        (isStated(given.item) ? 1 : 0) + (isStated(given.caseId) ? 2 : 0) + (isStated(given.actor) ? 4 : 0)
      ] ?? '0');
