import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { formatAddCheckpoint } from '../../gateway/log/proof/add-checkpoint.js';
import { parseCheckpoint, signCheckpoint } from '../../gateway/log/proof/checkpoint.js';
import { cosignersOf, openCosigner, parseWitnessVkey, witnessPolicy } from '../../gateway/log/proof/cosignature.js';
import { consistencyProof, EMPTY_ROOT } from '../../gateway/log/proof/merkle.js';
import {
  openNote,
  parseNote,
  parseSignatureLine,
  parseVkey,
  type Signer,
  signNote,
} from '../../gateway/log/proof/note.js';
import { ephemeralSigner, openSigner } from '../../gateway/log/store/signer.js';
import { openWitness, originHash, type Witness } from '../../gateway/log/witness/witness.js';
import { entry, type GrownTree, tree } from './trees.js';
import { runWitness } from './witnesses.js';

const log = ephemeralSigner('log.test/witnessed');
const honest = tree(300);
const forked = tree(300, (n) => (n < 100 ? entry(n) : createHash('sha256').update(`another ${n}`).digest()));
const at = (list: readonly Buffer[], n: number): Buffer => list[n] ?? EMPTY_ROOT;

interface Ask {
  readonly old: number;
  readonly size: number;
  readonly of?: GrownTree;
  readonly proof?: readonly Buffer[];
  readonly signers?: readonly Signer[];
  readonly origin?: string;
}
const request = ({ old, size, of = honest, proof, signers = [log], origin = log.name }: Ask): Buffer =>
  formatAddCheckpoint({
    old,
    proof: proof ?? (old <= size ? consistencyProof(old, size, of.nodesAt(size)) : []),
    checkpoint: signCheckpoint({ origin, size, root: at(of.roots, size) }, signers),
  });

t.test('a witness answers as tlog-witness says, and cosigns nothing but growth', async (t) => {
  const running = await runWitness(t.testdir(), 'w1', log);
  t.teardown(() => running.stop());
  const post = async (body: Buffer): Promise<{ status: number; type: string | null; text: string }> => {
    const response = await fetch(`${running.url}/add-checkpoint`, { method: 'POST', body: new Uint8Array(body) });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  const monitored = (): Promise<Response> => fetch(`${running.url}/${originHash(log.name)}/checkpoint`);
  t.equal((await monitored()).status, 404);
  t.equal(
    (await post(request({ old: 0, size: 0, of: { ...honest, roots: [entry(1)] } }))).status,
    422,
    'the empty tree has one root',
  );
  t.match(
    await post(request({ old: 7, size: 100 })),
    { status: 409, type: 'text/x.tlog.size', text: '0\n' },
    'it says what it has',
  );

  const first = await post(request({ old: 0, size: 100 }));
  t.equal(first.status, 200);
  const note = signCheckpoint({ origin: log.name, size: 100, root: at(honest.roots, 100) }, [log]);
  const cosigned = openNote(Buffer.from(note + first.text), [running.cosigner]);
  const [who] = cosignersOf(cosigned, [running.cosigner]);
  t.equal(who?.name, 'w1.test');
  t.ok(Math.abs((who?.time ?? 0) - Date.now() / 1000) < 60);
  t.throws(
    () => cosignersOf(parseNote(Buffer.from(note.replace('\n100\n', '\n101\n') + first.text)), [running.cosigner]),
    { code: 'log_invalid' },
  );

  t.equal((await post(request({ old: 100, size: 200 }))).status, 200);
  t.equal((await post(request({ old: 200, size: 200 }))).status, 200, 'the same again: another cosignature of it');
  t.match(await post(request({ old: 100, size: 200 })), { status: 409, type: 'text/x.tlog.size', text: '200\n' });
  t.match(await post(request({ old: 0, size: 150 })), { status: 409, text: '200\n' }, 'a rollback');
  t.equal((await post(request({ old: 200, size: 150 }))).status, 400, 'old above size');
  t.match(
    await post(request({ old: 200, size: 200, of: forked })),
    { status: 409, type: 'text/x.tlog.size', text: '200\n' },
    'a fork at equal size',
  );
  t.equal((await post(request({ old: 200, size: 300, of: forked }))).status, 422, 'a fork that went on');
  t.equal(
    (await post(request({ old: 200, size: 300, of: forked, proof: consistencyProof(200, 300, honest.nodesAt(300)) })))
      .status,
    422,
  );
  t.equal((await post(request({ old: 200, size: 300, proof: [] }))).status, 422, 'no proof');
  t.equal(
    (await post(request({ old: 200, size: 300, signers: [ephemeralSigner(log.name)] }))).status,
    403,
    'an unknown key',
  );
  const whole = request({ old: 200, size: 300 });
  // the last character before the padding holds bits of the signature
  const broken = Buffer.from(whole);
  broken[broken.length - 20] = broken[broken.length - 20] === 0x41 ? 0x42 : 0x41;
  t.equal((await post(broken)).status, 403, 'a wrong signature of a known key');
  t.equal((await post(request({ old: 200, size: 300, origin: 'log.test/other' }))).status, 404);
  for (const malformed of [
    '',
    'old 200\n',
    whole.toString().replace('old 200', 'old 0200'),
    whole.toString().replace('old 200', 'old x'),
    whole.toString().replace('\n\n', '\nAAAA\n\n'),
    whole.toString().replace('\n300\n', '\n0300\n'),
    `${'A'.repeat(43)}=\n`.repeat(64),
  ]) {
    t.equal((await post(Buffer.from(malformed))).status, 400, malformed.slice(0, 20));
  }
  t.equal(
    (
      await post(
        Buffer.from(whole.toString().replace('\n\n', `\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(60)}\n`)),
      )
    ).status,
    400,
    'more than 63 proof lines',
  );
  t.equal((await post(Buffer.alloc(1 << 20))).status, 413);
  t.equal(running.suspicions.length, 4, 'what tells of a fork is said to the operator');

  t.equal((await post(whole)).status, 200, 'growth is still cosigned');
  const served = await monitored();
  t.equal(served.headers.get('content-type'), 'text/plain; charset=utf-8');
  const text = await served.text();
  t.equal(parseCheckpoint(openNote(Buffer.from(text), [log]).text).size, 300);
  t.equal(cosignersOf(parseNote(Buffer.from(text)), [running.cosigner]).length, 1);
});

t.test('a witness remembers over restarts, and two on one memory never cosign two histories', async (t) => {
  const dir = t.testdir();
  const running = await runWitness(dir, 'w1', log);
  t.equal(running.witness.addCheckpoint(request({ old: 0, size: 100 })).status, 200);
  t.throws(() => openWitness({ stateDir: running.stateDir, cosigner: running.cosigner, logs: [], now: Date.now }), {
    code: 'audit_unavailable',
  });
  await running.stop();
  await running.start();
  t.match(running.witness.addCheckpoint(request({ old: 0, size: 50 })), { status: 409, body: '100\n' });

  // the lock is lost: a second one starts on the same memory, and both are asked
  rmSync(join(running.stateDir, 'lock'));
  const second: Witness = openWitness({
    stateDir: running.stateDir,
    cosigner: running.cosigner,
    logs: [{ origin: log.name, keys: [log] }],
    now: Date.now,
  });
  t.equal(second.addCheckpoint(request({ old: 100, size: 200 })).status, 200);
  t.equal(
    running.witness.addCheckpoint(request({ old: 100, size: 200, of: forked })).status,
    503,
    'the fork began behind what it knew, and the other was first',
  );
  t.match(running.witness.addCheckpoint(request({ old: 100, size: 201 })), { status: 409, body: '200\n' });
  second.close();
  await running.stop();

  const other = openCosigner('w1.test', openSigner(join(dir, 'other.key'), 'w1.test').privateKey);
  t.throws(
    () =>
      openWitness({
        stateDir: running.stateDir,
        cosigner: other,
        logs: [{ origin: log.name, keys: [log] }],
        now: Date.now,
      }),
    { code: 'log_invalid' },
    'not with another key',
  );
  t.end();
});

t.test('cosigners are counted by key, and bad ones are refused', (t) => {
  const [a, b] = ['a.test', 'b.test'].map((name) => openCosigner(name, ephemeralSigner(name).privateKey));
  if (a === undefined || b === undefined) return t.end();
  const text = `${log.name}\n5\n${entry(5).toString('base64')}\n`;
  const signed = [log].map((one) => signNote(text, [one])).join('');
  const line = (who: typeof a, seconds: number): string => {
    const { name, keyId, signature } = who.cosign(Buffer.from(text), seconds);
    const id = Buffer.alloc(4);
    id.writeUInt32BE(keyId);
    return `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
  };
  t.equal(
    cosignersOf(parseNote(Buffer.from(signed + line(a, 5) + line(a, 6))), [a, b]).length,
    1,
    'one that signs twice counts once',
  );
  t.equal(
    cosignersOf(parseNote(Buffer.from(signed + line(a, 5) + line(b, 6))), [a]).length,
    1,
    'others are not counted',
  );
  t.equal(parseSignatureLine(line(a, 5).trimEnd()).signature.length, 72);
  t.equal(parseWitnessVkey(a.vkey).vkey, a.vkey);
  t.throws(() => parseWitnessVkey(log.vkey), { code: 'log_invalid', message: /type 1/ });
  t.throws(() => parseVkey(a.vkey), { code: 'log_invalid' });
  t.throws(() => witnessPolicy([a.vkey, a.vkey]), { code: 'bad_config' });
  const twin = openCosigner('twin.test', ephemeralSigner('x').privateKey);
  t.equal(witnessPolicy([a.vkey, twin.vkey]).required, 2);
  t.throws(() => witnessPolicy([a.vkey, b.vkey], 3), { code: 'bad_config' });
  t.end();
});

const main = new URL('../../gateway/cli/main.js', import.meta.url).pathname;

async function spawnWitness(dir: string): Promise<{ child: ChildProcess; url: string; vkey: string }> {
  const child = spawn(
    process.execPath,
    [main, 'witness', '--key', join(dir, 'w.key'), '--config', join(dir, 'witness.json'), '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const { url, vkey } = JSON.parse(line) as { url: string; vkey: string };
    return { child, url, vkey };
  }
  throw new Error('the witness ended before it was ready');
}

t.test('a witness that is killed at any time forgets nothing that it answered', async (t) => {
  const dir = t.testdir();
  const key = openSigner(join(dir, 'w.key'), 'w.test');
  const cosigner = openCosigner('w.test', key.privateKey);
  writeFileSync(
    join(dir, 'witness.json'),
    JSON.stringify({ name: 'w.test', state: 'state', port: 0, logs: [{ vkey: log.vkey }] }),
  );
  let answered = 0;
  for (let round = 0; round < 6; round++) {
    const { child, url, vkey } = await spawnWitness(dir);
    t.equal(vkey, cosigner.vkey);
    // what it has can be one more than what it could still answer
    const probe = await fetch(`${url}/add-checkpoint`, {
      method: 'POST',
      body: new Uint8Array(request({ old: 299, size: 299 })),
    });
    t.equal(probe.status, 409);
    const has = Number(await probe.text());
    t.ok(has >= answered, `has ${has}, answered ${answered}`);
    const exit = new Promise((resolve) => child.once('exit', resolve));
    setTimeout(() => child.kill('SIGKILL'), 15 + round * 23);
    for (let size = has + 1; size < 299; size++) {
      const response = await fetch(`${url}/add-checkpoint`, {
        method: 'POST',
        body: new Uint8Array(request({ old: size - 1, size })),
      }).catch(() => undefined);
      if (response === undefined) break;
      t.equal(response.status, 200);
      answered = size;
    }
    await exit;
  }
  t.ok(answered > 0);
});
