/**
 * A whole search as one PDF: every entry that the search finds, its question in words, pages with their numbers, an
 * attachment that proves each entry to a stranger, its signature, its accessibility; for whom, how many, and on record
 * before it leaves.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { inForceOf } from '../../../gateway/answer/inforce/snapshot.js';
import { drawEntries } from '../../../gateway/documents/pdf/entries/draw.js';
import { type EntriesModel, entriesModel, MOST_ENTRIES } from '../../../gateway/documents/pdf/entries/model.js';
import { claims } from '../../../gateway/documents/pdf/entries/words.js';
import { pdfPool } from '../../../gateway/documents/pdf/pool.js';
import { namesOf } from '../../../gateway/documents/words/names.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { questionInWords } from '../../../gateway/http/ui/question-words.js';
import { provedEntries } from '../../../gateway/log/search/export/export.js';
import { openSearch, type SearchQuery } from '../../../gateway/log/search/index.js';
import { loadPolicies } from '../../../policies/load.js';
import { faces } from '../../http/api/faces.js';
import { journalOf, sequencerOf, signersOf } from '../../log/filled.js';
import { type Draft, storedLog } from '../../log/stored.js';
import { type RunningWitness, runWitness } from '../../log/witnesses.js';
import { office, programForTest, run } from './documents.js';
import { judgedByVeraPdf } from './verapdf.js';

t.setTimeout(300_000);

const workspace = await loadWorkspace(packageRoot());
const inForce = inForceOf(await loadPolicies(workspace), [], workspace);
const names = {
  zh: namesOf({ workspace, inForce: () => inForce }, 'zh'),
  en: namesOf({ workspace, inForce: () => inForce }, 'en'),
};
const COMPANY = 'uscc:91990102MA00001692';
const GRANT = 'counter-company-register';
const ANSWERS = 75;
/** Of the 75, those of another client and those that were denied. */
const ofTax = (n: number): boolean => n % 5 === 4;
const squeezed = (text: string): string => text.replace(/\s/g, '');
const yitong = (...args: string[]): { status: number | null; out: Buffer; err: string } => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(packageRoot(), 'dist', 'gateway', 'cli', 'main.js'), ...args],
    { maxBuffer: 1 << 26 },
  );
  return { status, out: stdout, err: stderr.toString() };
};

/** Answer `n`: of two clients, some denied, one with every dataset of the workspace. */
const answer = (n: number): Draft => ({
  clear: {
    type: 'released',
    client: ofTax(n) ? 'tax-app' : 'one-stop-counter',
    authority: ofTax(n) ? 'tax' : 'gov-service',
    purpose: 'open-restaurant',
    stated: [],
    datasets:
      n === 7
        ? [...workspace.contracts.keys()].map((dataset) => ({ dataset, effect: 'deny', reason: 'not_granted' }))
        : [
            { dataset: 'samr.company-register', grant: GRANT, effect: 'allow', fields: ['name', 'status'], records: 1 },
            ...(n % 3 === 0 ? [{ dataset: 'tax.tax-arrears', effect: 'deny', reason: 'not_granted' }] : []),
          ],
    time: new Date(Date.parse('2026-11-27T16:10:03Z') + n * 60_000).toISOString(),
    requestId: `r-${String(n)}`,
    bytes: 512,
  },
  subject: COMPANY,
  details: { item: '许可-2026-01', caseId: '云办-2026-118', actor: '受理员 9' },
});

/** A published log of 75 answers and one act, cosigned by a witness. */
async function world(t: Test, data: string): Promise<RunningWitness> {
  const journal = await journalOf(data);
  for (let n = 0; n < ANSWERS; n++) {
    const { clear, subject = '', details } = answer(n);
    await journal.append({ clear: JSON.stringify(clear), subject: { subject, json: JSON.stringify(details) } });
  }
  await journal.append({
    clear: JSON.stringify({
      type: 'administration',
      action: 'complaint',
      by: 'gateway',
      time: '2026-11-28T17:00:00.000Z',
    }),
  });
  await journal.close();
  const witness = await runWitness(join(data, 'witnesses'), 'w1', signersOf(data).log);
  t.teardown(() => witness.stop());
  const sequencer = sequencerOf(data, { witnesses: { witnesses: [witness.address], required: 1 } });
  await sequencer.runOnce();
  await sequencer.stop(30_000);
  return witness;
}

async function modelOf(
  data: string,
  query: SearchQuery,
  more: Partial<Parameters<typeof entriesModel>[1]> = {},
): Promise<EntriesModel> {
  const search = openSearch(data);
  try {
    return await entriesModel(provedEntries(data, search, query), {
      kind: 'search',
      city: workspace.name,
      synthetic: true,
      language: 'zh',
      asked: questionInWords(
        { subject: COMPANY, since: '2026-11-01T00:00' },
        { names: names.zh, language: 'zh', called: '云州安光快餐有限公司' },
        'released',
      ),
      by: '林审计',
      dataDir: data,
      names: names.zh,
      witnesses: [],
      now: Date.parse('2026-12-01T09:30:00Z'),
      ...more,
    });
  } finally {
    await search.close();
  }
}

/** As a reader has it, without the lines and columns of the pages. */
const textOf = (file: string): string => run('pdftotext', '-layout', file, '-');
const pagesOf = (file: string): number => Number(/Pages:\s+(\d+)/.exec(run('pdfinfo', file))?.[1]);
const indexesIn = (text: string): readonly number[] => [...text.matchAll(/#(\d+)\b/g)].map(([, n]) => Number(n));

t.test('each entry of the search stands in it once, in words, with what proves it attached', async (t) => {
  const dir = t.testdir({ data: {} });
  const data = join(dir, 'data');
  const witness = await world(t, data);
  const { sign, caFile } = await office(dir);
  const pool = pdfPool({ threads: 1 });
  t.teardown(() => pool.close());
  const model = await modelOf(
    data,
    { client: 'one-stop-counter', type: 'released' },
    { witnesses: [witness.cosigner] },
  );
  const expected = Array.from({ length: ANSWERS }, (_, n) => n).filter((n) => !ofTax(n));
  t.strictSame(
    model.rows.map(({ index }) => index),
    expected,
    'what the search finds, the oldest first',
  );
  t.match(model.counts, { proved: expected.length, newer: 0, gone: 0 });
  const file = join(dir, 'search.pdf');
  writeFileSync(file, (await pool.entries(model, sign)).bytes);
  const english = join(dir, 'unsigned.pdf');
  const other = await modelOf(data, { client: 'nobody' }, { language: 'en', names: names.en });
  writeFileSync(english, (await pool.entries(other)).bytes);
  if (programForTest(t, 'pdftotext', 'poppler-utils')) {
    const text = textOf(file);
    t.strictSame(
      [...new Set(indexesIn(text))].sort((a, b) => a - b),
      expected,
    );
    t.equal(indexesIn(text).length, expected.length, 'none twice');
    const pages = pagesOf(file);
    t.ok(pages > 3);
    const said = squeezed(text);
    for (let page = 1; page <= pages; page++)
      t.ok(said.includes(`第${String(page)}页/共${String(pages)}页`), `page ${String(page)} says which it is`);
    for (const part of [
      '数据使用记录检索结果',
      '云州安光快餐有限公司（91990102MA00001692）',
      '2026-11-0100:00至出具时',
      '林审计',
      `${String(expected.length)}条`,
      '2026-12-0117:30:00（北京时间）',
      'w1.test',
      model.checkpoint?.root ?? '?',
      model.digest,
      sign.name,
    ])
      t.ok(said.includes(squeezed(part)), part);
    // cells are narrow: what stands in one is read cell by cell
    const read = squeezed(run('pdftotext', '-raw', file, '-'));
    for (const article of names.zh.basis(GRANT)) t.ok(read.includes(squeezed(article)), `${article}, in full`);
    for (const { zh } of claims(model)) t.ok(read.includes(squeezed(zh)), zh);
    t.notMatch(read, /云办-2026-118|受理员9/, 'what is sealed stays sealed');
    t.match(squeezed(textOf(english)), /notsigned.*Nothingmatches/s);
    const out = join(dir, 'out');
    mkdirSync(out);
    spawnSync('pdfdetach', ['-saveall', '-o', out, file]);
    t.strictSame(readdirSync(out), ['entries.ndjson']);
    const lines = join(out, 'entries.ndjson');
    t.equal(readFileSync(lines, 'utf8'), model.attached);
    t.equal(createHash('sha256').update(readFileSync(lines)).digest('hex'), model.digest);
    const vkey = model.checkpoint?.vkey ?? '';
    const verified = yitong('audit', 'receipt', '--verify', lines, '--vkey', vkey);
    t.equal(verified.status, 0, verified.err);
    t.match(verified.out.toString(), `verified: ${String(expected.length)} of ${String(expected.length)} entries`);
    writeFileSync(lines, model.attached.replace('"requestId":"r-10"', '"requestId":"r-99"'));
    t.match(yitong('audit', 'receipt', '--verify', lines, '--vkey', vkey).out.toString(), /does not verify/);
    writeFileSync(lines, `${model.attached}not a line\n`);
    t.equal(yitong('audit', 'receipt', '--verify', lines, '--vkey', vkey).status, 1);
  }
  if (programForTest(t, 'pdfsig', 'poppler-utils') && programForTest(t, 'certutil', 'libnss3-tools')) {
    const store = join(dir, 'nss');
    mkdirSync(store);
    run('certutil', '-N', '-d', `sql:${store}`, '--empty-password');
    run('certutil', '-A', '-d', `sql:${store}`, '-n', 'ca', '-t', 'CT,C,C', '-i', caFile);
    t.match(run('pdfsig', '-nssdir', store, file), /Signature is Valid[^]*Certificate is Trusted[^]*/);
    t.match(run('pdfsig', '-nssdir', store, file), /Total document signed/);
  }
  if (programForTest(t, 'qpdf', 'qpdf')) t.match(run('qpdf', '--check', file), /No syntax or stream encoding errors/);
  const found = judgedByVeraPdf(t, [file, english]);
  if (found !== undefined) t.strictSame(found, [`${file}: ok`, `${english}: ok`], 'PDF/UA-1');
});

t.test('one PDF holds so many entries, and says what to do beyond', async (t) => {
  const dir = t.testdir({ full: {}, over: {} });
  const filled = async (name: string, count: number): Promise<string> => {
    const data = join(dir, name);
    const log = storedLog(data);
    log.add(Array.from({ length: count }, (_, n) => answer(n % 5)));
    await log.close();
    return data;
  };
  const over = await filled('over', MOST_ENTRIES + 1);
  await t.rejects(modelOf(over, {}), { code: 'too_many_entries', message: /2000 entries at most.*workbook/ });
  const full = await modelOf(await filled('full', MOST_ENTRIES), {});
  t.equal(full.rows.length, MOST_ENTRIES);
  t.equal(full.checkpoint, undefined, 'nothing is published here');
  t.match(full.counts, { newer: MOST_ENTRIES });
  const file = join(dir, 'full.pdf');
  writeFileSync(file, drawEntries(full, {}).bytes);
  if (programForTest(t, 'pdftotext', 'poppler-utils')) {
    const text = textOf(file);
    t.equal(new Set(indexesIn(text)).size, MOST_ENTRIES);
    t.ok(squeezed(text).includes(`第${String(pagesOf(file))}页/共${String(pagesOf(file))}页`));
  }
  const here = await faces(t, { dataDir: over });
  const auditor = { roles: ['auditor'] as const };
  const body = { csrf: await here.csrf(auditor), format: 'pdf' };
  const refused = await here.visit({ method: 'POST', path: '/console/export', body }, auditor);
  t.equal(refused.status, 413);
  t.match(refused.text, /too_many_entries/);
  t.notOk(
    here.entries.some(({ body: entry }) => entry['action'] === 'export'),
    'nothing left',
  );
  const page = await here.visit(
    { path: '/console/search', headers: { accept: 'text/html', 'accept-language': 'zh' } },
    auditor,
  );
  t.match(page.text, /超过 500 条/);
  t.match(page.text, /至多 2,000 条/, 'said before somebody asks');
});

t.test('from the page of a search, for whoever may read it; on record first', async (t) => {
  const dir = t.testdir({ data: {} });
  const data = join(dir, 'data');
  await world(t, data);
  const { pki } = await office(dir);
  const here = await faces(t, { dataDir: data, settings: { gateway: { documents: join(pki, 'documents') } } });
  type Who = NonNullable<Parameters<typeof here.visit>[1]>;
  const exported = async (who: Who, fields: Readonly<Record<string, string>>) => {
    const payload = new URLSearchParams({ csrf: await here.csrf(who), ...fields }).toString();
    const answered = await here.people.inject({
      method: 'POST',
      url: '/console/export',
      headers: {
        host: 'people.test',
        accept: '*/*',
        'accept-language': 'zh',
        'content-type': 'application/x-www-form-urlencoded',
        cookie: await here.cookie(who),
      },
      payload,
    });
    return { status: answered.statusCode, headers: answered.headers, bytes: answered.rawPayload };
  };
  const auditor: Who = { roles: ['auditor'], name: '林审计' };
  const whole = await exported(auditor, { format: 'pdf', client: 'one-stop-counter', subject: COMPANY });
  t.equal(whole.status, 200);
  t.equal(whole.headers['content-type'], 'application/pdf');
  t.match(whole.headers['content-disposition'], /^attachment; filename="audit-\d{4}-\d\d-\d\d\.pdf"$/);
  const looked = here.entries.filter(({ body }) => body['action'] === 'export');
  t.match(looked, [
    {
      body: {
        type: 'looked',
        role: 'auditor',
        results: 60,
        detail: {
          client: 'one-stop-counter',
          format: 'pdf',
          document: createHash('sha256').update(whole.bytes).digest('base64url'),
        },
      },
    },
  ]);
  t.notMatch(JSON.stringify(looked[0]?.body), /91990102MA00001692/, 'whom it is about stands under the own key');
  const file = join(dir, 'page.pdf');
  writeFileSync(file, whole.bytes);
  if (programForTest(t, 'pdftotext', 'poppler-utils')) {
    t.equal(new Set(indexesIn(textOf(file))).size, 60);
    t.match(squeezed(textOf(file)), /林审计.*主体.*91990102MA00001692/s);
  }

  // an inspector has what the own authority was asked, or asked
  const inspector: Who = { roles: ['inspector'], authority: 'tax', name: '吴监察' };
  const own = await exported(inspector, { format: 'pdf', side: 'authority' });
  writeFileSync(file, own.bytes);
  if (programForTest(t, 'pdftotext', 'poppler-utils')) {
    t.equal(new Set(indexesIn(textOf(file))).size, 15);
    t.match(squeezed(textOf(file)), `Consumerauthority${workspace.authorities.get('tax' as never)?.name.zh ?? '?'}`);
  }
  for (const roles of [['data-officer'], ['subject'], ['developer']] as const)
    t.equal((await exported({ roles }, { format: 'pdf' })).status, 403, roles[0]);
  t.equal((await exported(auditor, { format: 'doc' })).status, 400);
  here.healthy = false;
  const closed = await exported(auditor, { format: 'pdf' });
  t.equal(closed.status, 503);
  t.notMatch(closed.bytes.toString('latin1'), '%PDF', 'nothing leaves that is not on record');
});

t.test('from the command line', async (t) => {
  const dir = t.testdir({ data: {} });
  const data = join(dir, 'data');
  await world(t, data);
  const { pki, sign } = await office(dir);
  const made = yitong(
    ...['audit', 'export', '--format', 'pdf', '--zh', '--by', '审计处', '--client', 'one-stop-counter'],
    ...['--type', 'released', '--data', data, '--documents', join(pki, 'documents')],
  );
  t.equal(made.status, 0, made.err);
  const file = join(dir, 'cli.pdf');
  writeFileSync(file, made.out);
  if (programForTest(t, 'pdftotext', 'poppler-utils')) {
    t.equal(new Set(indexesIn(textOf(file))).size, 60);
    t.ok([sign.name, '审计处', '日志之始至出具时'].every((part) => squeezed(textOf(file)).includes(part)));
  }
});
