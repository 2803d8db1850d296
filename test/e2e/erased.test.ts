/** No file but the records themselves, no metric and no line of a log names a company; and one that is erased is found by nothing. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { packageRoot } from '../../gateway/cli/places.js';
import { ask } from './ask.js';
import { city, cli } from './city.js';
import { companies, stories } from './stories.js';

t.setTimeout(300_000);
const DATASET = 'samr.company-register';
/** What holds the records: the embedded bus, the view of it, what connectors know of their sources, rows that break their contract. They are what is shared, not what is said about it. */
const RECORDS = new Set(['bus', 'view', 'connectors', 'spool', 'quarantine']);

function put(file: string, content: object): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(content));
}

/** How a subject could stand in a file without a key that only this data folder has. */
function spellings(subject: string): Map<string, Buffer> {
  const key = subject.slice(subject.indexOf(':') + 1);
  const all = new Map<string, Buffer>();
  for (const [what, word] of [['subject', subject], ['key', key]] as const) {
    const digest = createHash('sha256').update(word).digest();
    all.set(what, Buffer.from(word));
    all.set(`${what}, lower case`, Buffer.from(word.toLowerCase()));
    all.set(`${what}, UTF-16`, Buffer.from(word, 'utf16le'));
    all.set(`${what}, its bytes in hexadecimal`, Buffer.from(Buffer.from(word).toString('hex')));
    all.set(`${what}, digest`, digest);
    all.set(`${what}, digest in hexadecimal`, Buffer.from(digest.toString('hex')));
    all.set(`${what}, digest in base64`, Buffer.from(digest.toString('base64').slice(0, 42)));
    all.set(`${what}, digest in base64url`, Buffer.from(digest.toString('base64url').slice(0, 42)));
  }
  return all;
}

t.test('a running city names no company beside its records, and forgets one that is erased', async (t) => {
  const workspace = join(t.testdir(), 'bank');
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  const settings = (dir: string) => JSON.parse(readFileSync(join(dir, 'yitong.json'), 'utf8')) as { readonly synthetic?: object };
  put(join(workspace, 'yitong.json'), { ...settings(workspace), synthetic: settings(packageRoot()).synthetic });
  put(join(workspace, 'policies/clients/bank.json'), { authority: 'samr', name: { zh: 'bank', en: 'bank' }, identity: { spiffe: 'spiffe://yunzhou.example/client/bank' }, status: 'active' });
  put(join(workspace, 'policies/grants/bank-register.json'), {
    client: 'bank', dataset: DATASET, fields: ['uscc', { path: 'name', as: 'match' }], rows: { all: true }, purposes: ['change-company'], from: '2026-01-01', until: '2099-12-31',
    legalBasis: ['test'], requires: [], subjectNotice: { mode: 'immediate' }, status: 'active', delivery: ['query', 'verify', 'batch'], batchLimit: 60,
  });
  const running = await city(t, { workspace, args: ['--companies', '40'], env: { YITONG_GATEWAY_WORKERS: '2' } });
  const subjects = await companies(running.data);
  const [erased = '', other = ''] = subjects;
  const asked = (subject: string) => ({ purpose: 'change-company', subject, case: { caseId: 'B-7', actor: 'Zhou' } });

  async function everything(subject: string): Promise<void> {
    const bank = await running.as('bank');
    await bank.query({ ...asked(subject), datasets: [{ id: DATASET }] });
    await bank.verify({ ...asked(subject), claims: [{ dataset: DATASET, field: 'name', value: 'a guess' }] });
    for await (const line of bank.batch({ purpose: 'change-company', subjects: [subject, other], datasets: [{ id: DATASET }] })) t.ok(line.subject);
    const denied = await ask(running.api, running.pki, stories.denied.client, { method: 'POST', path: '/v1/query', body: { purpose: stories.denied.purpose, subject, datasets: stories.denied.datasets.map((id) => ({ id })) } });
    t.equal(denied.status, 403);
    // malformed in ways that invite an error message to repeat what it was given
    for (const body of [{ purpose: 'change-company', subject: subject.toLowerCase(), datasets: [{ id: DATASET }] }, { purpose: 'change-company', subject, datasets: [{ id: subject }] }, { subject }, `{"subject":"${subject}"`]) {
      t.ok((await ask(running.api, running.pki, 'bank', { method: 'POST', path: '/v1/query', body })).status >= 200);
    }
    await ask(running.api, running.pki, 'bank', { path: `/v1/nothing/${subject}` });
    await ask(running.api, running.pki, 'bank', { path: `/v1/receipts/${subject}` });
    const pushed = await ask(running.api, running.pki, stories.push.publisher, {
      method: 'POST', path: `/v1/datasets/${stories.push.reader.dataset}/records`,
      body: { sourceTime: new Date().toISOString(), records: [{ position: 'p1', value: { checkNumber: 'A1', uscc: subject.slice(5), unknown: subject } }] },
    });
    t.equal(pushed.status, 200, pushed.text);
  }

  async function scan(): Promise<void> {
    const folders = readdirSync(running.data, { withFileTypes: true }).filter((entry) => !RECORDS.has(entry.name));
    const files = folders.flatMap((entry) => (entry.isFile() ? [join(running.data, entry.name)] : readdirSync(join(running.data, entry.name), { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))));
    for (const folder of ['log', 'journal', 'audit', 'verify']) t.ok(files.some((file) => file.startsWith(join(running.data, folder))), `${folder} is looked through`);
    const texts = new Map<string, Buffer>(files.map((file) => [file.slice(running.data.length), readFileSync(file)]));
    texts.set('/metrics', Buffer.from(await (await fetch(`${running.health}/metrics`)).text()));
    texts.set('stderr of all processes', Buffer.from(running.said()));
    const found: string[] = [];
    for (const [where, bytes] of texts) for (const subject of [erased, other]) for (const [how, word] of spellings(subject)) if (bytes.includes(word)) found.push(`${where} has the ${how}`);
    t.same(found, []);
    t.ok((texts.get('/metrics')?.length ?? 0) > 1000);
  }

  const run = async (...args: string[]): Promise<string> => (await promisify(execFile)(process.execPath, [cli, ...args, '--data', running.data, '--workspace', workspace, '--json'])).stdout;
  const search = async (...args: string[]): Promise<readonly { readonly index: number; readonly body: { readonly subject?: { readonly pseudonym: string } } }[]> => JSON.parse(await run('audit', 'search', ...args)) as [];

  await everything(erased);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const before = await search('--subject', erased);
  t.ok(before.length >= 3, `${before.length} entries about it`);
  await scan();

  const outcome = JSON.parse(await run('audit', 'erase', erased, '--reason', 'a court said so', '--legal-basis', 'PIPL Art.47')) as { erased: boolean; by: number };
  t.equal(outcome.erased, true);
  t.same(await search('--subject', erased), [], 'nothing is found by the subject');
  t.ok((await search('--subject', other)).length > 0);
  t.same(await search('--case', 'B-7'), [], 'nor by the case');
  t.match(await search('--action', 'erasure'), [{ index: outcome.by }]);
  t.match(JSON.parse(await run('audit', 'verify')), { ok: true, erased: before.length });
  const pseudonym = before[0]?.body.subject?.pseudonym ?? '';
  t.match(pseudonym, /^[0-9a-f]{32}$/);

  // the workers held its key in memory: what comes now has another pseudonym
  await everything(erased);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const again = await search('--subject', erased);
  t.ok(again.length >= 3);
  t.ok(again.every(({ body }) => body.subject?.pseudonym !== pseudonym));
  await scan();
  await running.stop();
  t.match(JSON.parse(await run('audit', 'verify')), { ok: true, erased: before.length, newer: 0 });
});
