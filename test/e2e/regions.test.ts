/**
 * Two gateways and two roots (跨省通办): a question that is allowed, denied by either side, on its way while the other is
 * away, and after the region was called back; both logs prove the same transaction, and each can show what the other
 * did without asking it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { Receipt } from '../../contracts/client.js';
import uscc from '../../contracts/subjects/uscc.js';
import { verifyAnswer, verifyPromise } from '../../gateway/client/index.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { readVkey } from '../../gateway/log/store/vkey.js';
import { until } from './ask.js';
import { entries, run } from './command.js';
import {
  type Installation,
  installation,
  introduce,
  type Json,
  post,
  put,
  read,
  type Said,
  stream,
} from './regions.js';

t.setTimeout(240_000);

const dir = t.testdir();
const SHOP = 'uscc:91990101MAEXA0001X';
const QUESTION = { purpose: 'permit-check', subject: SHOP, datasets: [{ id: 'office.shops' }] };

/** Lets shops be verified too. */
async function verifiable(workspace: string): Promise<void> {
  const path = join(workspace, 'contracts/datasets/office/shops/contract.json');
  const contract = await read(path);
  await put(path, {
    ...contract,
    sharing: { ...(contract['sharing'] as Json), delivery: ['query', 'verify', 'batch'] },
  });
  const settings = await read(join(workspace, 'yitong.json'));
  await put(join(workspace, 'yitong.json'), { ...settings, gateway: { batchChunk: 1 } });
  await put(join(workspace, 'policies/clients/other-desk.json'), {
    ...(await read(join(workspace, 'policies/clients/front-desk.json'))),
    identity: { spiffe: 'spiffe://yitong.example/client/other-desk' },
  });
}

const [near, far] = await Promise.all([
  installation(t, dir, 'jiangdong', verifiable),
  installation(t, dir, 'jiangxi', verifiable),
]);
const inPki = ({ pki }: Installation, client: string): string => join(pki, 'clients', client);
const ask = (way: string, body: unknown, client = 'front-desk', requestId?: string): Promise<Said> =>
  post(near, inPki(near, client), `/v1/regions/jiangxi/${way}`, body, requestId);
/** As the gateway of `near` comes to the other one, below what it does by itself. */
const asGateway = (path: string, body?: unknown): Promise<Said> => post(far, inPki(near, 'region-gateway'), path, body);

const LINE = {
  clients: ['front-desk'],
  purposes: ['permit-check'],
  datasets: ['office.shops'],
  delivery: ['query', 'verify'],
  from: '2026-01-01',
  until: '2035-12-31',
  legalBasis: ['跨省通办协议（示例）第二条'],
};
const fileOf = (at: Installation, region: string): string => join(at.workspace, 'policies/regions', `${region}.json`);
const change = async (path: string, parts: Json): Promise<void> => put(path, { ...(await read(path)), ...parts });
const GRANT = join(far.workspace, 'policies/grants/jiangdong-shops.json');
const grant = {
  ...(await read(join(far.workspace, 'policies/grants/front-desk-shops.json'))),
  client: 'region-jiangdong',
  fields: ['uscc', 'name'],
  delivery: ['query', 'verify', 'batch'],
  batchLimit: 10_000,
};
const codeOf = ({ body }: Said): unknown => body['code'] ?? 'ok';

t.test('before any file is exchanged nobody comes in, and nobody asks', async (t) => {
  t.match(await ask('query', QUESTION), { status: 403, body: { code: 'denied', by: 'here', reason: 'not_granted' } });
  t.equal(codeOf(await asGateway('/v1/query', QUESTION)), 'certificate_untrusted');
});

t.test('a file that was changed on its way, or comes with another key, is not taken', async (t) => {
  const file = join(dir, 'changed.json');
  const exported = await run('region', 'export', '--workspace', far.workspace, '--data', far.data, '--json');
  const offer = JSON.parse(exported.stdout) as Json & { readonly log: { readonly vkey: string } };
  const accept = (vkey: string) =>
    run('region', 'accept', file, '--workspace', near.workspace, '--authority', 'office', '--vkey', vkey);
  writeFileSync(file, JSON.stringify({ ...offer, api: ['https://elsewhere.example'] }));
  t.match(await accept(offer.log.vkey), { code: 2, stderr: /changed after it was exported/ });
  writeFileSync(file, JSON.stringify(offer));
  const own = readVkey(near.data);
  t.match(await accept(own), { code: 2, stderr: /another key of the log/ });
});

t.test('one file each way, and what is decided beside it', async () => {
  await introduce(far, near);
  await introduce(near, far);
  await change(fileOf(near, 'jiangxi'), { asks: [LINE] });
});

t.test('denied by the far side, which says so under its own receipt', async (t) => {
  const said = await until(
    'the far side to be asked',
    () => ask('query', QUESTION),
    ({ body }) => body['by'] === 'jiangxi' && body['code'] === 'denied',
  );
  t.equal(said.status, 403);
  t.match(said.body, {
    said: 'denied',
    answer: { code: 'denied', datasets: [{ reason: 'not_granted' }], receipt: {} },
  });
});

const ID = 'transaction-1';
let answered: Said;
t.test('allowed by both: the answer with both receipts, and only what the far side grants', async (t) => {
  await put(GRANT, grant);
  answered = await until(
    'an answer',
    () => ask('query', QUESTION, 'front-desk', ID),
    ({ status }) => status === 200,
  );
  const { answer, region } = answered.body as unknown as { readonly region: string; readonly answer: Json };
  t.equal(region, 'jiangxi');
  t.equal(answer['requestId'], ID);
  const [dataset] = answer['datasets'] as { status: string; records: { record: Json }[] }[];
  t.match(dataset, { status: 'current' });
  t.same(Object.keys(dataset?.records[0]?.record ?? {}).sort(), ['name', 'uscc']);
});

t.test('a verification goes the same way', async (t) => {
  const claims = [{ dataset: 'office.shops', field: 'name', value: 'no such shop' }];
  const said = await ask('verify', { purpose: 'permit-check', subject: SHOP, claims });
  t.match(said, { status: 200, body: { answer: { claims: [{ result: 'mismatch' }] } } });
});

t.test('denied here: nothing leaves, whoever may not ask', async (t) => {
  const before = (await entries(far.data, '--type', 'released')).length;
  t.match(await ask('query', QUESTION, 'other-desk'), { status: 403, body: { by: 'here', reason: 'not_granted' } });
  await change(fileOf(near, 'jiangxi'), { asks: [{ ...LINE, until: '2026-01-02' }] });
  await until(
    'the term to be over',
    () => ask('query', QUESTION),
    ({ body }) => body['by'] === 'here' && body['reason'] === 'grant_expired',
  );
  const asked = (await entries<Json>(near.data, '--type', 'region')).filter(({ step }) => step === 'denied');
  t.ok(asked.length >= 2, 'on record');
  await change(fileOf(near, 'jiangxi'), { asks: [LINE] });
  await until(
    'the line',
    () => ask('query', QUESTION),
    ({ status }) => status === 200,
  );
  t.ok(before >= 1);
});

t.test('the gateway of a region asks, for somebody, and does nothing else', async (t) => {
  t.equal(codeOf(await asGateway('/v1/query', QUESTION)), 'bad_request', 'it must say for whom');
  t.equal(codeOf(await asGateway('/v1/catalogue')), 'not_for_regions');
  t.equal(codeOf(await asGateway('/v1/regions/jiangdong/query', QUESTION)), 'not_for_regions', 'not on through us');
  const asker = { client: 'front-desk', authority: 'office', legalBasis: ['x'] };
  t.equal(codeOf(await post(far, inPki(far, 'front-desk'), '/v1/query', { ...QUESTION, asker })), 'bad_request');
  t.equal(
    codeOf(await post(far, inPki(near, 'front-desk'), '/v1/query', QUESTION)),
    'client_unknown',
    'clients of the region are nobody here, also where one of ours has their name',
  );
});

t.test('both logs prove the same transaction, and each side shows what the other did', async (t) => {
  const { answer, receipt } = answered.body as unknown as {
    readonly answer: { readonly receipt: Receipt };
    readonly receipt: Receipt;
  };
  const vkeys = ({ data }: Installation): readonly string[] => {
    const folder = join(auditLayout(data).log, 'replicas');
    return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8').trim());
  };
  verifyAnswer(answered.bytes, vkeys(near));
  const text = answered.bytes.toString('utf8');
  const theirs = Buffer.from(text.slice(text.indexOf('"answer":') + 9, text.lastIndexOf(',"receipt":')));
  verifyAnswer(theirs, vkeys(far));
  t.throws(() => verifyAnswer(theirs, vkeys(near)), { code: 'log_invalid' }, 'by its own keys only');

  const [ours] = (await entries<Json>(near.data, '--type', 'region')).filter(
    ({ requestId, step }) => requestId === ID && step === 'answered',
  );
  const noted = ours?.['theirs'] as { readonly receipt: string; readonly answerSha256: string };
  const held = JSON.parse(noted.receipt) as Receipt;
  t.same(held, answer.receipt, 'our log holds their promise');
  t.equal(verifyPromise(held, vkeys(far)).bodySha256, noted.answerSha256);
  const [there] = (await entries<Json>(far.data, '--type', 'released')).filter(({ requestId }) => requestId === ID);
  t.match(there, {
    client: 'region-jiangdong',
    asker: { client: 'front-desk', authority: 'office', legalBasis: LINE.legalBasis },
    bodySha256: noted.answerSha256,
  });

  for (const [at, id] of [
    [near, receipt],
    [far, answer.receipt],
  ] as const) {
    const verified = await run('audit', 'verify', '--data', at.data);
    t.equal(verified.code, 0, verified.stdout);
    const own = await until(
      'the entry in the log',
      () => run('audit', 'receipt', `${id.journal}:${String(id.seq)}`, '--data', at.data, '--json'),
      ({ code }) => code === 0,
    );
    const file = join(dir, `${at.region}.receipt.json`);
    writeFileSync(file, own.stdout);
    const vkey = readVkey(at.data);
    const offline = await run('audit', 'receipt', '--verify', file, '--vkey', vkey);
    t.equal(offline.code, 0, offline.stdout);
    t.match(offline.stdout, ID);
  }
  // the near side gets the proof from the far log itself, and checks it with the key of the file that was exchanged
  const { receipt: promise } = answer;
  const proof = await until(
    'the proof over the wire',
    () => asGateway(`/v1/receipts/${promise.journal}:${String(promise.seq)}`),
    ({ body }) => body['state'] === 'logged',
  );
  const file = join(dir, 'over-the-wire.json');
  writeFileSync(file, proof.bytes);
  const { offer } = (await read(fileOf(near, 'jiangxi'))) as unknown as { offer: { log: { vkey: string } } };
  t.equal((await run('audit', 'receipt', '--verify', file, '--vkey', offer.log.vkey)).code, 0);
});

t.test('the far side away, then back', async (t) => {
  await far.road.cut();
  const away = await ask('query', QUESTION);
  t.match(away, { status: 503, body: { code: 'region_unavailable', by: 'jiangxi' } });
  t.ok(Number(away.headers['retry-after']) >= 1, 'it says when to ask again');
  await far.road.mend();
  await until(
    'an answer again',
    () => ask('query', QUESTION),
    ({ status }) => status === 200,
  );
  const steps = (await entries<Json>(near.data, '--type', 'region')).filter(({ step }) => step === 'unavailable');
  t.ok(steps.length >= 1, 'on record, with how often it was sent');
  t.match(steps.at(-1), { attempts: Number });
});

t.test('a region that is called back while it streams: the stream ends, on record', async (t) => {
  const asker = { client: 'front-desk', authority: 'office', legalBasis: LINE.legalBasis };
  const subjects = Array.from({ length: 10_000 }, (_, n) => `uscc:${uscc.make(n)}`);
  const { lines, ms } = await stream(
    far,
    inPki(near, 'region-gateway'),
    { purpose: 'permit-check', subjects, datasets: [{ id: 'office.shops' }], asker },
    'streamed-1',
    () => change(fileOf(far, 'jiangdong'), { status: 'suspended' }),
  );
  const came = lines.filter((line) => 'subject' in line).length;
  t.comment(`${String(ms)} ms after the act; ${String(came)} of 10000 subjects were answered`);
  t.match(lines.at(-1), { problem: { code: 'client_suspended' } });
  t.ok(came < 10_000);
  const denials = await until(
    'its entry',
    async () =>
      (await entries<Json>(far.data, '--type', 'released', '--client', 'region-jiangdong')).filter(
        ({ requestId, datasets }) =>
          requestId === 'streamed-1' && (datasets as { effect: string }[])[0]?.effect === 'deny',
      ),
    (found) => found.length > 0,
  );
  t.match(denials, [{ asker: { client: 'front-desk' }, datasets: [{ reason: 'client_suspended' }] }]);
  await change(fileOf(far, 'jiangdong'), { status: 'active' });
  await until(
    'it to be in again',
    () => ask('query', QUESTION),
    ({ status }) => status === 200,
  );
});

/** How long until the far side is out, or in again. */
async function took(what: string, act: () => Promise<unknown>, is: (said: Said) => boolean): Promise<number> {
  await act();
  const begun = performance.now();
  await until(what, () => ask('query', QUESTION), is);
  return Math.round(performance.now() - begun);
}

t.test('a region that is called back is out within seconds, on either side', async (t) => {
  const there = await took(
    'the far side to refuse',
    () => change(fileOf(far, 'jiangdong'), { status: 'suspended' }),
    ({ status, body }) => status === 502 && body['code'] === 'region_refused' && body['said'] === 'client_suspended',
  );
  await took(
    'the far side to answer again',
    () => change(fileOf(far, 'jiangdong'), { status: 'active' }),
    ({ status }) => status === 200,
  );
  const here = await took(
    'this side to refuse',
    () => change(fileOf(near, 'jiangxi'), { status: 'suspended' }),
    ({ body }) => body['by'] === 'here' && body['reason'] === 'grant_suspended',
  );
  t.comment(`suspended there: ${String(there)} ms; here: ${String(here)} ms`);
  await change(fileOf(near, 'jiangxi'), { status: 'active' });
  const gone = await took(
    'a stranger',
    () => Promise.all([rm(fileOf(far, 'jiangdong')), rm(GRANT)]),
    ({ body }) => body['said'] === 'certificate_untrusted',
  );
  t.comment(`taken away: ${String(gone)} ms`);
});
