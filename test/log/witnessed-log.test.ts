import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { witnessPolicy } from '../../gateway/log/proof/cosignature.js';
import { commitmentOf } from '../../gateway/log/proof/journal.js';
import { verifyProof } from '../../gateway/log/proof/proof.js';
import type { Sequencer, SequencerAlert } from '../../gateway/log/sequencer/sequencer.js';
import { lookupReceipt } from '../../gateway/log/store/receipts.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import type { WitnessSetup } from '../../gateway/log/witness/gathering.js';
import { initPki, issueServer } from '../../gateway/operate/pki/authority.js';
import { fill, journalOf, ORIGIN, sequencerOf, signersOf } from './filled.js';
import { type RunningWitness, runWitness } from './witnesses.js';

const main = new URL('../../gateway/cli/main.js', import.meta.url).pathname;
const yitong = (...args: string[]): { status: number | null; out: string } => {
  const { status, stdout } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status, out: stdout };
};
async function until(what: () => boolean, ms = 10_000): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20)))
    if (what()) return true;
  return what();
}
async function three(dir: string, data: string): Promise<{ all: RunningWitness[]; setup: WitnessSetup }> {
  const all = await Promise.all(['w1', 'w2', 'w3'].map((name) => runWitness(dir, name, signersOf(data).log)));
  return { all, setup: { witnesses: all.map(({ address }) => address), required: 2 } };
}
const publishedBy = (sequencer: Sequencer): number => sequencer.health().publishedSize;

t.test('a checkpoint is published with 2 of 3 cosignatures; without them the log goes on and says so', async (t) => {
  const dir = t.testdir();
  const data = join(dir, 'data');
  const alerts: SequencerAlert[] = [];
  const first = await fill(data, 50);
  const { all, setup } = await three(dir, data);
  const [w1, w2, w3] = all;
  if (w1 === undefined || w2 === undefined || w3 === undefined) return;
  await w3.stop();
  const policy = { witnesses: all.map(({ cosigner }) => cosigner), required: 2 };
  const sequencer = sequencerOf(data, { witnesses: setup, onAlert: (alert) => alerts.push(alert) });
  t.same(lookupReceipt(data, first[0] ?? ''), { kind: 'not_yet' });
  t.match(await verifyLog({ logDir: auditLayout(data).log, dataDir: data, witnesses: policy }), {
    ok: false,
    fault: /no checkpoint is published/,
  });
  t.same(await sequencer.runOnce(), { added: 50, size: 50 });
  t.ok(await until(() => publishedBy(sequencer) === 50), 'published within 10 s');
  t.match(await verifyLog({ logDir: auditLayout(data).log, dataDir: data, witnesses: policy }), {
    ok: true,
    size: 50,
    publishedSize: 50,
    cosignedBy: ['w1.test', 'w2.test'],
  });
  t.match(await verifyLog({ logDir: auditLayout(data).log, witnesses: { ...policy, required: 3 } }), {
    ok: false,
    fault: /cosigned by 2/,
  });
  t.match(await verifyLog({ logDir: auditLayout(data).log, witnesses: witnessPolicy([w3.cosigner.vkey]) }), {
    ok: false,
    fault: /cosigned by 0/,
  });
  t.ok(
    await until(() =>
      alerts.some((alert) => alert.kind === 'witness' && alert.witness === 'w3.test' && alert.state === 'unreachable'),
    ),
  );

  await w2.stop();
  const [later = ''] = await fill(data, 70, 'w2');
  t.same(await sequencer.runOnce(), { added: 70, size: 120 }, 'integration goes on');
  t.ok(await until(() => sequencer.health().witnesses.filter(({ state }) => state === 'unreachable').length === 2));
  t.match(sequencer.health(), { size: 120, publishedSize: 50, publishedAt: Number, required: 2 });
  t.same(lookupReceipt(data, later), { kind: 'not_yet' });
  t.match(lookupReceipt(data, first[0] ?? ''), { kind: 'logged' });
  t.match(await verifyLog({ logDir: auditLayout(data).log, dataDir: data, witnesses: policy }), {
    ok: true,
    size: 120,
    publishedSize: 50,
  });

  // another one comes back, not the one that went: it cosigns from what it has, which is nothing
  await w3.start();
  t.ok(await until(() => publishedBy(sequencer) === 120), 'published within 10 s of a second witness');
  const found = lookupReceipt(data, later);
  if (found.kind !== 'logged' || found.salt === undefined) return t.fail('the receipt is not logged');
  const proved = verifyProof(
    found.proof,
    commitmentOf(found.salt, Buffer.from(found.body)),
    ORIGIN,
    [signersOf(data).log],
    policy,
  );
  t.same(
    proved.cosigned.map(({ name }) => name),
    ['w1.test', 'w3.test'],
    'the receipt carries the cosignatures',
  );
  t.throws(
    () =>
      verifyProof(
        found.proof,
        commitmentOf(found.salt ?? Buffer.alloc(0), Buffer.from(found.body)),
        ORIGIN,
        [signersOf(data).log],
        { ...policy, required: 3 },
      ),
    { code: 'log_invalid' },
  );

  const file = join(dir, 'receipt.json');
  writeFileSync(file, JSON.stringify({ ...found, salt: found.salt.toString('base64') }));
  const keys = [
    '--vkey',
    signersOf(data).log.vkey,
    '--witness',
    w1.cosigner.vkey,
    '--witness',
    w2.cosigner.vkey,
    '--witness',
    w3.cosigner.vkey,
  ];
  t.match(yitong('audit', 'receipt', '--verify', file, ...keys, '--required', '2'), {
    status: 0,
    out: /cosigned by w3.test/,
  });
  t.match(yitong('audit', 'receipt', '--verify', file, ...keys), { status: 1, out: /cosigned by 2 of the witnesses/ });
  writeFileSync(
    file,
    JSON.stringify({ ...found, body: found.body.replace('credit', 'kredit'), salt: found.salt.toString('base64') }),
  );
  t.match(yitong('audit', 'receipt', '--verify', file, ...keys, '--required', '2'), {
    status: 1,
    out: /does not lead to the root/,
  });

  // the third comes back as well: what is published gets its cosignature too
  await w2.start();
  t.ok(await until(() => readFileSync(join(auditLayout(data).log, 'checkpoint'), 'utf8').includes('— w2.test ')));
  t.match(yitong('audit', 'verify', '--data', data, ...keys), {
    status: 0,
    out: /120 entries is cosigned by w1.test, w3.test, w2.test|120 entries is cosigned by w1.test, w2.test, w3.test/,
  });
  await sequencer.stop();
  for (const one of all) await one.stop();
});

t.test('a log that was taken back is not cosigned and not published again', async (t) => {
  const dir = t.testdir();
  const data = join(dir, 'data');
  await fill(data, 40);
  const { all, setup } = await three(dir, data);
  const run = async (more: Partial<Parameters<typeof sequencerOf>[1]> = {}): Promise<Sequencer> => {
    const sequencer = sequencerOf(data, { witnesses: setup, ...more });
    await sequencer.runOnce();
    return sequencer;
  };
  await (await run()).stop(10_000);
  cpSync(data, join(dir, 'backup'), { recursive: true });
  await fill(data, 40);
  await (await run()).stop(10_000);
  t.match(
    await verifyLog({
      logDir: auditLayout(data).log,
      dataDir: data,
      witnesses: { witnesses: all.map(({ cosigner }) => cosigner), required: 2 },
    }),
    { ok: true, publishedSize: 80 },
  );

  // the operator restores an old copy, and other entries come
  rmSync(data, { recursive: true });
  cpSync(join(dir, 'backup'), data, { recursive: true });
  const alerts: SequencerAlert[] = [];
  await fill(data, 20, 'w2', 500);
  const rolledBack = await run({ onAlert: (alert) => alerts.push(alert) });
  t.ok(
    await until(
      () =>
        alerts.filter(
          (alert) =>
            alert.kind === 'witness' && /has cosigned 80 entries of this log, which has 60 here/.test(alert.reason),
        ).length === 3,
    ),
  );
  await fill(data, 20, 'w2', 600);
  await rolledBack.runOnce();
  t.ok(
    await until(() =>
      rolledBack.health().witnesses.every(({ reason }) => /another tree of 80 entries: a fork/.test(reason ?? '')),
    ),
    JSON.stringify(rolledBack.health()),
  );
  await fill(data, 20, 'w2', 700);
  await rolledBack.runOnce();
  t.ok(await until(() => rolledBack.health().witnesses.every(({ reason }) => /did not grow/.test(reason ?? ''))));
  t.equal(publishedBy(rolledBack), 40, 'the world still sees what was cosigned');
  t.ok(all.every(({ suspicions }) => suspicions.length > 0));
  await rolledBack.stop();
  for (const one of all) await one.stop();
});

t.test('a witness behind TLS is asked only if its certificate is of the authorities named', async (t) => {
  const dir = t.testdir();
  const data = join(dir, 'data');
  await fill(data, 5);
  await initPki(join(dir, 'pki'));
  const { cert, key } = await issueServer(join(dir, 'pki'));
  const running = await runWitness(dir, 'w1', signersOf(data).log, {
    cert: readFileSync(cert, 'utf8'),
    key: readFileSync(key, 'utf8'),
  });
  t.match(running.url, /^https:/);
  const stranger = sequencerOf(data, { witnesses: { witnesses: [running.address], required: 1 } });
  await stranger.runOnce();
  t.ok(await until(() => stranger.health().witnesses[0]?.state === 'unreachable'));
  await stranger.stop();
  const sequencer = sequencerOf(data, {
    witnesses: {
      witnesses: [{ ...running.address, ca: readFileSync(join(dir, 'pki', 'ca.pem'), 'utf8') }],
      required: 1,
    },
  });
  await sequencer.runOnce();
  t.ok(await until(() => publishedBy(sequencer) === 5));
  await sequencer.stop();
  await running.stop();
});

t.test('a promise that was not kept is evidence', async (t) => {
  const data = t.testdir();
  await fill(data, 3);
  const journal = await journalOf(data);
  const bodySha256 = createHash('sha256').update('{"datasets":[]}').digest('base64url');
  const kept = await journal.append({
    clear: `{"type":"released","time":"2026-01-01T00:00:00.000Z","bodySha256":"${bodySha256}"}`,
  });
  await journal.close();
  const sequencer = sequencerOf(data);
  await sequencer.runOnce();
  await sequencer.stop();
  // what the sequencer will never see: a journal that is thrown away after its answer went out
  const other = join(data, 'other');
  cpSync(join(data, 'keys'), join(other, 'keys'), { recursive: true });
  const hidden = await journalOf(other);
  const broken = await hidden.append({ clear: '{"type":"released","time":"2026-01-01T00:00:00.000Z"}' });
  await hidden.close();
  const past = await journalOf(other, 'w2', -1000);
  const old = await past.append({ clear: '{"type":"released","time":"2026-01-01T00:00:00.000Z"}' });
  await past.close();

  const ask = (json: string): { status: number | null; out: string } => {
    writeFileSync(join(data, 'promise.json'), json);
    return yitong('audit', 'verify', '--log', auditLayout(data).log, '--promise', join(data, 'promise.json'));
  };
  t.match(ask(kept.json), { status: 0, out: /kept: entry 3 of the log/ });
  t.match(ask(`{"datasets":[],"receipt":${kept.json}}`), { status: 0, out: /kept/ }, 'a whole answer');
  t.match(
    ask(`{"datasets":[1],"receipt":${kept.json}}`),
    { status: 1, out: /does not verify: it is not of this answer/ },
    'the promise beside another answer',
  );
  t.match(ask(broken.json), { status: 0, out: /not in the published log yet/ });
  t.match(ask(old.json), { status: 1, out: /broken: `replica-1.test` signed that/ });
  t.match(ask(old.json.replace(/"mergeBy":"20../, '"mergeBy":"2126')), { status: 1, out: /does not verify/ });
  t.match(ask(kept.json.replace(/"seq":\d+/, '"seq":1')), { status: 1, out: /does not verify/ });
});
