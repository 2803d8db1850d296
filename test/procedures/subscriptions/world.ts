/** A bus, a view that follows it, and grants that can change: what subscriptions stand on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import { type Ack, type Bus, dataTopic, HEADER } from '../../../connectors/bus/port.js';
import { compileSchema, encodeFramed } from '../../../contracts/avro.js';
import { fieldsOf } from '../../../contracts/fields.js';
import { type DatasetId, datasetId, fieldPath } from '../../../contracts/ids.js';
import uscc from '../../../contracts/subjects/uscc.js';
import type { AvroSchema, Contract, Workspace } from '../../../contracts/types.js';
import { type InForce, inForceOf } from '../../../gateway/answer/inforce/snapshot.js';
import { followBus } from '../../../gateway/answer/view/follow.js';
import { openLmdbViewReader, openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import type { ViewReader } from '../../../gateway/answer/view/port.js';
import type { EntryDraft, Journal } from '../../../gateway/log/entries/port.js';
import type { Client, Grant } from '../../../policies/types.js';
import { until } from '../../e2e/ask.js';
import { grant as baseGrant, client, contract, policySet, workspace } from '../../policies/city.js';

const title = { zh: '项', en: 'item' };
const named = (name: string, type: unknown) => ({ name, type, title, classification: 'internal' });
const schema: AvroSchema = {
  type: 'record',
  name: 'Company',
  fields: [named('key', 'string'), named('name', 'string'), named('area', 'string'), named('secret', 'string')],
};

/** All its records, and those of an area only. */
export const ALL = datasetId('tax.debts');
export const AREA = datasetId('court.cases');
export const DATASETS: readonly DatasetId[] = [ALL, AREA];
export const INSIDE = '3101';
export const SECRET = 'never granted';

export interface Version {
  readonly dataset: DatasetId;
  readonly subject: string;
  readonly recordId: string;
  /** Undefined: withdrawn. */
  readonly name?: string;
  readonly area?: string;
}

export interface World {
  readonly workspace: Workspace;
  readonly bus: Bus;
  view: ViewReader;
  readonly journal: Journal;
  readonly entries: readonly EntryDraft[];
  readonly inForce: () => InForce;
  /** Takes effect at once. */
  grant(grants: readonly Grant[], clients?: readonly Client[]): void;
  publish(versions: readonly Version[]): Promise<readonly Ack[]>;
  /** The view has all that was published. */
  settled(): Promise<void>;
  reopen(): Promise<void>;
}

export const grantOf = (dataset: DatasetId, parts: Partial<Grant> = {}): Grant =>
  baseGrant(dataset.replace('.', '-'), {
    dataset,
    fields: [{ path: fieldPath('name'), as: 'value' }],
    delivery: ['subscription'],
    ...(dataset === AREA ? { rows: { kind: 'area', field: fieldPath('area'), areas: [INSIDE] } } : {}),
    ...parts,
  });
export const alpha = (parts: Partial<Client> = {}): Client => ({ ...client('alpha'), ...parts });

function spaceOf(): Workspace {
  const version = { version: 1, schema, type: compileSchema(schema), fields: fieldsOf(schema) };
  const contracts = DATASETS.map((id, at): Contract => {
    const latest = { ...version, schemaId: at + 1 };
    const sharing = {
      attribute: 'conditional' as const,
      delivery: ['query', 'batch', 'file', 'subscription'] as const,
    };
    return { ...contract(id), sharing, partitions: 2, versions: [latest], latest, maxRecordBytes: 10_000 };
  });
  return {
    ...workspace(contracts),
    schemes: new Map([['uscc', uscc]]),
    schemasById: new Map(contracts.map((one) => [one.latest.schemaId, { contract: one, version: one.latest }])),
  };
}

function folder(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function world(t: Test, grants: readonly Grant[], clients: readonly Client[] = [alpha()]): Promise<World> {
  const space = spaceOf();
  const dir = folder(t);
  const bus = await openEmbeddedBus({ dir: join(dir, 'bus') });
  const view = join(dir, 'view');
  const writer = await openLmdbViewWriter({ dir: view, workspace: space });
  const stop = new AbortController();
  const following = followBus({ bus, writer, workspace: space, signal: stop.signal, pollMs: 20, marginMs: 1 });
  const producer = await bus.producer();
  const entries: EntryDraft[] = [];
  let versions = 0;
  let sent = 0;
  const inForceNow = (some: readonly Grant[], who: readonly Client[]): InForce =>
    inForceOf({ ...policySet({ grants: some, clients: who }), version: `v${String(versions++)}` }, [], space);
  let inForce = inForceNow(grants, clients);
  const made: World = {
    workspace: space,
    bus,
    view: openLmdbViewReader({ dir: view, workspace: space }),
    entries,
    journal: {
      append: async (draft) => {
        entries.push(draft);
        return { id: `w1:${String(entries.length)}`, json: `{"seq":${String(entries.length)}}` };
      },
      note: () => undefined,
      healthy: true,
      close: () => Promise.resolve(),
    },
    inForce: () => inForce,
    grant(some, who = clients) {
      inForce = inForceNow(some, who);
    },
    async publish(some) {
      const acks: Ack[] = [];
      for (const { dataset, subject, recordId, name, area } of some) {
        const one = space.contracts.get(dataset);
        if (one === undefined) throw new Error(`no ${dataset}`);
        const record = { key: subject.slice('uscc:'.length), name, area, secret: SECRET };
        const encoded = name === undefined ? undefined : encodeFramed(one.latest, record);
        if (encoded?.ok === false) throw new Error(JSON.stringify(encoded.problems));
        sent++;
        const headers = {
          [HEADER.sourceTime]: new Date().toISOString(),
          [HEADER.position]: String(sent),
          [HEADER.contractVersion]: '1',
          [HEADER.sequence]: `1.${String(sent)}`,
        };
        const value = encoded?.body ?? null;
        acks.push(...(await producer.send(dataTopic(space.prefix, dataset), [{ subject, recordId, value, headers }])));
      }
      return acks;
    },
    settled: () =>
      until(
        'the view',
        async () => {
          const cut = made.view.cut(DATASETS);
          const states = await Promise.all(DATASETS.map((one) => bus.topicState(dataTopic(space.prefix, one))));
          return DATASETS.every((one, at) =>
            states[at]?.partitions.every(
              ({ high }, partition) => (cut[dataTopic(space.prefix, one)]?.[partition] ?? 0) >= high,
            ),
          );
        },
        (is) => is,
      ).then(() => undefined),
    async reopen() {
      await made.view.close();
      made.view = openLmdbViewReader({ dir: view, workspace: space });
    },
  };
  t.teardown(async () => {
    stop.abort();
    await following;
    await made.view.close();
    await writer.close();
    await bus.close();
  });
  await made.settled();
  return made;
}
