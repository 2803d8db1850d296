/**
 * What a subscription is told next: decided as a query is, read behind its place, written as lines; and the entries
 * that stand in the log before a byte of them leaves.
 */
import { createHmac, hash, type KeyObject } from 'node:crypto';
import type { Bus } from '../../../connectors/bus/port.js';
import type { DatasetId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import type { Client } from '../../../policies/types.js';
import { hasMoved, type Places, placesNow, readStretch } from '../../answer/changes/feed.js';
import {
  type ChangedRecord,
  type ChangeLine,
  changeLines,
  type Naming,
  recordName,
} from '../../answer/changes/lines.js';
import type { InForce } from '../../answer/inforce/snapshot.js';
import type { Closing } from '../../answer/question/closed-records.js';
import { recordMany } from '../../answer/question/on-record.js';
import { type Plan, Plans } from '../../answer/question/plan.js';
import type { Cut, ViewReader } from '../../answer/view/port.js';
import type { Journal, Receipt } from '../../log/entries/port.js';
import type { Subscription, SubscriptionStore } from './store.js';

export interface ChangesGround {
  readonly workspace: Pick<Workspace, 'contracts' | 'schemasById' | 'schemes' | 'prefix'>;
  readonly view: ViewReader;
  readonly bus: () => Promise<Bus>;
  readonly inForce: () => Pick<InForce, 'decider' | 'policies' | 'purposes'>;
  readonly journal: Journal;
  readonly now: () => number;
}

export interface NextChanges {
  readonly lines: readonly ChangeLine[];
  /** Datasets of which what came next is not there any more. */
  readonly lost: readonly DatasetId[];
  /** Behind all of them. */
  readonly places: Places;
  /** Version of the policies by which it was decided. */
  readonly decidedUnder: string;
}

const NOW = { kind: 'now' } as const;
const NAME_BYTES = 16;

export class SubscriptionChanges {
  readonly #ground: ChangesGround;
  readonly #store: SubscriptionStore;
  readonly #secret: KeyObject;
  readonly #plans: Plans;

  /** @param secret what names of subscriptions are made of */
  constructor(ground: ChangesGround, store: SubscriptionStore, secret: KeyObject, closing: Closing) {
    this.#ground = ground;
    this.#store = store;
    this.#secret = secret;
    const { workspace, inForce } = ground;
    this.#plans = new Plans({ workspace, inForce, delivery: 'subscription', closing });
  }

  /** As it is decided now. */
  plan(client: Client, { purpose, datasets, form }: Pick<Subscription, 'purpose' | 'datasets' | 'form'>): Plan {
    return this.#plans.make(client, { purpose, datasets, signals: form === 'signal' }, this.#ground.now());
  }

  async cut(datasets: readonly DatasetId[]): Promise<Cut> {
    const { view } = this.#ground;
    return (view.fetch === undefined ? view : await view.fetch([], datasets, NOW)).cut(datasets);
  }

  /** Where one begins that is made now. */
  async begin(datasets: readonly DatasetId[]): Promise<Places> {
    const { workspace, bus, now } = this.#ground;
    const at = now();
    return await placesNow(await bus(), workspace.prefix, datasets, await this.cut(datasets), at);
  }

  /** Whether there may be something behind this place. */
  async moved(plan: Plan, from: Places): Promise<boolean> {
    return hasMoved(this.#ground.workspace.prefix, plan.readIds, from, await this.cut(plan.readIds));
  }

  /** The names that it has for things. */
  naming(subscription: Pick<Subscription, 'salt' | 'form'>, plan: Plan): Naming {
    const key = createHmac('sha256', this.#secret).update(subscription.salt).digest();
    const only = new Set<string>(
      plan.datasets.flatMap(({ id, decision }) =>
        subscription.form === 'signal' || decision.signals === true ? [id] : [],
      ),
    );
    return {
      signals: (dataset) => only.has(dataset),
      pseudonym: (kind, text) =>
        createHmac('sha256', key).update(`${kind}\0${text}`).digest().subarray(0, NAME_BYTES).toString('base64url'),
    };
  }

  /**
   * Of the datasets that the plan lets be read; others stay where they are.
   * @throws YitongError `bus_unavailable`, `view_unavailable`, `state_unavailable`
   */
  async next(subscription: Subscription, plan: Plan, from: Places, most: number): Promise<NextChanges> {
    const { workspace, view, bus, now } = this.#ground;
    const stretch = await readStretch({
      bus: await bus(),
      prefix: workspace.prefix,
      datasets: plan.readIds,
      from,
      to: await this.cut(plan.readIds),
      most,
      history: (dataset) => workspace.contracts.get(dataset)?.history ?? 'latest',
      now,
    });
    const naming = this.naming(subscription, plan);
    const decidedUnder = plan.version;
    const digestOf = (record: ChangedRecord): string => naming.pseudonym('record', recordName(record));
    let limited: readonly ChangedRecord[] = [];
    const lines = await changeLines(stretch, {
      plan,
      view,
      schemasById: workspace.schemasById,
      subjects: subscription.subjects,
      naming,
      told: async (records) => {
        limited = records;
        const known = await this.#store.known(subscription, [...new Set(records.map(digestOf))]);
        return new Set(records.flatMap((record) => (known.has(digestOf(record)) ? [recordName(record)] : [])));
      },
    });
    const names = new Set(limited.map(recordName));
    const remembered = lines.filter((line) => names.has(recordName(line))).map(digestOf);
    if (remembered.length > 0) await this.#store.remember(subscription, [...new Set(remembered)]);
    return { lines, lost: stretch.lost, places: stretch.places, decidedUnder };
  }

  /** Durable when it resolves: the entry of what leaves, and one for each subject in it. */
  async record(
    {
      client,
      purpose,
      plan,
      requestId,
    }: {
      readonly client: Client;
      readonly purpose: string;
      readonly plan: Plan;
      readonly requestId: string;
    },
    lines: readonly ChangeLine[],
    body: Buffer,
  ): Promise<Receipt> {
    const { journal, now } = this.#ground;
    const bySubject = new Map<string, Map<string, number>>();
    for (const { subject, dataset } of lines) {
      const counts = bySubject.get(subject) ?? new Map<string, number>();
      bySubject.set(subject, counts.set(dataset, (counts.get(dataset) ?? 0) + 1));
    }
    return await recordMany(journal, {
      plan,
      client,
      purpose,
      requestId,
      time: new Date(now()).toISOString(),
      bodySha256: hash('sha256', body, 'base64url'),
      bytes: body.length,
      included: [...bySubject].map(([subject, counts]) => ({
        subject,
        counts: plan.datasets.map(({ id }) => counts.get(id)),
      })),
    });
  }
}

/** Places behind one line after the other. */
export function placesBehind(from: Places, { lines, places: behind }: NextChanges): readonly Places[] {
  let places = from;
  return lines.map(({ dataset, partition, offset }) => {
    const { topic = '', at = 0 } = { ...behind[dataset], ...present({ at: places[dataset]?.at }) };
    const next = [...(places[dataset]?.next ?? [])];
    while (next.length <= partition) next.push(0);
    next[partition] = offset + 1;
    places = { ...places, [dataset]: { topic, next, at } };
    return places;
  });
}

/** Members of a line that says that a dataset has to be asked anew. */
export const lostMembers = (dataset: DatasetId): string => `"dataset":${JSON.stringify(dataset)},"kind":"lost"`;
