/**
 * Compares what is there in the end with what must be: every version in the view with the model, every acknowledged
 * push, every answer with its entry in the audit log, the log with itself. It reads the files of a group that has
 * stopped, and trusts nobody's count.
 */
import { join } from 'node:path';
import { Quarantine } from '../../../connectors/quarantine.js';
import { decodeRecord } from '../../../contracts/avro.js';
import type { DatasetId, SubjectKey } from '../../../contracts/ids.js';
import type { Contract } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readerOn } from '../../../gateway/answer/view/lmdb/reader.js';
import { openStore } from '../../../gateway/answer/view/lmdb/store.js';
import { RecordView } from '../../../gateway/answer/view/packed/record.js';
import { readNumbers } from '../../../gateway/answer/view/packed/state.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { openBodies } from '../../../gateway/log/store/bodies.js';
import { verifyLog } from '../../../gateway/log/verify/verify.js';
import { type Ledger, textOf } from './ledger.js';
import type { Entry, History, Version } from './model.js';

/** What a world leaves behind. */
export interface Outcome {
  readonly workspace: string;
  readonly data: string;
  readonly connectorData: string;
  readonly history: History;
  readonly ledger: Ledger;
  /** Positions of the rows that must stand in the quarantine, a dataset. */
  readonly broken: Readonly<Record<string, readonly string[]>>;
}

/** One version as the view has it. */
export interface Held extends Version {
  readonly position: string;
  readonly sourceTime: string;
  /** `<partition>:<offset>` */
  readonly at: string;
  readonly offset: number;
}

/** Dataset → key → versions in the order of the bus. */
export type Versions = ReadonlyMap<string, ReadonlyMap<string, readonly Held[]>>;

export interface Verdict {
  readonly versions: number;
  readonly answers: number;
  readonly acknowledged: number;
  /** Of the audit log. */
  readonly entries: number;
  /** What is wrong, in words; empty where all is well. */
  readonly findings: readonly string[];
}

/** Every version that the view in `dir` keeps, current or not, withdrawals too. */
export async function versionsOf(dir: string, workspace: Awaited<ReturnType<typeof loadWorkspace>>): Promise<Versions> {
  const store = openStore(dir, true);
  try {
    const found = new Map<string, Map<string, Held[]>>();
    const numbers = new Map(Object.entries(readNumbers(store)).map(([id, number]) => [number, id]));
    const contracts = new Map<string, Contract>(workspace.contracts);
    const add = (dataset: string, key: string, held: Held): void => {
      let records = found.get(dataset);
      if (records === undefined) found.set(dataset, (records = new Map()));
      const versions = records.get(key);
      if (versions === undefined) records.set(key, [held]);
      else versions.push(held);
    };
    const held = (
      dataset: string,
      version: Omit<RecordView, 'at'> | Parameters<Parameters<ReturnType<typeof readerOn>['read']>[3]>[1],
      withdrawn: boolean,
    ): Held => {
      const contract = contracts.get(dataset);
      if (contract === undefined)
        throw new Error(`the view has versions of \`${dataset}\`, which the workspace does not have`);
      return {
        // a schema of one version: the harness's own
        value: withdrawn ? null : (decodeRecord(contract.latest, version.bytes, version.start, version.end) as Entry),
        position: version.position,
        sourceTime: new Date(version.sourceTime).toISOString(),
        at: `${version.partition}:${version.offset}`,
        offset: version.offset,
      };
    };
    const view = new RecordView();
    for (const { key, value } of store.history.getRange({})) {
      const end = key.indexOf(0);
      const dataset = numbers.get(key.readUInt16BE(end + 1)) ?? '';
      const subject = key.toString('utf8', 0, end);
      const version = view.at(Buffer.from(value), 0);
      add(dataset, `${subject}|${version.recordId}`, held(dataset, version, version.withdrawn));
    }
    const reader = readerOn(store, workspace, () => Promise.resolve());
    const ids: DatasetId[] = [...workspace.contracts.keys()];
    for (const key of [...store.heads.db.getKeys({})]) {
      const subject = key.toString('utf8') as SubjectKey;
      reader.read(subject, ids, { kind: 'now' }, (i, version) =>
        add(ids[i] ?? '', `${subject}|${version.recordId}`, held(ids[i] ?? '', version, false)),
      );
    }
    for (const records of found.values())
      for (const versions of records.values()) versions.sort((a, b) => a.offset - b.offset);
    return found;
  } finally {
    await store.close();
  }
}

const told = (version: Version): string =>
  JSON.stringify([version.value === null ? null : textOf(version.value), version.position, version.sourceTime]);
const fits = (wanted: Version, held: Held | undefined): boolean =>
  held !== undefined &&
  (wanted.value === null ? held.value === null : held.value !== null && textOf(held.value) === textOf(wanted.value)) &&
  (wanted.position === undefined || wanted.position === held.position) &&
  (wanted.sourceTime === undefined || wanted.sourceTime === held.sourceTime);

/** @param latest datasets that keep only what is current */
export function compareVersions(history: History, versions: Versions, latest: ReadonlySet<string>): string[] {
  const findings: string[] = [];
  const datasets = new Set([...history.datasets.keys(), ...versions.keys()]);
  for (const dataset of datasets) {
    const model = history.datasets.get(dataset) ?? new Map<string, Version[]>();
    const view = versions.get(dataset) ?? new Map<string, readonly Held[]>();
    for (const key of new Set([...model.keys(), ...view.keys()])) {
      let wanted: readonly Version[] = model.get(key) ?? [];
      if (latest.has(dataset)) wanted = wanted.slice(-1).filter(({ value }) => value !== null);
      const held = view.get(key) ?? [];
      if (wanted.length === held.length && wanted.every((one, i) => fits(one, held[i]))) continue;
      const at = wanted.findIndex((one, i) => !fits(one, held[i]));
      const first = at < 0 ? wanted.length : at;
      const missing = wanted.filter((one) => !held.some((other) => fits(one, other))).length;
      const what =
        missing > 0
          ? `lost ${missing}`
          : held.length > wanted.length
            ? `doubled ${held.length - wanted.length}`
            : 'out of order';
      findings.push(
        `${dataset} ${key}: ${what}; ${wanted.length} versions must be there, ${held.length} are; at ${first} must be ${wanted[first] === undefined ? 'nothing' : told(wanted[first])}, is ${held[first] === undefined ? 'nothing' : `${told(held[first])} at ${held[first].at}`}`,
      );
    }
  }
  return findings;
}

/** Every push that was acknowledged has its version, by its position. */
export function compareAcknowledged(ledger: Ledger, versions: Versions, latest: ReadonlySet<string>): string[] {
  return ledger.acknowledged
    .filter(
      ({ dataset, key, position }) =>
        !latest.has(dataset) &&
        versions
          .get(dataset)
          ?.get(key)
          ?.some((held) => held.position === position) !== true,
    )
    .map(
      ({ dataset, position }) => `the push \`${position}\` of \`${dataset}\` was acknowledged and is not in the view`,
    );
}

/** What was shown to anybody stands in the view, unless only the latest is kept. */
export function compareShown(ledger: Ledger, versions: Versions, latest: ReadonlySet<string>): string[] {
  const findings: string[] = [];
  for (const { dataset, key, version, value } of ledger.shown.values()) {
    if (latest.has(dataset)) continue;
    const held = versions
      .get(dataset)
      ?.get(key)
      ?.find(({ at }) => at === version);
    if (held?.value == null || textOf(held.value) !== value)
      findings.push(`${dataset} ${key}: an answer showed version ${version}, which the view does not have so`);
  }
  return findings;
}

/** One `released` entry of the log. */
export interface Logged {
  readonly requestId: string;
  /** `<journal>:<seq>` */
  readonly receipt: string;
  readonly digest: string;
}

/** Every answer has exactly one entry, where its receipt says, with its digest. */
export function compareAnswers(ledger: Pick<Ledger, 'answers'>, logged: readonly Logged[]): string[] {
  const findings: string[] = [];
  const byRequest = new Map<string, Logged[]>();
  for (const one of logged) {
    const list = byRequest.get(one.requestId);
    if (list === undefined) byRequest.set(one.requestId, [one]);
    else list.push(one);
  }
  for (const { requestId, receipt, digest } of ledger.answers) {
    const entries = byRequest.get(requestId) ?? [];
    const [entry] = entries;
    if (entry === undefined) findings.push(`answer ${receipt} (request ${requestId}) has no entry`);
    else if (entries.length > 1)
      findings.push(`answer ${receipt} (request ${requestId}) has ${entries.length} entries`);
    else if (entry.receipt !== receipt) findings.push(`answer ${receipt} has its entry at ${entry.receipt}`);
    else if (entry.digest !== digest) findings.push(`the entry of answer ${receipt} has another digest`);
  }
  return findings;
}

/** All `released` entries of the log in `data`, and how many entries it has. */
export function readReleased(data: string, size: number): readonly Logged[] {
  const layout = auditLayout(data);
  const bodies = openBodies(layout.bodies, layout.index);
  const logged: Logged[] = [];
  try {
    for (let index = 0; index < size; index++) {
      const stored = bodies.read(index);
      if (stored?.kind !== 'present') continue;
      const event = JSON.parse(stored.body.toString('utf8')) as {
        readonly type: string;
        readonly requestId?: string;
        readonly bodySha256?: string;
      };
      if (event.type === 'released')
        logged.push({
          requestId: event.requestId ?? '',
          receipt: `${stored.journal}:${stored.seq}`,
          digest: event.bodySha256 ?? '',
        });
    }
  } finally {
    bodies.close();
  }
  return logged;
}

/** Rows of the last snapshot that broke the contract are in the quarantine, and no others. */
async function compareQuarantine(outcome: Outcome): Promise<string[]> {
  const findings: string[] = [];
  for (const [dataset, wanted] of Object.entries(outcome.broken)) {
    const quarantine = Quarantine.open(outcome.connectorData, dataset as DatasetId, () => new Date());
    const held = (await quarantine.list()).map(({ position }) => position).sort();
    await quarantine.close();
    if (JSON.stringify(held) !== JSON.stringify([...wanted].sort()))
      findings.push(
        `the quarantine of \`${dataset}\` holds ${held.join(', ') || 'nothing'}; it must hold ` +
          `${wanted.join(', ') || 'nothing'}`,
      );
  }
  return findings;
}

/** The whole comparison. The group has stopped. */
export async function judge(outcome: Outcome): Promise<Verdict> {
  const { data, history, ledger } = outcome;
  const workspace = await loadWorkspace(outcome.workspace);
  const latest = new Set<string>(
    [...workspace.contracts.values()].filter((contract) => contract.history === 'latest').map(({ id }) => id),
  );
  const versions = await versionsOf(join(data, 'view'), workspace);
  const log = await verifyLog({ logDir: join(data, 'log'), dataDir: data });
  const findings = [
    ...ledger.wrong,
    ...compareVersions(history, versions, latest),
    ...compareAcknowledged(ledger, versions, latest),
    ...compareShown(ledger, versions, latest),
    ...(log.ok ? [] : [`the audit log does not verify: ${log.fault ?? ''}`]),
    ...(log.newer > 0
      ? [`${log.newer} entries of journals are not in the log though the group has ended in order`]
      : []),
    ...(log.declaredMissing > 0 ? [`the audit log says that ${log.declaredMissing} entries are missing`] : []),
    ...compareAnswers(ledger, readReleased(data, log.size)),
    ...(await compareQuarantine(outcome)),
  ];
  return {
    versions: history.size(),
    answers: ledger.answers.length,
    acknowledged: ledger.acknowledged.length,
    entries: log.size,
    findings,
  };
}
