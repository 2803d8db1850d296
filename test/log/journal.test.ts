import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { mock } from 'node:test';
import t from 'tap';
import { isYitongError } from '../../contracts/errors.js';
import { clearOf, DIGEST_TO_COME } from '../../gateway/log/entries/answer-digest.js';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { unseal } from '../../gateway/log/entries/seal.js';
import { eraseInJournal } from '../../gateway/log/journal/erased.js';
import { beginJournal, type OpenJournal, openJournal } from '../../gateway/log/journal/journal.js';
import { type ReadGroup, readOn, segmentsOf } from '../../gateway/log/journal/reader.js';
import { markerOf } from '../../gateway/log/journal/segments.js';
import { answerLeaf, groupText, MARKER_FILE, segmentName } from '../../gateway/log/proof/journal.js';
import { JOURNAL_START, type Position } from '../../gateway/log/proof/journal-position.js';
import { rootFromInclusion } from '../../gateway/log/proof/merkle.js';
import { ephemeralSigner } from '../../gateway/log/store/signer.js';

const signer = ephemeralSigner('replica.test');
type Options = Parameters<typeof openJournal>[0];
const options = (data: string, more: Partial<Options> = {}): Options => ({
  dir: join(data, 'journal'),
  name: 'w1',
  keys: { dir: join(data, 'audit', 'keys') },
  signer,
  now: Date.now,
  backoff: 5,
  segmentBytes: 1 << 18,
  ...more,
});
const open = (data: string, more: Partial<Options> = {}): Promise<OpenJournal> => openJournal(options(data, more));

const folder = (data: string): string => join(data, 'journal', readdirSync(join(data, 'journal'))[0] ?? '');

/** Everything durable, checked group by group on the way. */
function readAll(dir: string): ReadGroup[] {
  const groups: ReadGroup[] = [];
  for (let position: Position = JOURNAL_START; ; ) {
    const result = readOn(dir, position, 1000);
    if (result.kind === 'end') return groups;
    if (result.kind === 'gap') throw new Error(`gap: ${result.why} ${result.from}–${result.to}`);
    groups.push(...result.groups);
    position = result.position;
  }
}

interface ReceiptJson {
  seq: number;
  journal: string;
  leaf: string;
  bodySha256?: string;
  path: string[];
  first: number;
  count: number;
  root: string;
  answers: string;
  mergeBy: string;
  key: string;
  algorithm: string;
  signature: string;
}

const digest = (n: number): string => createHash('sha256').update(String(n)).digest('base64url');

t.test('a client can prove what the gateway promised it', async (t) => {
  const data = t.testdir();
  const journal = await open(data, { mergeDelay: 60_000, now: () => 1_700_000_000_000 });
  const receipts = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      journal.append({
        clear: `{"type":"released","n":${n}${n % 2 === 0 ? `,"bodySha256":"${digest(n)}"` : ''}}`,
        subject: { subject: 'uscc:9131"x', json: '{"caseId":"办件-1"}' },
      }),
    ),
  );
  t.equal(new Set(receipts.map(({ id }) => id)).size, 50);
  for (const { json, id } of receipts) {
    const receipt = JSON.parse(json) as ReceiptJson;
    t.equal(id, `${journal.id}:${receipt.seq}`);
    t.equal(
      receipt.bodySha256,
      receipt.seq % 2 === 1 ? digest(receipt.seq - 1) : undefined,
      'it says of which answer it is',
    );
    const bound = answerLeaf(Buffer.from(receipt.leaf, 'base64'), receipt.bodySha256);
    const answers = rootFromInclusion(
      receipt.seq - receipt.first,
      receipt.count,
      bound,
      receipt.path.map((hash) => Buffer.from(hash, 'base64')),
    );
    t.equal(answers?.toString('base64'), receipt.answers);
    const text = groupText(receipt.journal, {
      first: receipt.first,
      count: receipt.count,
      root: Buffer.from(receipt.root, 'base64'),
      answers,
      mergeBy: Date.parse(receipt.mergeBy),
    });
    const signature = Buffer.from(receipt.signature, 'base64');
    t.equal(receipt.algorithm, 'ed25519');
    t.equal(signature.readUInt32BE(0), signer.keyId);
    t.ok(signer.verify(Buffer.from(text), signature.subarray(4)));
    t.equal(receipt.mergeBy, new Date(1_700_000_060_000).toISOString());
  }
  await journal.close();

  const entries = readAll(folder(data)).flatMap(({ entries }) => entries);
  t.same(
    entries.map(({ seq }) => seq),
    Array.from({ length: 50 }, (_, n) => n + 1),
  );
  const body = JSON.parse(entries[0]?.body.toString() ?? '') as {
    n: number;
    subject: { pseudonym: string; enc: string };
  };
  t.equal(body.n, 0);
  t.notMatch(entries[0]?.body.toString(), '9131');
  const keys = openSubjectKeys({ dir: join(data, 'audit', 'keys') });
  const secret = keys.get('uscc:9131"x');
  t.equal(secret?.pseudonym, body.subject.pseudonym);
  if (secret !== undefined)
    t.same(unseal(secret, body.subject.enc), { subject: 'uscc:9131"x', details: { caseId: '办件-1' } });
  await keys.close();
});

t.test('an entry that has just come is not taken for one that hangs; one that hangs is refused', async (t) => {
  const memory = new SharedArrayBuffer(12);
  const gate = new Int32Array(memory);
  const shut = (closed: boolean): void => {
    Atomics.store(gate, 0, closed ? 1 : 0);
    Atomics.notify(gate, 0);
  };
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  const journal = await open(t.testdir(), {
    stall: 1000,
    hook: { module: new URL('../http/api/gated-disk.js', import.meta.url).href, parameter: memory },
  });
  t.teardown(() => {
    shut(false);
    return journal.close();
  });
  const entry = { clear: '{"type":"released"}' };
  // idle for a while, then an entry just before the disk is looked at
  mock.timers.tick(3000);
  shut(true);
  const first = journal.append(entry);
  mock.timers.tick(1000);
  shut(false);
  t.match(await first, { id: /:1$/ });
  shut(true);
  const second = journal.append(entry);
  mock.timers.tick(2000);
  await t.rejects(second, { code: 'audit_unavailable' });
});

t.test('nothing acknowledged is lost when the process is killed, and nothing stands twice', async (t) => {
  const data = t.testdir();
  const acknowledged = new Map<number, string>();
  const script = new URL('./appender.js', import.meta.url).pathname;
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, [script, data, '8', '16384'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let heard = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const [seq = '', leaf = ''] = line.split(' ');
      t.notOk(acknowledged.has(Number(seq)), 'no seq twice');
      acknowledged.set(Number(seq), leaf);
      if (++heard === 150 + round * 37) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    t.equal(child.signalCode, 'SIGKILL');
  }
  await (await open(data)).close();
  const entries = readAll(folder(data)).flatMap(({ entries }) => entries);
  t.same(
    entries.map(({ seq }) => seq),
    entries.map((_, n) => n + 1),
    'every seq once, without a hole',
  );
  const onDisk = new Map(entries.map(({ seq, leaf }) => [seq, leaf.toString('base64')]));
  for (const [seq, leaf] of acknowledged)
    if (onDisk.get(seq) !== leaf) t.fail(`acknowledged seq ${seq} is not on disk`);
  t.ok(segmentsOf(folder(data)).length > 8, 'segments were rolled on the way');
});

for (const [what, index] of [
  ['write', 0],
  ['fdatasync', 1],
] as const) {
  t.test(`a failed ${what} answers 503, acknowledges nothing, and heals in a new segment`, async (t) => {
    const data = t.testdir();
    const counters = new SharedArrayBuffer(12);
    const view = new Int32Array(counters).fill(-1);
    const health: boolean[] = [];
    let healed = (): void => undefined;
    let before = 0;
    let failed: Buffer | undefined;
    const segment = (): Buffer => readFileSync(join(folder(data), segmentName(before)));
    const journal = await open(data, {
      hook: { module: new URL('./failing-disk.js', import.meta.url).href, parameter: counters },
      onHealth: (healthy) => {
        health.push(healthy);
        if (healthy) healed();
        else failed = segment();
      },
    });
    for (let n = 0; n < 5; n++) await journal.append({ clear: `{"n":${n}}` });
    before = segmentsOf(folder(data)).at(-1) ?? 0;
    Atomics.store(view, 2, 3); // recovery fails twice as well
    Atomics.store(view, index, 0);
    const again = new Promise<void>((resolve) => (healed = resolve));
    const refused = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => journal.append({ clear: `{"lost":${n}}` })),
    );
    for (const one of refused)
      t.ok(one.status === 'rejected' && isYitongError(one.reason) && one.reason.code === 'audit_unavailable');
    t.notOk(journal.healthy);
    await t.rejects(journal.append({ clear: '{}' }), { code: 'audit_unavailable', status: 503 });
    journal.note({ clear: '{}' });
    t.equal(journal.lostNotes, 1);
    await again;
    t.ok(journal.healthy);
    const receipt = await journal.append({ clear: '{"after":true}' });
    t.ok((segmentsOf(folder(data)).at(-1) ?? 0) > before);
    await journal.close();
    await (await open(data)).close();
    t.ok(failed?.equals(segment()), 'no byte of the failed segment was written again');
    t.same(health, [true, false, true]);
    const entries = readAll(folder(data)).flatMap(({ entries }) => entries);
    t.equal(entries.at(-1)?.body.toString(), '{"after":true}');
    t.equal(receipt.id, `${journal.id}:${entries.length}`);
    t.same(
      entries.slice(0, 5).map(({ body }) => body.toString()),
      [0, 1, 2, 3, 4].map((n) => `{"n":${n}}`),
    );
  });
}

for (const [what, index] of [
  ['write', 0],
  ['fdatasync', 1],
] as const) {
  t.test(
    `a failed ${what} refuses all of a group that had waited for more; what was acknowledged is there`,
    async (t) => {
      const data = t.testdir();
      const counters = new SharedArrayBuffer(12);
      const view = new Int32Array(counters).fill(-1);
      const journal = await open(data, {
        hook: { module: new URL('./failing-disk.js', import.meta.url).href, parameter: counters },
      });
      const acknowledged = new Map<number, string>();
      let refused = 0;
      let n = 0;
      // writers that come again at once: the thread waits for them
      const write = async (until: () => boolean): Promise<void> => {
        while (!until()) {
          try {
            const { json } = await journal.append({ clear: `{"n":${n++}}` });
            const { seq, leaf } = JSON.parse(json) as ReceiptJson;
            t.notOk(acknowledged.has(seq), 'no seq twice');
            acknowledged.set(seq, leaf);
          } catch (error) {
            t.ok(isYitongError(error) && error.code === 'audit_unavailable');
            refused++;
            await new Promise((resolve) => setTimeout(resolve, 1));
          }
        }
      };
      const crowd = (until: () => boolean): Promise<unknown> =>
        Promise.all(Array.from({ length: 16 }, () => write(until)));
      for (let round = 1; round <= 5; round++) {
        const enough = acknowledged.size + 300;
        await crowd(() => acknowledged.size >= enough);
        Atomics.store(view, 2, 1);
        Atomics.store(view, index, round);
        const before = refused;
        await crowd(() => refused >= before + 16 && journal.healthy);
      }
      await journal.close();
      const onDisk = new Map(
        readAll(folder(data)).flatMap(({ entries }) => entries.map(({ seq, leaf }) => [seq, leaf.toString('base64')])),
      );
      t.strictSame(
        [...onDisk.keys()],
        Array.from(onDisk, (_, i) => i + 1),
        'every seq once, without a hole',
      );
      for (const [seq, leaf] of acknowledged)
        if (onDisk.get(seq) !== leaf) t.fail(`acknowledged seq ${String(seq)} is not on disk`);
      t.ok(acknowledged.size >= 1500);
    },
  );
}

t.test('a torn last group is cut off; damage to what was acknowledged is said, not cut', async (t) => {
  const data = t.testdir();
  const journal = await open(data);
  for (let n = 0; n < 3; n++) await journal.append({ clear: `{"n":${n}}` });
  await journal.close();
  const dir = folder(data);
  const file = join(dir, segmentName(1));
  const end = markerOf(dir)?.end ?? 0;
  const whole = readFileSync(file);
  const put = (at: number, bytes: Uint8Array): void => {
    const fd = openSync(file, 'r+');
    writeSync(fd, bytes, 0, bytes.length, at);
    closeSync(fd);
  };
  const flip = (at: number): void => put(at, Buffer.from([(readFileSync(file)[at] ?? 0) ^ 1]));

  flip(4096 + 200);
  await t.rejects(open(data), { code: 'audit_unavailable' }, 'damage in the middle');
  flip(4096 + 200);
  flip(end - 20);
  await t.rejects(open(data), { code: 'audit_unavailable' }, 'damage in the last acknowledged group');
  flip(end - 20);
  put(end, whole.subarray(4096, 4096 + 190)); // the beginning of a group whose rest never came
  const reopened = await open(data);
  t.equal(reopened.lastSeq, 3);
  await reopened.append({ clear: '{"n":3}' });
  await reopened.close();
  t.same(
    readAll(dir)
      .flatMap(({ entries }) => entries)
      .map(({ body }) => body.toString()),
    [0, 1, 2, 3].map((n) => `{"n":${n}}`),
  );
});

t.test(
  'a last group that was perhaps not acknowledged is carried over; a reader that had it goes on behind it; ' +
    'erasing finds it in both places',
  async (t) => {
    const data = t.testdir();
    const first = await open(data);
    await first.append({ clear: '{"n":0}' });
    const dir = folder(data);
    const marker = readFileSync(join(dir, MARKER_FILE));
    await first.append({ clear: '{"n":1}', subject: { subject: 'uscc:1', json: '{}' } });
    await first.close();
    const whole = readOn(dir, JOURNAL_START, 1000);
    if (whole.kind !== 'groups') throw new Error('nothing was read');
    // as after a power cut: the marker on disk is older than what was durable and read
    writeFileSync(join(dir, MARKER_FILE), marker);
    const old = readFileSync(join(dir, segmentName(1)));
    const second = await open(data);
    t.equal(second.lastSeq, 2);
    t.same(readFileSync(join(dir, segmentName(1))), old);
    const more = await second.append({ clear: '{"n":2}' });
    t.equal(more.id, `${second.id}:3`);
    await second.close();
    t.same(
      readAll(dir).flatMap(({ entries }) => entries.map(({ seq }) => seq)),
      [1, 2, 3],
    );
    const on = readOn(dir, whole.position, 1000);
    t.same(on.kind === 'groups' ? on.groups.map(({ first }) => first) : on, [3], 'no gap, and nothing twice');

    const salt = readAll(dir).flatMap(({ entries }) => entries)[1]?.salt ?? Buffer.alloc(0);
    const holding = (): string[] => readdirSync(dir).filter((name) => readFileSync(join(dir, name)).includes(salt));
    t.same(holding(), [segmentName(1), segmentName(2)]);
    t.same(eraseInJournal(dir, [2]), []);
    t.same(holding(), []);
    t.same(
      readAll(dir).flatMap(({ entries }) => entries.map(({ seq }) => seq)),
      [1, 2, 3],
      'and its group still leads to the signed root',
    );

    // carried over once more, erased as it is
    writeFileSync(join(dir, MARKER_FILE), marker);
    rmSync(join(dir, segmentName(3)), { force: true });
    const third = await open(data);
    await third.close();
    t.equal(third.lastSeq, 3);
    t.same(
      readAll(dir).flatMap(({ entries }) => entries.map(({ seq }) => seq)),
      [1, 2, 3],
    );
    t.same(holding(), []);
  },
);

t.test('two processes cannot write one journal, and key files are for their owner only', async (t) => {
  const data = t.testdir();
  const journal = await open(data);
  await t.rejects(open(data), { code: 'audit_unavailable' });
  await journal.close();
  for (const file of ['secret', 'subjects']) t.equal(statSync(join(data, 'audit', 'keys', file)).mode & 0o077, 0);
});

t.test('what comes while its thread starts waits for it, in its order', async (t) => {
  const data = t.testdir();
  const before = await open(data);
  await before.append({ clear: '{"n":0}' });
  await before.close();

  const { journal, opened } = beginJournal(options(data));
  t.notOk(journal.healthy, 'it does not say that it can be written to');
  journal.note({ clear: '{"n":1}' });
  const appended = [2, 3, 4].map((n) => journal.append({ clear: `{"n":${String(n)}}` }));
  await opened;
  t.equal(journal.lastSeq, 1, 'nothing of them is durable with its opening');
  const after = journal.append({ clear: '{"n":5}' });
  t.same(
    (await Promise.all([...appended, after])).map(({ id }) => id),
    [3, 4, 5, 6].map((seq) => `${journal.id}:${String(seq)}`),
  );
  await journal.close();
  t.same(
    readAll(folder(data)).flatMap(({ entries }) =>
      entries.map(({ body }) => (JSON.parse(body.toString()) as { n: number }).n),
    ),
    [0, 1, 2, 3, 4, 5],
  );
});

t.test('what came before a thread that does not start is refused, and so is what comes then', async (t) => {
  const data = t.testdir();
  const hook = { module: 'file:///nowhere/hook.js', parameter: undefined };
  const { journal, opened } = beginJournal(options(data, { hook }));
  journal.note({ clear: '{"n":1}' });
  const appended = journal.append({ clear: '{"n":2}' });
  await Promise.all([
    t.rejects(opened, { code: 'audit_unavailable' }),
    t.rejects(appended, { code: 'audit_unavailable' }),
  ]);
  await t.rejects(journal.append({ clear: '{"n":3}' }), { code: 'audit_unavailable' });
  t.equal(journal.lostNotes, 1);
  await (await open(data)).close();
});

t.test('one that is closed while its thread starts refuses what waits', async (t) => {
  const data = t.testdir();
  const { journal, opened } = beginJournal(options(data));
  const appended = journal.append({ clear: '{"n":1}' });
  const refused = t.rejects(appended, { code: 'audit_unavailable' });
  const failed = t.rejects(opened, { code: 'audit_unavailable' });
  await journal.close();
  await Promise.all([refused, failed]);
  await (await open(data)).close();
});

t.test('more entries than the ring holds wait, and beyond the limit are refused', async (t) => {
  const data = t.testdir();
  const journal = await open(data, { ringBytes: 1 << 16, maxWaiting: 100 });
  const clear = `{"x":"${'x'.repeat(2000)}"}`;
  const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => journal.append({ clear })));
  const kept = outcomes.filter(({ status }) => status === 'fulfilled').length;
  t.ok(kept >= 100 && kept < 200, `${kept} were taken`);
  const seqs = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [Number(one.value.id.split(':')[1])] : []));
  t.same(
    seqs,
    seqs.map((_, n) => n + 1),
    'in the order in which they came',
  );
  await journal.close();
});

t.test(
  'a disk that is really full answers 503 and acknowledges nothing',
  { skip: process.platform === 'win32' ? 'no ulimit' : false },
  (t) => {
    const data = t.testdir();
    const script = new URL('./full-disk.js', import.meta.url).pathname;
    const { stdout, stderr } = spawnSync(
      'bash',
      ['-c', 'ulimit -f 128; exec "$0" "$1" "$2"', process.execPath, script, data],
      { encoding: 'utf8' },
    );
    t.same(stdout === '' ? stderr : JSON.parse(stdout), {
      small: '1',
      refused: 'audit_unavailable',
      after: 'audit_unavailable',
      healthy: false,
      segments: 2,
    });
    const seen: string[] = [];
    for (let position = JOURNAL_START; ; ) {
      const result = readOn(folder(data), position, 10);
      if (result.kind !== 'groups') break;
      for (const { entries } of result.groups) seen.push(...entries.map(({ body }) => body.toString()));
      position = result.position;
    }
    t.same(seen, ['{"n":1}']);
    t.end();
  },
);

t.test('when the journal thread dies, what waits is refused and a new thread goes on', async (t) => {
  const data = t.testdir();
  const flag = new SharedArrayBuffer(4);
  let healed = (): void => undefined;
  const journal = await open(data, {
    hook: { module: new URL('./dying-thread.js', import.meta.url).href, parameter: flag },
    onHealth: (healthy) => healthy && healed(),
  });
  await journal.append({ clear: '{"n":1}' });
  const again = new Promise<void>((resolve) => (healed = resolve));
  Atomics.store(new Int32Array(flag), 0, 1);
  await t.rejects(journal.append({ clear: '{"n":2}' }), { code: 'audit_unavailable' });
  await again;
  await journal.append({ clear: '{"n":3}' });
  await journal.close();
  const bodies = readAll(folder(data))
    .flatMap(({ entries }) => entries)
    .map(({ body }) => body.toString());
  t.same(bodies, ['{"n":1}', '{"n":3}']);
});

t.test('what the thread leaves to its event loop does not grow with the groups that it writes', async (t) => {
  const counts = new SharedArrayBuffer(8);
  const journal = await open(t.testdir(), {
    hook: { module: new URL('./left-over.js', import.meta.url).href, parameter: counts },
  });
  const about = { subject: { subject: 'uscc:91310101MA1FL0AB2X', json: '{}' } };
  for (let n = 0; n < 1500; n++) await journal.append({ clear: `{"n":${n}}`, ...about });
  await journal.close();
  const [most = 0, writes = 0] = new Int32Array(counts);
  t.ok(writes > 1000, `${writes} writes`);
  t.ok(most < 600, `at most ${most} were left at once`);
});

t.test('an entry that is too large is refused alone', async (t) => {
  const data = t.testdir();
  const journal = await open(data);
  await t.rejects(journal.append({ clear: `{"x":"${'x'.repeat(300_000)}"}` }), { code: 'internal' });
  await t.rejects(journal.append({ clear: '{}', subject: { subject: 'x'.repeat(300), json: '{}' } }), {
    code: 'internal',
  });
  await journal.append({
    clear: `{"x":"${'汉'.repeat(150_000)}"}`,
    subject: { subject: '"'.repeat(256), json: `{"y":"${'汉'.repeat(40_000)}"}` },
  });
  t.ok(journal.healthy);
  await journal.close();
});

t.test(
  'the digest of an answer is made behind the request, and stands in entry and receipt as if made before',
  async (t) => {
    const data = t.testdir();
    const journal = await open(data, { ringBytes: 1 << 17 });
    const clear = (n: number, bodySha256: string, bytes: number): string =>
      `{"type":"released","n":${n},"item":"汉","bodySha256":"${bodySha256}","bytes":${bytes}}`;
    const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64url');
    // short ones, an empty one, and those that are too long for the ring
    const answers = [0, 1, 2, 55, 1000, 16_384, 16_385, 100_000, 7].map((length, n) => Buffer.alloc(length, n + 1));
    const subject = { subject: 'uscc:1', json: '{}' };
    const receipts = await Promise.all(
      answers.map((answer, n) =>
        journal.append({ clear: clear(n, DIGEST_TO_COME, answer.length), answer, ...(n % 2 === 0 ? { subject } : {}) }),
      ),
    );
    await t.rejects(
      journal.append({ clear: '{"n":"bodySha256"}', answer: Buffer.from('x') }),
      { code: 'internal' },
      'an entry without a place for it is refused alone',
    );
    t.ok(journal.healthy);
    await journal.close();
    const entries = readAll(folder(data)).flatMap((group) => group.entries);
    t.equal(entries.length, answers.length);
    for (const [n, answer] of answers.entries()) {
      const receipt = JSON.parse(receipts[n]?.json ?? '') as ReceiptJson;
      t.equal(receipt.bodySha256, sha256(answer));
      const entry = entries[n];
      const written = clear(n, sha256(answer), answer.length);
      const body = entry?.body.toString() ?? '';
      t.equal(n % 2 === 0 ? `${body.slice(0, body.indexOf(',"subject"'))}}` : body, written);
      const bound = answerLeaf(entry?.leaf ?? Buffer.alloc(0), receipt.bodySha256);
      const root = rootFromInclusion(
        receipt.seq - receipt.first,
        receipt.count,
        bound,
        receipt.path.map((hash) => Buffer.from(hash, 'base64')),
      );
      t.equal(root?.toString('base64'), receipt.answers);
      const draft = { clear: clear(n, DIGEST_TO_COME, answer.length), answer };
      t.equal(clearOf(draft), written, 'whoever has no thread writes the same');
    }
  },
);

t.test('two processes never make two keys for one subject', async (t) => {
  const dir = t.testdir();
  const subjects = Array.from({ length: 40 }, (_, n) => `uscc:${n}`);
  const program = `import { openSubjectKeys } from ${JSON.stringify(new URL('../../gateway/log/entries/keys.js', import.meta.url).href)};
    const keys = openSubjectKeys({ dir: process.argv[1] });
    const made = process.argv[2].split(',').map((subject) => { keys.ensure([subject]); const { pseudonym, key } = keys.get(subject); return pseudonym + key.export().toString('hex'); });
    console.log(made.join(' ')); await keys.close();`;
  const outputs = await Promise.all(
    [0, 1].map(async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, dir, subjects.join(',')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      for await (const chunk of child.stdout) text += String(chunk);
      return text.trim();
    }),
  );
  t.equal(outputs[0], outputs[1]);
  t.equal(new Set(outputs[0]?.split(' ')).size, 40);
  const keys = openSubjectKeys({ dir });
  const { pseudonym = '' } = keys.get('uscc:1') ?? {};
  t.ok(keys.destroy(pseudonym));
  t.equal(keys.get('uscc:1'), undefined);
  t.notOk(keys.destroy(pseudonym));
  await keys.close();
});
