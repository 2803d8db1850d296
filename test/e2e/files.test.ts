/**
 * A file of a city: ordered, made beside the gateway while its maker is killed, fetched again from any byte, and broken
 * off when its grant is suspended; equal to what a batch says. An erasure reaches it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Client, FileBody, OrderedFile } from '../../gateway/client/index.js';
import { runningUp } from '../../gateway/ground/files/places.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { randomOf } from '../support/conformance/state-model.js';
import { childrenOf } from '../tools/bench/servers.js';
import { until } from './ask.js';
import { type City, city, cli } from './city.js';
import { changeGrant, DATASET, OWN_SHOPS, PURPOSE, publishShops, shopOf, shopsWorkspace } from './shops.js';

t.setTimeout(300_000);

const SUBJECTS = 6000;
const RECORDS = SUBJECTS + OWN_SHOPS;
const BATCH = 500;
type Json = Readonly<Record<string, unknown>>;

const workspace = join(t.testdir(), 'workspace');
await shopsWorkspace(workspace, BATCH);
const subjects = Array.from({ length: SUBJECTS }, (_, n) => shopOf(n));

const asked: FileBody = { purpose: PURPOSE, dataset: DATASET, format: 'ndjson' };
const ready = (desk: Client, { id }: Pick<OrderedFile, 'id'>): Promise<OrderedFile> =>
  until(
    'the file',
    () => desk.file(id),
    ({ state }) => state === 'ready',
    150_000,
  );

async function all(desk: Client, file: OrderedFile, from = 0, most = Infinity): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of desk.fileContent(file, from)) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= most) break;
  }
  return Buffer.concat(pieces);
}

/** Broken off again and again, and gone on with at the byte that was not there. */
async function inParts(desk: Client, file: OrderedFile): Promise<{ bytes: Buffer; parts: number }> {
  const random = randomOf(7);
  const pieces: Buffer[] = [];
  let length = 0;
  let parts = 0;
  while (length < (file.bytes ?? 0)) {
    const some = await all(desk, file, length, 1 + Math.floor(random() * 900_000));
    const kept = some.subarray(0, Math.max(1, Math.floor(some.length * random())));
    pieces.push(kept);
    length += kept.length;
    parts++;
  }
  return { bytes: Buffer.concat(pieces), parts };
}

function killMaker(running: City): boolean {
  const up = runningUp(running.data);
  const [child] = up === undefined ? [] : childrenOf(up.pid, 'operate/process/files.js');
  if (child === undefined) return false;
  process.kill(child, 'SIGKILL');
  return true;
}

async function madeWhileKilled(t: Test, running: City, desk: Client): Promise<OrderedFile> {
  const order = await desk.orderFile(asked);
  t.match(order, { state: 'ordered', progress: { records: 0 }, encrypted: false });
  await t.rejects(all(desk, order), { code: 'file_not_ready' });
  await until(
    'that it is being made',
    () => desk.file(order.id),
    ({ state }) => state === 'making',
    60_000,
  );
  t.ok(killMaker(running), 'its maker is killed');
  const file = await ready(desk, order);
  t.match(file, { attempt: 2, progress: { records: RECORDS, total: RECORDS } });
  t.equal(readdirSync(join(running.data, 'files')).length, 3, 'nothing is left of what was begun');
  return file;
}

async function equalsBatch(t: Test, desk: Client, bytes: Buffer): Promise<void> {
  const lines = bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { subject: string; record: Json; provenance: Json });
  t.equal(lines.length, RECORDS);
  const told = new Map(lines.map(({ subject, ...rest }) => [subject, rest]));
  t.equal(told.size, RECORDS);
  for (let from = 0; from < SUBJECTS; from += SUBJECTS / 4) {
    const batch = { purpose: asked.purpose, datasets: [{ id: DATASET }], subjects: subjects.slice(from, from + BATCH) };
    for await (const { subject, datasets } of desk.batch(batch))
      if (JSON.stringify(datasets[0]?.records) !== JSON.stringify([told.get(subject)])) t.fail(`not as ${subject}`);
  }
}

/** By hand: ordered, looked at, and gone on with where a fetch was broken off. */
async function byCommands(t: Test, { api, pki }: City, file: OrderedFile, whole: Buffer): Promise<void> {
  const run = (...args: readonly string[]): Json => {
    const reached = ['--as', 'front-desk', '--api', api, '--pki', pki, '--json'];
    return JSON.parse(execFileSync(process.execPath, [cli, 'file', ...args, ...reached]).toString()) as Json;
  };
  const out = join(t.testdir({}), 'shops.ndjson');
  const part = `${out}.${file.sha256?.slice(0, 16) ?? ''}.part`;
  await writeFile(part, whole.subarray(0, Math.floor(whole.length / 3)));
  t.match(run('fetch', file.id, '--out', out), { state: 'ready', out });
  t.ok((await readFile(out)).equals(whole), 'the command goes on where it was broken off');
  const ordered = run('order', '--dataset', DATASET, '--purpose', PURPOSE, '--format', 'avro', '--subject', shopOf(1));
  t.match(ordered, { format: 'avro', progress: { total: 1 } });
  const small = join(t.testdir({}), 'one.avro');
  t.match(run('fetch', String(ordered['id']), '--out', small), { state: 'ready', progress: { records: 1 } });
  t.equal((await readFile(small)).toString('latin1', 0, 4), 'Obj\x01');
  t.equal((run('status')['files'] as readonly object[]).length, 2);
}

/** Whoever reads slowly gets no further byte once the grant is suspended. */
async function suspended(t: Test, desk: Client, file: OrderedFile): Promise<void> {
  let bytes = 0;
  let suspendedAt: number | undefined;
  let last = 0;
  await t.rejects(async () => {
    for await (const piece of desk.fileContent(file)) {
      bytes += piece.length;
      last = Date.now();
      if (suspendedAt === undefined && bytes > 200_000) {
        await changeGrant(workspace, { status: 'suspended' });
        suspendedAt = Date.now();
        await new Promise((resolve) => setTimeout(resolve, 5000));
      }
      // so slowly that most of it waits at the gateway
      await new Promise((resolve) => setTimeout(resolve, suspendedAt === undefined ? 40 : 0));
    }
  }, 'it is broken off');
  t.ok(bytes < (file.bytes ?? 0), `${String(bytes)} of ${String(file.bytes)} bytes`);
  t.comment(`${String(bytes)} bytes, the last read ${String(last - (suspendedAt ?? 0))} ms after the suspension`);
  await t.rejects(all(desk, file), { code: 'denied' });
  await changeGrant(workspace, { status: 'active' });
}

void t.test('a file of six thousand', async (t) => {
  const running = await city(t, { workspace });
  const desk = await running.as('front-desk');
  await publishShops(workspace, running.data, SUBJECTS, '店'.repeat(500));
  const [first = '', last = ''] = [subjects[0], subjects.at(-1)];
  const query = { purpose: asked.purpose, subject: last, datasets: [{ id: DATASET }] };
  await until(
    'the view',
    () => desk.query(query),
    ({ datasets }) => datasets[0]?.records.length === 1,
  );
  const file = await madeWhileKilled(t, running, desk);
  const whole = await all(desk, file);
  t.equal(whole.length, file.bytes);
  t.equal(createHash('sha256').update(whole).digest('hex'), file.sha256);
  await equalsBatch(t, desk, whole);
  const again = await inParts(desk, file);
  t.ok(again.bytes.equals(whole), `the same in ${String(again.parts)} parts, broken off at random bytes`);
  await byCommands(t, running, file, whole);
  await t.rejects(all(desk, file, whole.length), { code: 'no_such_bytes' });
  await t.rejects(all(desk, { ...file, sha256: '0' }, 5), { code: 'changed' }, 'of another file nothing is taken');

  await suspended(t, desk, file);
  await until(
    'the grant again',
    () =>
      desk.query(query).then(
        ({ datasets }) => datasets.length,
        () => 0,
      ),
    (count) => count === 1,
  );
  const listed = await ready(desk, await desk.orderFile({ ...asked, subjects: [first, last] }));
  const removed = await ready(desk, await desk.orderFile({ ...asked, subjects: [last], format: 'csv' }));
  execFileSync(process.execPath, [
    cli,
    'audit',
    'erase',
    first,
    '--reason',
    'asked',
    '--legal-basis',
    'PIPL 47',
    '--data',
    running.data,
  ]);
  await until(
    'that the erased one is in no file',
    () => Promise.all([file, listed].map(({ id }) => desk.file(id))),
    (files) => files.every(({ state, reason }) => state === 'stopped' && reason === 'erased'),
  );
  t.match(await desk.file(removed.id), { state: 'ready' }, 'others stay');
  await t.rejects(all(desk, listed), { code: 'file_gone' });
  t.match(await desk.removeFile(removed.id), { state: 'ready' });
  await t.rejects(desk.file(removed.id), { code: 'not_found' });
  desk.close();
  await running.stop();
  const report = await verifyLog({ logDir: join(running.data, 'log'), dataDir: running.data });
  t.match(report, { ok: true }, report.fault ?? 'the log verifies');
});
