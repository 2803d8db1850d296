/** What a city does from end to end, on whichever bus: one suite, run once a driver. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { loadWorkspace } from '../../contracts/workspace.js';
import { type DatasetAnswer, type QueryAnswer, type QueryBody, receiptId } from '../../gateway/client/index.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { ask, until } from './ask.js';
import { type City, type CityOptions, city } from './city.js';
import { run } from './command.js';
import { pushed } from './pushed.js';
import { companies, stories } from './stories.js';

export interface Town {
  readonly city: City;
  readonly workspace: string;
  readonly prefix: string;
  /** Companies, `uscc:…`. */
  readonly companies: readonly string[];
}

export interface Driver {
  readonly prefix: string;
  readonly options: Pick<CityOptions, 'workspace' | 'args'>;
}

/** Asks as a client and gives its connection back. */
export async function query(running: City, client: string, body: QueryBody): Promise<QueryAnswer> {
  const gateway = await running.as(client);
  try {
    return await gateway.query(body);
  } finally {
    gateway.close();
  }
}
export const first = (answer: QueryAnswer): DatasetAnswer => {
  const [one] = answer.datasets;
  if (one === undefined) throw new Error('the answer has no dataset');
  return one;
};

async function verify(data: string): Promise<{ readonly ok: boolean; readonly size: number; readonly newer: number }> {
  const { code, stdout, stderr } = await run('audit', 'verify', '--data', data, '--json');
  if (code !== 0) throw new Error(`the log does not verify: ${stderr}`);
  return JSON.parse(stdout) as { ok: boolean; size: number; newer: number };
}

/** The company that all datasets know. */
async function inAll(data: string, datasets: readonly string[]): Promise<string> {
  const [some = [], ...others] = await Promise.all(datasets.map((dataset) => companies(data, dataset)));
  const found = some.find((subject) => others.every((other) => other.includes(subject)));
  if (found === undefined) throw new Error(`no company is in all of ${datasets.join(', ')}`);
  return found;
}

async function queries(t: Test, town: Town, subject: string): Promise<void> {
  const { city: running } = town;
  const { allowed, denied, missing } = stories;

  await t.test('five departments answer one question, each current, with what is granted', async (t) => {
    const answer = await query(running, allowed.client, {
      purpose: allowed.purpose,
      subject,
      datasets: allowed.datasets.map((id) => ({ id })),
    });
    t.strictSame(
      answer.datasets.map(({ id }) => id),
      allowed.datasets,
    );
    for (const { id, status, records, sourceTime, grant, authority } of answer.datasets) {
      t.equal(status, 'current', id);
      t.ok(
        records.length > 0 && sourceTime !== undefined && grant !== undefined,
        `${id} says what it has, of when, and by which grant`,
      );
      t.equal(authority, id.split('.')[0]);
      for (const { record, provenance } of records) {
        t.equal(`uscc:${String(record['uscc'])}`, subject, `${id} is about the company that was asked for`);
        t.match(provenance.version, /^\d+:\d+$/);
        t.ok(Date.parse(provenance.publishedAt) > 0 && Date.parse(provenance.sourceTime) > 0);
      }
    }
  });

  await t.test('only the fields asked for come; a field that policy keeps back is named as withheld', async (t) => {
    const answer = first(
      await query(running, allowed.client, {
        purpose: allowed.purpose,
        subject,
        datasets: [{ id: 'samr.food-inspections', fields: ['result', 'inspectors'] }],
      }),
    );
    t.strictSame(answer.withheld, [{ field: 'inspectors', reason: 'field_not_permitted' }]);
    t.ok(answer.records.length > 0);
    for (const { record } of answer.records) t.strictSame(Object.keys(record), ['result']);
  });

  await t.test('what is not granted is denied by itself, and the rest is answered', async (t) => {
    const answer = await query(running, allowed.client, {
      purpose: allowed.purpose,
      subject,
      datasets: [{ id: 'samr.food-licence' }, { id: 'tax.tax-arrears' }],
    });
    t.strictSame(
      answer.datasets.map(({ status }) => status),
      ['current', 'denied'],
    );
    t.strictSame(answer.datasets[1], {
      id: 'tax.tax-arrears',
      status: 'denied',
      reason: answer.datasets[1]?.reason,
      records: [],
      withheld: [],
    });
  });

  await t.test('where nothing is allowed the answer is 403 and on record all the same', async (t) => {
    const { status, headers, text } = await ask(running.api, running.pki, denied.client, {
      method: 'POST',
      path: '/v1/query',
      body: { purpose: denied.purpose, subject, datasets: denied.datasets.map((id) => ({ id })) },
    });
    t.equal(status, 403);
    t.match(headers['content-type'], /^application\/problem\+json/);
    const body = JSON.parse(text) as { code: string; datasets: DatasetAnswer[]; receipt: QueryAnswer['receipt'] };
    t.equal(body.code, 'denied');
    t.ok(body.datasets.every(({ status, records }) => status === 'denied' && records.length === 0));
    const logged = await until(
      'the entry of the denial',
      () => receipt(running, denied.client, receiptId(body.receipt)),
      ({ state }) => state === 'logged',
    );
    t.match(JSON.parse(String(logged.body)), { type: 'released', client: denied.client, purpose: denied.purpose });
  });

  await t.test('a company of which nothing is on record: current, none, and of when', async (t) => {
    const answer = first(
      await query(running, allowed.client, {
        purpose: allowed.purpose,
        subject: missing,
        datasets: [{ id: 'samr.company-register' }],
      }),
    );
    t.match(answer, { status: 'current', records: [], sourceTime: /^\d{4}-/ });
    t.equal(answer.records.length, 0);
  });
}

interface ReceiptAnswer {
  readonly state: string;
  readonly body?: string;
  readonly salt?: string;
  readonly proof?: string;
}
const receipt = async (running: City, client: string, id: string): Promise<ReceiptAnswer> =>
  JSON.parse((await ask(running.api, running.pki, client, { path: `/v1/receipts/${id}` })).text) as ReceiptAnswer;

async function receipts(t: Test, { city: running }: Town, subject: string): Promise<void> {
  const { allowed } = stories;
  const sha256 = (...parts: (Buffer | string)[]): Buffer =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  const answer = await ask(running.api, running.pki, allowed.client, {
    method: 'POST',
    path: '/v1/query',
    body: {
      purpose: allowed.purpose,
      subject,
      datasets: allowed.datasets.map((id) => ({ id })),
      case: { item: '330001', caseId: 'B-1', actor: 'Zhou' },
    },
  });
  t.equal(answer.status, 200);
  const tail = answer.text.lastIndexOf(',"receipt":');
  const parsed = JSON.parse(answer.text) as QueryAnswer;
  t.equal(Object.keys(parsed).at(-1), 'receipt', 'the receipt is the last member');
  const id = receiptId(parsed.receipt);
  const logged = await until(
    'the entry',
    () => receipt(running, allowed.client, id),
    ({ state }) => state === 'logged',
  );
  const body = String(logged.body);
  const entry = JSON.parse(body) as { bodySha256: string; bytes: number };
  const signed = `${answer.text.slice(0, tail)}}`;
  t.equal(
    entry.bodySha256,
    sha256(signed).toString('base64url'),
    'the digest on record is over the bytes without the receipt',
  );
  t.equal(entry.bytes, Buffer.byteLength(signed));
  t.notMatch(body, subject.slice(5), 'the entry does not name the subject in clear');
  t.notMatch(body, /Zhou|B-1/, 'nor the case or who handles it');
  // C2SP tlog-tiles: the leaf is over the entry, and an entry is the commitment
  const leaf = sha256(Buffer.of(0), sha256(Buffer.from(String(logged.salt), 'base64'), body)).toString('base64');
  t.equal(parsed.receipt['leaf'], leaf, 'salt and body open the leaf that the receipt promised');
  t.match(logged.proof, /^c2sp\.org\/tlog-proof@v1\n/);
  t.strictSame(
    await receipt(running, 'food-inspector', id),
    { id, state: 'not_yet' },
    'another client learns nothing of it',
  );
  t.strictSame(await receipt(running, allowed.client, `${parsed.receipt.journal}:99999999`), {
    id: `${parsed.receipt.journal}:99999999`,
    state: 'not_yet',
  });
}

async function catalogue(t: Test, town: Town): Promise<void> {
  const gateway = await town.city.as('food-inspector');
  const { entries } = (await gateway.get('/v1/catalogue')) as { entries: { id: string }[] };
  t.strictSame(
    entries.map(({ id }) => id),
    [...(await loadWorkspace(town.workspace)).contracts.keys()].sort(),
  );
  const entry = (await gateway.get('/v1/catalogue/samr.food-licence')) as {
    items: { path: string }[];
    state: { status: string; records: number };
    sharing: object;
  };
  t.equal(entry.state.status, 'current');
  t.equal(
    entry.state.records,
    await recordsOf(town.city.data, 'samr.food-licence'),
    'as many as its connector has published',
  );
  t.ok(entry.items.some(({ path }) => path === 'premises.district'));
  await t.rejects(gateway.get('/v1/catalogue/nobody.nothing'), { code: 'not_found' });
  gateway.close();
}

async function recordsOf(data: string, dataset: string): Promise<number> {
  return (await companies(data, dataset)).length;
}

async function registry(t: Test, { city: running, prefix }: Town): Promise<void> {
  const get = async (path: string): Promise<{ status: number; value: unknown; type: unknown }> => {
    const { status, text, headers } = await ask(running.api, running.pki, 'food-inspector', {
      path: `/registry${path}`,
    });
    return { status, value: JSON.parse(text) as unknown, type: headers['content-type'] };
  };
  const subject = `${prefix}.samr.food-licence-value`;
  const subjects = await get('/subjects');
  t.ok((subjects.value as string[]).includes(subject));
  t.match(subjects.type, /^application\/vnd\.schemaregistry\.v1\+json/);
  t.strictSame((await get(`/subjects/${subject}/versions`)).value, [1, 2]);
  const latest = (await get(`/subjects/${subject}/versions/latest`)).value as {
    id: number;
    version: number;
    schema: string;
  };
  t.equal(latest.version, 2);
  const file = JSON.parse(
    await readFile(join(packageRoot(), 'contracts/datasets/samr/food-licence/v2.avsc'), 'utf8'),
  ) as unknown;
  t.strictSame(JSON.parse(latest.schema), file);
  t.strictSame(JSON.parse(((await get(`/schemas/ids/${latest.id}`)).value as { schema: string }).schema), file);
  t.match(await get('/schemas/ids/4294967295'), { status: 404, value: { error_code: 40403 } });
  t.match(await get(`/subjects/${prefix}.samr.nothing-value/versions`), { status: 404, value: { error_code: 40401 } });
  t.match(await get(`/subjects/${subject}/versions/3`), { status: 404, value: { error_code: 40402 } });
}

/** Without what differs from one answer to the next. */
const essence = ({ datasets }: QueryAnswer) => datasets;

export async function citySuite(t: Test, driver: Driver, more?: (t: Test, town: Town) => Promise<void>): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  const start = (t: Test): Promise<City> =>
    city(t, { ...driver.options, data, args: ['--companies', '60', ...(driver.options.args ?? [])] });
  const running = await start(t);
  const town: Town = {
    city: running,
    workspace: driver.options.workspace ?? packageRoot(),
    prefix: driver.prefix,
    companies: await companies(data),
  };
  const { allowed } = stories;
  const subject = await inAll(data, [...allowed.datasets, 'samr.food-inspections']);
  const story: QueryBody = { purpose: allowed.purpose, subject, datasets: allowed.datasets.map((id) => ({ id })) };

  await queries(t, town, subject);
  await t.test("an answer's receipt is kept: the log has the digest of its bytes, provably", (t) =>
    receipts(t, town, subject),
  );
  await t.test('the catalogue tells every department what there is', (t) => catalogue(t, town));
  await t.test('others can look up the schemas of our topics', (t) => registry(t, town));
  const checks = await pushed(t, town);
  if (more !== undefined) await more(t, town);

  await t.test('the log verifies while the city runs, and everything is there after a restart', async (t) => {
    t.equal((await verify(data)).ok, true);
    const before = [
      essence(await query(running, allowed.client, story)),
      essence(await query(running, checks.client, checks.body)),
    ];
    const cut = await query(running, allowed.client, { ...story, returnCut: true });
    await running.stop();
    const stopped = await verify(data);
    t.equal(stopped.ok, true, 'the log verifies from the files that are left');
    t.equal(stopped.newer, 0, 'every entry of a city that stopped in good order is in the log');
    const again = await start(t);
    const withoutTimes = (datasets: readonly DatasetAnswer[]) => datasets.map(({ sourceTime: _, ...rest }) => rest);
    const after = [
      essence(await query(again, allowed.client, story)),
      essence(await query(again, checks.client, checks.body)),
    ];
    t.strictSame(
      after.map(withoutTimes),
      before.map(withoutTimes),
      'the same records of the same versions; only how far sources were seen went on',
    );
    if (cut.cut === undefined) throw new Error('no cut came');
    const same = await query(again, allowed.client, { ...story, cut: cut.cut });
    t.strictSame(withoutTimes(same.datasets), withoutTimes(cut.datasets), 'a cut of before the restart');
    await again.stop();
    const end = await verify(data);
    t.equal(end.ok, true);
    t.equal(end.newer, 0);
    t.ok(end.size > stopped.size, 'and the log went on where it stood');
  });
}
