/**
 * Journals of several replicas end in one log; what happens to a journal on its replica shows in the log; nobody else
 * gets a byte.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { orderErasure } from '../../gateway/log/erasure/order.js';
import { eraseHere } from '../../gateway/log/erasure/own-journals.js';
import { journalFolders } from '../../gateway/log/journal/folders.js';
import { readPruned } from '../../gateway/log/journal/pruned.js';
import { MARKER_FILE, segmentName } from '../../gateway/log/proof/journal.js';
import { promisedLeaf } from '../../gateway/log/proof/promised.js';
import { integratedText, replicaClient } from '../../gateway/log/replicas/client.js';
import { sequencerClient } from '../../gateway/log/replicas/sequencer-client.js';
import { integratedSeqs, pruneFollowed, pruneJournals } from '../../gateway/log/sequencer/prune.js';
import type { SequencerAlert } from '../../gateway/log/sequencer/sequencer.js';
import { receiptFor } from '../../gateway/log/store/receipts.js';
import { openReplicaSigner } from '../../gateway/log/store/signer.js';
import { readState } from '../../gateway/log/store/state.js';
import { promiseState, readPromise } from '../../gateway/log/verify/promise.js';
import { replicaKeys, verifyLog } from '../../gateway/log/verify/verify.js';
import { until } from '../e2e/ask.js';
import { fill, journalOf, sequencerOf, signersOf } from './filled.js';
import { pem, type Replica, replicaFiles, replicas } from './replicas.js';

t.setTimeout(120_000);

const check = (data: string) => verifyLog({ logDir: auditLayout(data).log, dataDir: data });
const journalIn = (data: string): string => readdirSync(join(data, 'journal'))[0] ?? '';

interface Sequencing {
  /** Looks at the others and takes in what there is. */
  run(): Promise<number>;
  readonly alerts: SequencerAlert[];
  stop(): Promise<void>;
}

/** `one` sequences; the others serve. */
function sequencing(one: Replica, t: Test): Sequencing {
  const fence = one.fence();
  const following = one.follow({ fence });
  const alerts: SequencerAlert[] = [];
  const sequencer = sequencerOf(one.data, { fence, onAlert: (alert) => void alerts.push(alert) });
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => (ended ??= Promise.all([sequencer.stop(), following.stop()]).then(() => undefined));
  t.teardown(stop);
  return {
    alerts,
    stop,
    async run() {
      await following.once();
      await sequencer.runOnce();
      await following.once();
      return (await sequencer.runOnce()).size;
    },
  };
}

t.test(
  'a replica that does not sequence gives back what the one that does says is in the log, and no more; copies ' +
    'are shortened like journals',
  async (t) => {
    const { west, east } = await replicas(t, t.testdir(), ['east', 'west']);
    let integrated: ReadonlyMap<string, number> = new Map();
    await east.serve({ onIntegrated: (found) => (integrated = found) });
    await west.serve();
    for (let i = 0; i < 4; i++) await fill(east.data, 60, 'w1', i * 60);
    const fence = west.fence();
    const following = west.follow({ fence, integrated: () => integratedText(integratedSeqs(west.data)) });
    const sequencer = sequencerOf(west.data, { fence, onAlert: (alert) => t.fail(JSON.stringify(alert)) });
    t.teardown(() => sequencer.stop());
    const run = async (): Promise<void> => {
      for (let i = 0; i < 2; i++) {
        await following.once();
        await sequencer.runOnce();
      }
      await following.once();
    };
    const how = {
      keep: 3_600_000,
      now: () => Date.now() + 3 * 3_600_000,
      onKept: (journal: string, why: string) => t.fail(`${journal}: ${why}`),
    };
    const shorten = (): number => [...pruneFollowed({ ...how, dataDir: east.data }, integrated)].length;
    t.equal(shorten(), 0, 'nothing was said so far');
    await run();
    const id = journalIn(east.data);
    t.equal(integrated.get(id), 240);
    await fill(east.data, 60, 'w1', 240);
    await fill(east.data, 60, 'w1', 300);
    await fill(east.data, 60, 'w1', 360);
    t.ok(shorten() >= 3);
    t.equal(readPruned(join(east.data, 'journal', id))?.lastSeq, 240, 'what is not in the log stays');
    await run();
    for (let i = 0; i < 2; i++) await run();
    t.ok([...pruneJournals({ ...how, dataDir: west.data })].length >= 2, 'the copy');
    t.ok((readPruned(journalFolders(west.data).get(id)?.dir ?? '')?.lastSeq ?? 0) >= 120);
    await fill(east.data, 60, 'w1', 420);
    await run();
    const report = await check(west.data);
    t.equal(report.fault, undefined);
    t.match(report, { ok: true, size: 480, journalEntries: 480, declaredMissing: 0, newer: 0 });
    t.same(west.alerts, []);
  },
);

t.test('entries of both replicas end in one log that verifies with its copies', async (t) => {
  const { west, east } = await replicas(t, t.testdir(), ['east', 'west']);
  await east.serve();
  await west.serve();
  const [ofWest = ''] = await fill(west.data, 300);
  const ids = await fill(east.data, 300);
  await fill(east.data, 20); // a second segment
  const one = sequencing(west, t);
  t.equal(await one.run(), 620);
  t.equal(await one.run(), 620, 'nothing twice');
  t.match(await check(west.data), { ok: true, size: 620, journals: 2, journalEntries: 620, bodies: 620, newer: 0 });
  const id = journalIn(east.data);
  const copy = journalFolders(west.data).get(id)?.dir ?? '';
  for (const segment of [1, 2]) {
    const theirs = readFileSync(join(east.data, 'journal', id, segmentName(segment)));
    const ours = readFileSync(join(copy, segmentName(segment)));
    t.ok(theirs.subarray(0, ours.length).equals(ours), 'byte by byte');
  }
  t.same(one.alerts, []);
  t.same(west.alerts, []);

  const remote = sequencerClient(east.setup, east.register);
  t.teardown(() => remote.close());
  const receipt = await remote.receiptFor(ids[7] ?? '', 'bank-app');
  t.same(receipt, receiptFor(west.data, ids[7] ?? '', 'bank-app'));
  t.equal(receipt.state, 'logged');
  t.same(await remote.receiptFor(ids[7] ?? '', 'tax-app'), { state: 'not_yet' }, 'not to another client');
  t.equal((await remote.receiptFor(ofWest, 'tax-app')).state, 'logged', 'also one that the other replica gave');
  t.same(await remote.receiptFor(`${id}:999`, 'bank-app'), { state: 'not_yet' });
  await t.rejects(remote.receiptFor('../x:1', 'bank-app'), { code: 'bad_identifier' });
});

t.test('the promise of a replica is checked with the keys beside the log', async (t) => {
  const { west, east } = await replicas(t, t.testdir(), ['east', 'west']);
  await east.serve();
  await west.serve();
  const journal = await journalOf(east.data);
  const { json } = await journal.append({ clear: '{"type":"released","client":"a"}' });
  const one = sequencing(west, t);
  const size = await one.run();
  const { promise } = readPromise(Buffer.from(json), 'answer.json');
  const leaf = promisedLeaf(promise, replicaKeys(auditLayout(west.data).log));
  t.throws(
    () =>
      promisedLeaf(
        promise,
        replicaKeys(auditLayout(west.data).log).filter(({ keyId }) => keyId !== signersOf(east.data).replica.keyId),
      ),
    { code: 'log_invalid' },
  );
  t.same(promiseState(auditLayout(west.data).log, size, leaf, promise.mergeBy, Date.now()), { kind: 'kept', index: 0 });
  await journal.close();
});

t.test('a copy that was broken off goes on where it was, and holds no more than was durable', async (t) => {
  const { west, east } = await replicas(t, t.testdir(), ['east', 'west']);
  await east.serve();
  await west.serve();
  await fill(east.data, 100);
  const one = sequencing(west, t);
  await one.run();
  await one.stop();
  const dir = journalFolders(west.data).get(journalIn(east.data))?.dir ?? '';
  // a crash in the middle of a piece leaves some of it, and after a power cut the marker may be an old one
  writeFileSync(join(dir, segmentName(1)), Buffer.alloc(777, 7), { flag: 'a' });
  rmSync(join(dir, MARKER_FILE));
  await fill(east.data, 100);
  const again = sequencing(west, t);
  t.equal(await again.run(), 200);
  t.same(again.alerts, []);
  t.match(await check(west.data), { ok: true, journalEntries: 200 });
});

for (const [what, harm, why] of [
  [
    'a changed byte',
    (dir: string) => {
      const file = join(dir, segmentName(2));
      const bytes = readFileSync(file);
      bytes[4096 + 300] = (bytes[4096 + 300] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    },
    'damaged',
  ],
  ['a missing segment', (dir: string) => rmSync(join(dir, segmentName(2))), 'missing'],
] as const) {
  t.test(
    `${what} in another replica's journal is an entry of the log and an alert, and what follows is taken in`,
    async (t) => {
      const { west, east } = await replicas(t, t.testdir(), ['east', 'west']);
      await east.serve();
      await west.serve();
      for (const count of [30, 20, 10]) await fill(east.data, count);
      const id = journalIn(east.data);
      harm(join(east.data, 'journal', id));
      const one = sequencing(west, t);
      t.equal(await one.run(), 30 + 1 + 10);
      t.same(one.alerts, [{ kind: 'gap', journal: id, from: 31, to: 50, why }]);
      t.match(await check(west.data), { ok: true, declaredMissing: 20 });
    },
  );
}

t.test('a damaged end, a journal that went back and one that vanished are entries and alerts', async (t) => {
  const dir = t.testdir();
  const { west, east } = await replicas(t, dir, ['east', 'west']);
  await east.serve();
  await west.serve();
  await fill(east.data, 30);
  await fill(east.data, 30, 'w2');
  const kept = join(dir, 'kept');
  cpSync(join(east.data, 'journal'), kept, { recursive: true });
  await fill(east.data, 10);
  const one = sequencing(west, t);
  t.equal(await one.run(), 70);
  const [w1 = '', w2 = ''] = readdirSync(kept).sort();
  // a backup is put back, and the worker goes on from it with other entries
  rmSync(join(east.data, 'journal'), { recursive: true });
  cpSync(join(kept, w1), join(east.data, 'journal', w1), { recursive: true });
  await fill(east.data, 12, 'w1', 500);
  t.equal(await one.run(), 72);
  t.same(one.alerts, [
    { kind: 'gap', journal: w1, from: 41, to: 40, why: 'rolled_back' },
    { kind: 'gap', journal: w2, from: 31, to: 30, why: 'vanished' },
  ]);
  t.equal(await one.run(), 72, 'said once');
  t.match(await check(west.data), { ok: true, size: 72 });
});

t.test('a group that the replica did not sign is not taken', async (t) => {
  const dir = t.testdir();
  const { west, east } = await replicas(t, dir, ['east', 'west']);
  await fill(east.data, 5);
  const id = journalIn(east.data);
  // it says that another key is its own
  await east.serve({ vkeys: () => replicaKeys(auditLayout(west.data).log) });
  await west.serve();
  const one = sequencing(west, t);
  t.equal(await one.run(), 1);
  t.same(one.alerts, [{ kind: 'gap', journal: id, from: 1, to: 5, why: 'damaged' }]);
});

/** What a port answers to somebody with these files, in its own words. */
const told = (
  url: URL,
  files: { readonly cert: string; readonly key: string; readonly ca: string },
): Promise<{ readonly status: number; readonly code?: string }> =>
  new Promise((resolve, reject) => {
    const asked = httpsRequest(url, { method: 'POST', ...files, checkServerIdentity: () => undefined }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, ...(JSON.parse(text) as { code?: string }) }),
      );
    });
    asked.on('error', reject);
    asked.end('{"have":{},"wait":0}');
  });

t.test('nobody but a configured replica gets an answer, and none speaks for another', async (t) => {
  const dir = t.testdir();
  const { west, east } = await replicas(t, dir, ['east', 'west']);
  await east.serve();
  await west.serve();
  await fill(east.data, 3);
  const stranger = await replicaFiles(join(dir, 'pki'), 'north');
  const foreign = await replicaFiles(join(dir, 'other'), 'west');
  const [peer] = west.setup.peers;
  if (peer === undefined) throw new Error('no peer');
  const tls = async (files: typeof stranger, ca: string) => ({
    cert: await pem(files.replicaCert),
    key: await pem(files.replicaKey),
    ca,
  });
  for (const [what, files] of [
    ['of the same authority', stranger],
    ['of another authority', foreign],
  ] as const) {
    const client = replicaClient(peer, await tls(files, west.setup.tls.ca));
    await t.rejects(client.list({ have: {}, wait: 0 }), { code: 'replica_unavailable' }, what);
    await t.rejects(client.piece(journalIn(east.data), 1, 0), { code: 'replica_unavailable' }, what);
    client.close();
  }
  t.match(await told(new URL('/v1/journals', peer.url), await tls(stranger, west.setup.tls.ca)), {
    status: 403,
    code: 'replica_refused',
  });
  const client = replicaClient(peer, west.setup.tls);
  t.match(await client.claim({ epoch: 1, holder: 'east', established: true, size: 0, root: '' }), { kind: 'refused' });
  t.equal(east.register.current(), undefined);
  t.equal(await client.piece('sequencer-01234567', 1, 0), undefined);
  client.close();
  // and a server that shows another certificate than the configured one is not spoken to
  const wrong = replicaClient({ ...peer, owns: () => false }, west.setup.tls);
  await t.rejects(wrong.list({ have: {}, wait: 0 }), { code: 'replica_unavailable' });
  wrong.close();
});

t.test('a copied data folder does not speak for the one that it was copied from', async (t) => {
  const { west, east } = await replicas(t, t.testdir(), ['east', 'west']);
  await fill(west.data, 5);
  cpSync(join(west.data, 'journal'), join(east.data, 'journal'), { recursive: true });
  await east.serve();
  await west.serve();
  const one = sequencing(west, t);
  t.equal(await one.run(), 5);
  t.match(west.alerts, [{ kind: 'journal', replica: 'east', journal: journalIn(west.data), why: 'taken' }]);
});

t.test(
  'an erasure ordered on a replica that does not sequence leaves nothing readable there, in the log or in its copy',
  async (t) => {
    const { west, east } = await replicas(t, t.testdir(), ['east', 'west']);
    await east.serve();
    await west.serve();
    await fill(east.data, 20); // subjects uscc:0 to uscc:4
    const one = sequencing(west, t);
    await one.run();
    const keys = openSubjectKeys({ dir: auditLayout(east.data).subjectKeys });
    t.teardown(() => keys.close());
    const journal = await journalOf(east.data, 'erasure');
    const ordered = await orderErasure(
      { keys, journal, now: Date.now },
      { subject: 'uscc:3', reason: 'left', legalBasis: 'PIPL Art.47', by: 'operator' },
    );
    await journal.close();
    const pseudonym = ordered?.pseudonym ?? '';
    const asked = sequencerClient(east.setup, east.register);
    t.teardown(() => asked.close());
    t.equal(await asked.erasedBy(pseudonym), undefined, 'not before it is in the log');
    t.equal(await one.run(), 21);
    t.equal(await asked.erasedBy(pseudonym), 20);
    t.equal(await eraseHere(east.data, keys, [pseudonym]), 4);
    t.equal(keys.get('uscc:3'), undefined);
    const files = [journalFolders(west.data), journalFolders(east.data)]
      .flatMap((folders) => [...folders.values()])
      .flatMap(({ dir }) =>
        readdirSync(dir)
          .filter((name) => name.endsWith('.seg'))
          .map((name) => join(dir, name)),
      );
    for (const file of files) t.notMatch(readFileSync(file, 'latin1'), `"pseudonym":"${pseudonym}"`, file.slice(-40));
    t.match(await check(west.data), { ok: true, erased: 4, size: 21 });
    // what is copied from now on, and anew, still fits the signatures
    await fill(east.data, 5);
    t.equal(await one.run(), 26);
    t.same(one.alerts, []);
  },
);

t.test(
  'a group that is carried over into the next segment is neither a gap nor taken twice, in the log or in the copy',
  async (t) => {
    const { west, east } = await replicas(t, t.testdir(), ['east', 'west']);
    await east.serve();
    await west.serve();
    const first = await journalOf(east.data);
    await first.append({ clear: '{"type":"administration","n":0}' });
    const dir = join(east.data, 'journal', journalIn(east.data));
    const marker = readFileSync(join(dir, MARKER_FILE));
    await first.append({ clear: '{"type":"administration","n":1}' });
    await first.close();
    const one = sequencing(west, t);
    t.equal(await one.run(), 2);
    // as after a power cut at the replica: its marker is older than what was durable and copied, so the last group
    // comes again in the next segment
    writeFileSync(join(dir, MARKER_FILE), marker);
    const second = await journalOf(east.data);
    const current = readFileSync(join(dir, MARKER_FILE));
    writeFileSync(join(dir, MARKER_FILE), marker); // the moment between the segment's name and the marker
    t.equal(await one.run(), 2);
    t.same(one.alerts, []);
    writeFileSync(join(dir, MARKER_FILE), current);
    await second.append({ clear: '{"type":"administration","n":2}' });
    await second.close();
    t.equal(await one.run(), 3);
    t.same(one.alerts, []);
    t.same(west.alerts, []);
    const copy = journalFolders(west.data).get(journalIn(east.data))?.dir ?? '';
    t.same(
      readdirSync(copy).filter((name) => name.endsWith('.seg')),
      [segmentName(1), segmentName(2)],
    );
    t.match(await check(west.data), { ok: true, size: 3, journalEntries: 3, declaredMissing: 0 });
  },
);

t.test('a worker that is killed again and again while it is followed loses nothing that it acknowledged', async (t) => {
  const { west, east } = await replicas(t, t.testdir(), ['east', 'west']);
  await east.serve();
  await west.serve();
  openReplicaSigner(east.data, 'replica.test'); // as appender.ts calls it
  const fence = west.fence();
  const following = west.follow({ fence, pause: 5, patience: 5000 });
  const alerts: SequencerAlert[] = [];
  const sequencer = sequencerOf(west.data, { fence, interval: 20, onAlert: (alert) => void alerts.push(alert) });
  let acknowledged = 0;
  for (let round = 0; round < 4; round++) {
    const child = spawn(
      process.execPath,
      [new URL('./appender.js', import.meta.url).pathname, east.data, '8', '16384'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let heard = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Math.max(acknowledged, Number(line.split(' ')[0]));
      if (++heard === 150 + round * 37) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  const id = journalIn(east.data);
  const integrated = (): number => readState(auditLayout(west.data).state)?.state.journals[id]?.lastSeq ?? 0;
  await until(
    'what was acknowledged',
    () => Promise.resolve(integrated()),
    (lastSeq) => lastSeq >= acknowledged,
  );
  await following.stop();
  await sequencer.runOnce();
  await sequencer.stop();
  t.same(
    alerts.filter(({ kind }) => kind === 'gap'),
    [],
  );
  t.same(west.alerts, []);
  t.match(await check(west.data), { ok: true, declaredMissing: 0 });
});
