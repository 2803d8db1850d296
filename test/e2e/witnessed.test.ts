/**
 * A gateway whose witnesses are away answers as ever and says that its log waits; once they are back its receipts are
 * proved under their cosignatures.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openCosigner } from '../../gateway/log/proof/cosignature.js';
import { parseVkey } from '../../gateway/log/proof/note.js';
import { ephemeralSigner } from '../../gateway/log/store/signer.js';
import { serveWitness } from '../../gateway/log/witness/server.js';
import { openWitness } from '../../gateway/log/witness/witness.js';
import { freePort } from '../support/servers/ports.js';
import { ask, until } from './ask.js';
import { city, cli } from './city.js';

t.setTimeout(120_000);

interface Health {
  readonly ready: boolean;
  readonly log: {
    readonly size: number;
    readonly publishedSize: number;
    readonly behindSeconds: number;
    readonly required: number;
    readonly witnesses: readonly { readonly name: string; readonly state: string }[];
  };
}

t.test('without its witnesses the gateway goes on and says so; with 2 of 3 its receipts are proved', async (t) => {
  const dir = t.testdir();
  const workspace = join(dir, 'office');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const witnesses = await Promise.all(
    ['w1', 'w2', 'w3'].map(async (name) => ({
      name,
      port: await freePort(),
      cosigner: openCosigner(`${name}.test`, ephemeralSigner('k').privateKey),
    })),
  );
  const file = join(workspace, 'yitong.json');
  const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(
    file,
    JSON.stringify({
      ...settings,
      audit: {
        witnesses: witnesses.map(({ port, cosigner }) => ({ vkey: cosigner.vkey, url: `http://127.0.0.1:${port}` })),
        required: 2,
      },
    }),
  );

  const running = await city(t, { workspace });
  const health = async (): Promise<Health> => (await (await fetch(`${running.health}/health/ready`)).json()) as Health;
  const answer = await ask(running.api, running.pki, 'front-desk', {
    method: 'POST',
    path: '/v1/query',
    body: { purpose: 'permit-check', subject: 'uscc:91990101MAEXA0001X', datasets: [{ id: 'office.shops' }] },
  });
  t.equal(answer.status, 200, `an answer does not wait for witnesses: ${answer.text.slice(0, 300)}`);
  const { receipt } = JSON.parse(answer.text) as { receipt: { journal: string; seq: number } };
  const id = `${receipt.journal}:${receipt.seq}`;
  const proved = async (): Promise<{ state: string }> =>
    JSON.parse((await ask(running.api, running.pki, 'front-desk', { path: `/v1/receipts/${id}` })).text) as {
      state: string;
    };
  const waiting = await until(
    'the log that waits',
    health,
    ({ log }) => log.size > 0 && log.behindSeconds >= 1 && log.witnesses.every(({ state }) => state === 'unreachable'),
  );
  t.match(waiting, { ready: true, log: { publishedSize: 0, required: 2 } });
  t.same(await proved(), { id, state: 'not_yet' });
  const metrics = await (await fetch(`${running.health}/metrics`)).text();
  t.match(metrics, /yitong_log_behind_seconds \d/);
  t.match(metrics, /yitong_witness_up\{witness="w1\.test",state="unreachable"\} 0/);

  const log = parseVkey(readFileSync(join(running.data, 'log', 'vkey'), 'utf8'));
  const servers = await Promise.all(
    witnesses.slice(0, 2).map(async ({ name, port, cosigner }) => {
      const witness = openWitness({
        stateDir: join(dir, name),
        cosigner,
        logs: [{ origin: log.name, keys: [log] }],
        now: Date.now,
      });
      const server = await serveWitness(witness, { host: '127.0.0.1', port, tls: undefined });
      return { close: () => server.close().then(() => witness.close()) };
    }),
  );
  await until('a cosigned receipt', proved, ({ state }) => state === 'logged', 10_000);
  const caught = await until('the published log', health, ({ log: now }) => now.size === now.publishedSize);
  t.match(
    caught.log.witnesses.map(({ state }) => state),
    ['cosigned', 'cosigned', 'unreachable'],
  );

  const kept = join(dir, 'receipt.json');
  writeFileSync(kept, JSON.stringify(await proved()));
  const named = witnesses.flatMap(({ cosigner }) => ['--witness', cosigner.vkey]);
  t.match(
    execFileSync(
      process.execPath,
      [cli, 'audit', 'receipt', '--verify', kept, '--vkey', log.vkey, ...named, '--required', '2'],
      { encoding: 'utf8' },
    ),
    /verified: entry \d+/,
  );
  writeFileSync(kept, answer.text);
  t.match(
    execFileSync(
      process.execPath,
      [
        cli,
        'audit',
        'verify',
        '--log',
        join(running.data, 'log'),
        '--vkey',
        log.vkey,
        ...named,
        '--required',
        '2',
        '--promise',
        kept,
      ],
      { encoding: 'utf8' },
    ),
    /the promise is kept/,
  );
  await running.stop();
  t.match(
    execFileSync(process.execPath, [cli, 'audit', 'verify', '--data', running.data, ...named, '--required', '2'], {
      encoding: 'utf8',
    }),
    /cosigned by w1\.test, w2\.test/,
  );
  for (const server of servers) await server.close();
});
