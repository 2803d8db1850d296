/**
 * Reports over the reference city: its contracts, policies and definitions, a real view, and every audit entry kept for
 * reading.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlTopic, dataTopic, HEADER, type InRecord } from '../../../connectors/bus/port.js';
import { encodeRecord } from '../../../contracts/avro.js';
import { type DatasetId, datasetId, type SubjectKey, subjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import uscc from '../../../contracts/subjects/uscc.js';
import type { Contract, Workspace } from '../../../contracts/types.js';
import { frame } from '../../../contracts/wire.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { inForceOf } from '../../../gateway/answer/inforce/snapshot.js';
import { openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import type { RecordMarks } from '../../../gateway/documents/model/record-marks.js';
import {
  type Asking,
  openReports,
  type ReportRequest,
  type Reports,
} from '../../../gateway/documents/reports/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { clearOf } from '../../../gateway/log/entries/answer-digest.js';
import { openSubjectKeys } from '../../../gateway/log/entries/keys.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import type { EntryDraft, Journal } from '../../../gateway/log/entries/port.js';
import { destroySharedKey } from '../../../gateway/log/entries/sealing-keys.js';
import { loadPolicies } from '../../../policies/load.js';
import type { Grant, PolicySet } from '../../../policies/types.js';
import { stateOfRun } from '../../support/shared-state.js';

export const company = (n: number): SubjectKey => subjectKey('uscc', uscc.make(n));
const keyOf = (subject: string): string => subject.slice(subject.indexOf(':') + 1);
/** 09:00 in Shanghai. */
export const NOW = Date.parse('2026-11-26T01:00:00Z');
export const PENALTIES = 'samr.penalties';
export const REGISTER = 'samr.company-register';

type Value = Readonly<Record<string, unknown>>;

export interface ReportWorld {
  readonly workspace: Workspace;
  readonly reports: Reports;
  readonly context: Parameters<typeof openReports>[0];
  readonly entries: readonly { readonly body: Readonly<Record<string, unknown>>; readonly draft: EntryDraft }[];
  now: number;
  marks: RecordMarks;
  /** Called before each entry is durable. */
  gate: (body: Readonly<Record<string, unknown>>) => Promise<void>;
  /** A record of the dataset: its first valid example, with these parts, of that company. */
  put(dataset: string, subject: SubjectKey, recordId: string, parts?: Value): Promise<void>;
  withdraw(dataset: string, subject: SubjectKey, recordId: string): Promise<void>;
  /** The sources of these were seen in full at that time; default: all, now. */
  seen(datasets?: readonly string[], time?: number): Promise<void>;
  /** Grants as they are from now on. */
  grants(change: (grant: Grant) => Grant | undefined): void;
  asking(): Asking;
  /** About company 0 itself, all domains, the last ten years. */
  request(parts?: Partial<ReportRequest>): ReportRequest;
  /** Destroys the key of a company, as an erasure does. */
  erase(company: SubjectKey): Promise<void>;
  /** All that stands in the store of reports. */
  stored(): Promise<Buffer>;
  close(): Promise<void>;
}

function example(contract: Contract): Value {
  const dir = join(contract.dir, 'examples', 'valid');
  const [name] = readdirSync(dir).sort();
  return JSON.parse(readFileSync(join(dir, name ?? ''), 'utf8')) as Value;
}

export async function openWorld(dir?: string): Promise<ReportWorld> {
  const own = dir ?? (await mkdtemp(join(tmpdir(), 'yitong-test-')));
  const workspace = await loadWorkspace(packageRoot());
  const set = await loadPolicies(workspace);
  let inForce = inForceOf(set, [], workspace);
  let clock = NOW;
  const writer = await openLmdbViewWriter({ dir: join(own, 'view'), workspace });
  const offsets = new Map<string, number>();
  const next = (topic: string): number => {
    const offset = offsets.get(topic) ?? 0;
    offsets.set(topic, offset + 1);
    return offset;
  };
  const contractOf = (dataset: string): Contract => {
    const contract = workspace.contracts.get(datasetId(dataset));
    if (contract === undefined) throw new Error(`no contract of ${dataset}`);
    return contract;
  };
  const send = (dataset: DatasetId, key: string, value: Buffer | null): Promise<unknown> => {
    const topic = dataTopic(workspace.prefix, dataset);
    const offset = next(topic);
    const record: InRecord = {
      topic,
      partition: 0,
      offset,
      timestamp: world.now - 1000,
      key,
      value,
      headers: {
        [HEADER.sourceTime]: new Date(world.now - 2000).toISOString(),
        [HEADER.position]: `p${String(offset)}`,
        ...(value === null ? { [HEADER.reason]: 'withdrawn' } : {}),
      },
    };
    return writer.apply([record]);
  };
  const entries: { body: Record<string, unknown>; draft: EntryDraft }[] = [];
  const journal: Journal = {
    async append(draft) {
      const body = JSON.parse(clearOf(draft)) as Record<string, unknown>;
      await world.gate(body);
      entries.push({ body, draft });
      return { id: `w1:${String(entries.length)}`, json: `{"journal":"w1","seq":${String(entries.length)}}` };
    },
    note: () => undefined,
    healthy: true,
    close: () => Promise.resolve(),
  };
  const state = await (await stateOfRun())?.();
  const context = {
    workspace,
    journal,
    view: writer.reader(),
    inForce: () => inForce,
    dataDir: own,
    now: () => clock,
    ...present({ state }),
  };
  const reports = await openReports(context, {
    marks: (of) => world.marks.marks(of),
    missing: (of) => world.marks.missing?.(of) ?? [],
    hidden: (of) => world.marks.hidden(of),
  });
  let requests = 0;
  const world: ReportWorld = {
    workspace,
    reports,
    context,
    entries,
    get now() {
      return clock;
    },
    set now(to) {
      clock = to;
    },
    marks: { marks: () => [], hidden: () => undefined },
    gate: () => Promise.resolve(),
    async erase(erased) {
      if (state !== undefined) return void (await destroySharedKey(state, erased));
      const keys = openSubjectKeys({ dir: auditLayout(own).subjectKeys });
      keys.destroy(keys.get(erased)?.pseudonym ?? '');
      await keys.close();
    },
    async stored() {
      const folder = join(own, 'reports');
      if (state === undefined)
        return Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
      const kinds = ['report', 'report-row', 'report-marks', 'authorisation', 'invitation', 'watch', 'watch-change'];
      const pages = await Promise.all(kinds.map((kind) => state.documents(kind, { limit: 1000 })));
      return Buffer.from(JSON.stringify(pages));
    },
    async put(dataset, subject, recordId, parts = {}) {
      const contract = contractOf(dataset);
      const [idField] = contract.recordId;
      const encoded = encodeRecord(contract.latest, {
        ...example(contract),
        [contract.subject.field]: keyOf(subject),
        ...(idField === undefined ? {} : { [idField]: recordId }),
        ...parts,
      });
      if (!encoded.ok) throw new Error(JSON.stringify(encoded.problems));
      await send(contract.id, `${subject}|${recordId}`, frame(contract.latest.schemaId, encoded.body));
    },
    withdraw: async (dataset, subject, recordId) =>
      void (await send(contractOf(dataset).id, `${subject}|${recordId}`, null)),
    async seen(datasets = [...workspace.contracts.keys()], time = world.now) {
      for (const dataset of datasets) {
        const topic = controlTopic(workspace.prefix, contractOf(dataset).authority);
        const watermark = {
          dataset,
          sourceTime: new Date(time).toISOString(),
          snapshot: true,
          rows: 1,
          state: 'complete',
        };
        await writer.apply([
          {
            topic,
            partition: 0,
            offset: next(topic),
            timestamp: time,
            key: `${dataset}|`,
            value: Buffer.from(JSON.stringify(watermark)),
            headers: {},
          },
        ]);
      }
    },
    grants(change) {
      const grants = new Map(
        [...set.grants.values()].flatMap((grant) => {
          const changed = change(grant);
          return changed === undefined ? [] : [[changed.id, changed] as const];
        }),
      );
      inForce = inForceOf(
        { ...set, grants, version: `changed ${String(requests++)}` } satisfies PolicySet,
        [],
        workspace,
      );
    },
    asking: () => ({ requestId: `r-${String(requests++)}`, by: 'credit-report-centre' }),
    request: (parts = {}) => ({
      report: 'credit',
      as: company(0),
      subjects: [company(0)],
      from: '2016-11-26',
      to: '2026-11-26',
      purpose: 'listing',
      bearer: '云州证券股份有限公司',
      ...parts,
    }),
    async close() {
      await reports.close();
      await writer.close();
      if (dir === undefined) await rm(own, { recursive: true, force: true });
    },
  };
  return world;
}

/** A penalty's parts: what the rules look at. */
export const penalty = (endedOn: string, parts: Value = {}): Value => ({
  domain: '市场监管',
  procedure: 'ordinary',
  kinds: ['fine'],
  displayTier: 'serious',
  conduct: { summary: '未按规定公示年度报告', endedOn, place: null },
  displayUntil: '2027-01-01',
  repair: { status: 'none', on: null },
  ...parts,
});

/** A register entry without relations. */
export const entry = (name: string, parts: Value = {}): Value => ({
  name,
  parent: null,
  branches: [],
  shareholders: [],
  investments: [],
  ...parts,
});
export const held = (subject: SubjectKey, name: string, share: string): Value => ({
  uscc: keyOf(subject),
  name,
  share,
});
export const branch = (subject: SubjectKey, name: string): Value => ({ uscc: keyOf(subject), name });
