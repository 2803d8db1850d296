import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import t from 'tap';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { signCheckpoint } from '../../gateway/log/proof/checkpoint.js';
import { parseWitnessVkey } from '../../gateway/log/proof/cosignature.js';
import { consistencyProof, EMPTY_ROOT } from '../../gateway/log/proof/merkle.js';
import { ephemeralSigner } from '../../gateway/log/store/signer.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { fill, sequencerOf, signersOf } from './filled.js';
import { buildForeign, flips, foreignCases, foreignLog, goMissing, publishLog, runForeign } from './foreign.js';
import { tree } from './trees.js';
import { runWitness } from './witnesses.js';

const missing = goMissing();
if (missing !== undefined) {
  if (process.env['CI'] === 'true') t.fail(missing);
  else t.pass('verifiers of others accept our log', { skip: missing });
} else {
  const binary = buildForeign(t.testdir());

  t.test('x/mod and transparency-dev accept each of our proofs at sizes 1 to 1,000', async (t) => {
    const { sizes, inclusions, consistencies } = (await foreignCases(binary, 1000, 97)) as {
      sizes: number;
      inclusions: number;
      consistencies: number;
    };
    t.equal(sizes, 1000);
    t.ok(inclusions > 5000 && consistencies > 5000, `${inclusions} of inclusion, ${consistencies} of consistency`);
  });

  t.test('they accept a cosigned log, and a flipped bit anywhere is found by them and by us', async (t) => {
    const log = await publishLog(t.testdir(), 700);
    t.same(await foreignLog(binary, log, 200, flips(log, 60)), {
      theirs: { size: 700, proofs: 200, found: 60, missed: [] },
      ours: 60,
    });
  });

  t.test('their client understands what our witness answers', async (t) => {
    const log = ephemeralSigner('log.test/client');
    const honest = tree(40);
    const other = tree(40, (n) => Buffer.alloc(32, n));
    const running = await runWitness(t.testdir(), 'w1', log);
    const ask = (old: number, size: number, of = honest, signer = log, origin = log.name): unknown => ({
      old,
      checkpoint: Buffer.from(signCheckpoint({ origin, size, root: of.roots[size] ?? EMPTY_ROOT }, [signer])).toString(
        'base64',
      ),
      proof: old > size ? [] : consistencyProof(old, size, of.nodesAt(size)).map((hash) => hash.toString('base64')),
    });
    const answers = (await runForeign(
      binary,
      ['client', running.url],
      [
        ask(0, 10),
        ask(10, 25),
        ask(10, 30),
        ask(25, 25),
        ask(25, 25, other),
        ask(25, 30, other),
        ask(26, 25),
        ask(25, 30, honest, ephemeralSigner(log.name)),
        ask(25, 30, honest, log, 'log.test/none'),
        ask(25, 30),
      ],
    )) as { answer: string; size?: number }[];
    t.same(
      answers.map(({ answer }) => answer),
      [
        'cosigned',
        'cosigned',
        'stale',
        'cosigned',
        'stale',
        'invalid-proof',
        'old-size',
        'no-signature',
        'unknown-log',
        'cosigned',
      ],
    );
    t.equal(answers[2]?.size, 25);
    await running.stop();
  });

  t.test('their witness cosigns our log as it grows', async (t) => {
    const data = t.testdir();
    const { log } = signersOf(data);
    const child = spawn(binary, ['witness', 'theirs.test/w', log.vkey], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { url, vkey } = JSON.parse(String((await lines.next()).value)) as { url: string; vkey: string };
    const verifier = parseWitnessVkey(vkey);
    for (const [count, size] of [
      [300, 300],
      [1, 301],
      [520, 821],
    ] as const) {
      await fill(data, count);
      // a new start each time: it must learn from the witness, or from what is published, where to go on
      const sequencer = sequencerOf(data, { witnesses: { witnesses: [{ verifier, url }], required: 1 } });
      await sequencer.runOnce();
      await sequencer.stop(10_000);
      t.match(
        await verifyLog({
          logDir: auditLayout(data).log,
          dataDir: data,
          witnesses: { witnesses: [verifier], required: 1 },
        }),
        { ok: true, publishedSize: size, cosignedBy: ['theirs.test/w'] },
      );
    }
    child.stdin.end();
    await new Promise((resolve) => child.once('exit', resolve));
  });
}
