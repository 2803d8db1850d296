/**
 * `file`: a file of a million records, made beside a gateway: memory of its maker, its time of processor a record, which
 * says more than the time of the clock where the machine has other work, and both. Then it is fetched once in one go and
 * once in parts that break off at random bytes, and compared with what batches and questions say.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { type Client, connect, connectionOf, type OrderedFile } from '../../../gateway/client/index.js';
import { readCheckpoint } from '../../../gateway/log/store/published.js';
import { DATASET, OWN_SHOPS, PURPOSE, publishShops, shopOf, shopsWorkspace } from '../../e2e/shops.js';
import { rssAnon } from '../../ground/sockets/city.js';
import { randomOf } from '../../support/conformance/state-model.js';
import { type BenchRow, round } from './rows.js';
import { childrenOf, startCity } from './servers.js';

const LOOK = 200;
/** Subjects of one batch, how many batches the file is compared with, and how many questions. */
const BATCH = 500;
const BATCHES = 40;
const QUESTIONS = 200;
const PART = 32 << 20;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** µs of processor that a process and its threads have had; a tick of the kernel is 10 ms. */
function cpuOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return 0;
  }
}

type Told = { readonly record: unknown; readonly provenance: unknown };

/** In one go, line by line: its digest, how many subjects it has, and what it says of those asked for. */
async function whole(desk: Client, file: OrderedFile, wanted: ReadonlySet<string>) {
  const hash = createHash('sha256');
  const told = new Map<string, Told>();
  const subjects = new Set<string>();
  let lines = 0;
  let rest = '';
  const decoder = new TextDecoder();
  for await (const piece of desk.fileContent(file)) {
    hash.update(piece);
    const parts = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const { subject, ...said } = JSON.parse(line) as Told & { readonly subject: string };
      lines++;
      subjects.add(subject);
      if (wanted.has(subject)) told.set(subject, said);
    }
  }
  return { sha256: hash.digest('hex'), lines, subjects: subjects.size, told, left: rest.length };
}

/** Broken off at random bytes, and gone on with at the byte that was not there. */
async function inParts(desk: Client, file: OrderedFile): Promise<{ readonly sha256: string; readonly parts: number }> {
  const random = randomOf(11);
  const hash = createHash('sha256');
  let at = 0;
  let parts = 0;
  for (; at < (file.bytes ?? 0); parts++) {
    const most = 1 + Math.floor(random() * PART);
    let came = 0;
    for await (const piece of desk.fileContent(file, at)) {
      const kept = piece.subarray(0, most - came);
      hash.update(kept);
      came += kept.length;
      if (came >= most) break;
    }
    at += came;
  }
  return { sha256: hash.digest('hex'), parts };
}

/** @returns of how many subjects batch or question says something else */
async function others(desk: Client, told: ReadonlyMap<string, Told>, batches: readonly string[][]): Promise<number> {
  let unlike = 0;
  const datasets = [{ id: DATASET }];
  const isUnlike = (subject: string, records: unknown): boolean =>
    JSON.stringify(records) !== JSON.stringify([told.get(subject)]);
  for (const subjects of batches)
    for await (const answer of desk.batch({ purpose: PURPOSE, datasets, subjects }))
      if (isUnlike(answer.subject, answer.datasets[0]?.records)) unlike++;
  for (const [subject = ''] of batches.flatMap((one) => one.slice(0, QUESTIONS / BATCHES).map((each) => [each]))) {
    const answer = await desk.query({ purpose: PURPOSE, subject, datasets });
    if (isUnlike(subject, answer.datasets[0]?.records)) unlike++;
  }
  return unlike;
}

/** Fetched and compared: what was wrong, in words. */
async function fetched(
  desk: Client,
  file: OrderedFile,
  records: number,
): Promise<{ readonly parts: number; readonly wrong: string[] }> {
  const random = randomOf(5);
  const batches = Array.from({ length: BATCHES }, () => {
    const from = Math.floor(random() * Math.max(1, records - BATCH));
    return Array.from({ length: Math.min(BATCH, records) }, (_, n) => shopOf(from + n));
  });
  const one = await whole(desk, file, new Set(batches.flat()));
  const parts = await inParts(desk, file);
  const unlike = await others(desk, one.told, batches);
  const all = records + OWN_SHOPS;
  const wrong = [
    one.sha256 === file.sha256 ? '' : 'its digest is another',
    one.lines === all && one.subjects === all && one.left === 0 ? '' : `${String(one.subjects)} subjects`,
    parts.sha256 === file.sha256 ? '' : 'another one in parts',
    unlike === 0 ? '' : `${String(unlike)} unlike a batch or a question`,
  ].filter((text) => text !== '');
  return { parts: parts.parts, wrong };
}

export async function fileRow(dir: string, records = 1_000_000): Promise<BenchRow[]> {
  const workspace = join(dir, 'workspace');
  await shopsWorkspace(workspace, BATCH);
  const city = await startCity(join(dir, 'file'), ['--workspace', workspace]);
  const desk = connect(await connectionOf(city.api, city.pki, 'front-desk'));
  try {
    await publishShops(workspace, city.data, records, '店');
    const query = { purpose: PURPOSE, subject: shopOf(records - 1), datasets: [{ id: DATASET }] };
    while ((await desk.query(query)).datasets[0]?.records.length !== 1) await pause(LOOK);
    const entries = (): number => readCheckpoint(city.data)?.size ?? 0;
    const before = entries();
    const began = performance.now();
    const { id } = await desk.orderFile({ purpose: PURPOSE, dataset: DATASET, format: 'ndjson' });
    const samples: number[] = [];
    let cpu = 0;
    let file: OrderedFile;
    for (;;) {
      file = await desk.file(id);
      if (file.state !== 'ordered' && file.state !== 'making') break;
      for (const pid of childrenOf(city.process.pid ?? 0, 'files.js')) {
        samples.push(rssAnon(pid) / 1e6);
        cpu = Math.max(cpu, cpuOf(pid));
      }
      await pause(LOOK);
    }
    const seconds = (performance.now() - began) / 1000;
    const value = Math.max(...samples);
    const onRecord = (): number => entries() - before;
    const due = Date.now() + 60_000;
    while (onRecord() < file.progress.records && Date.now() < due) await pause(LOOK);
    const entered = onRecord();
    const { parts, wrong } =
      file.state === 'ready' ? await fetched(desk, file, records) : { parts: 0, wrong: [file.state] };
    if (entered < file.progress.records) wrong.push(`only ${String(entered)} entries in the log`);
    return [
      {
        id: 'file',
        what: `RssAnon of the maker of a file of ${file.progress.records.toLocaleString('en')} records`,
        value: round(value),
        unit: 'MB',
        reference: null,
        ratio: null,
        floor: '< 200',
        aim: '< 120',
        holds: value < 200 && wrong.length === 0,
        runs: samples.length,
        spread: [round(Math.min(...samples)), round(value)],
        note:
          `${file.state}, ${String(file.bytes ?? 0)} bytes of NDJSON in ${String(Math.round(seconds))} s, ` +
          `${String(Math.round(file.progress.records / seconds))} records a second, ` +
          `${String(Math.round(cpu / Math.max(file.progress.records, 1)))} µs of processor a record, load ` +
          `${String(Math.round(loadavg()[0] ?? 0))}; ${String(entered)} entries more in the log; ` +
          (wrong.length > 0
            ? `WRONG: ${wrong.join(', ')}`
            : `the same in one go and in ${String(parts)} parts broken off at random bytes, as ` +
              `${String(BATCH * BATCHES)} answers of batches and ${String(QUESTIONS)} of questions say`),
      },
    ];
  } finally {
    desk.close();
    await city.stop();
  }
}
