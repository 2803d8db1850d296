/**
 * A certificate of proof of an entry: what it says, that its attachment proves it to a stranger, its signature, its
 * accessibility, and what it says where the body is gone.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { inForceOf } from '../../../gateway/answer/inforce/snapshot.js';
import { drawCertificate } from '../../../gateway/documents/pdf/certificate/draw.js';
import { type CertificateModel, certificateModel } from '../../../gateway/documents/pdf/certificate/model.js';
import { checking, goneWords, notCertified } from '../../../gateway/documents/pdf/certificate/words.js';
import { pdfPool } from '../../../gateway/documents/pdf/pool.js';
import { namesOf } from '../../../gateway/documents/words/names.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { openSubjectKeys } from '../../../gateway/log/entries/keys.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { orderErasure } from '../../../gateway/log/erasure/order.js';
import { type FoundEntry, openSearch } from '../../../gateway/log/search/index.js';
import { loadPolicies } from '../../../policies/load.js';
import { faces } from '../../http/api/faces.js';
import { journalOf, sequencerOf, signersOf } from '../../log/filled.js';
import { type RunningWitness, runWitness } from '../../log/witnesses.js';
import { office, programForTest, run } from './documents.js';
import { judgedByVeraPdf } from './verapdf.js';

t.setTimeout(240_000);

const workspace = await loadWorkspace(packageRoot());
const inForce = inForceOf(await loadPolicies(workspace), [], workspace);
const names = {
  zh: namesOf({ workspace, inForce: () => inForce }, 'zh'),
  en: namesOf({ workspace, inForce: () => inForce }, 'en'),
};
const COMPANY = 'uscc:91990102MA00001692';
const yitong = (...args: string[]): { status: number | null; out: string } => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(packageRoot(), 'dist', 'gateway', 'cli', 'main.js'), ...args],
    { encoding: 'utf8' },
  );
  return { status, out: stdout + stderr };
};
const squeezed = (text: string): string => text.replace(/\s/g, '');

interface World {
  readonly data: string;
  readonly witnesses: readonly RunningWitness[];
  model(index: number, open?: boolean): CertificateModel;
  sequence(): Promise<void>;
}

/** A log of three entries, the first an answer about a company, cosigned by two witnesses. */
async function world(t: Test, data: string): Promise<World> {
  const journal = await journalOf(data);
  await journal.append({
    clear: JSON.stringify({
      type: 'released',
      client: 'one-stop-counter',
      authority: 'gov-service',
      purpose: 'open-restaurant',
      policyVersion: 'Zk31x0',
      stated: ['item', 'caseId'],
      datasets: [
        {
          dataset: 'samr.food-licence',
          asked: ['licenceNumber', 'status'],
          grant: 'counter-food-licence',
          effect: 'allow',
          fields: ['licenceNumber', 'status'],
          records: 1,
        },
        { dataset: 'tax.tax-arrears', effect: 'deny', reason: 'not_granted', fields: [], records: 0 },
      ],
      time: '2026-11-27T16:10:03.120Z',
      requestId: 'Qn3kXo2a-7',
      bodySha256: createHash('sha256').update('x').digest('base64url'),
      bytes: 512,
    }),
    subject: { subject: COMPANY, json: '{"item":"许可-2026-01","caseId":"云办-2026-118","actor":"受理员 9"}' },
  });
  await journal.append({
    clear: JSON.stringify({
      type: 'administration',
      action: 'complaint',
      by: 'gateway',
      time: '2026-11-27T17:00:00.000Z',
    }),
  });
  await journal.append({
    clear: JSON.stringify({
      type: 'released',
      client: 'of-old',
      authority: 'gone',
      purpose: '(unknown)',
      stated: [],
      datasets: [{ dataset: 'of.old', effect: 'allow', fields: ['a.b'], records: 3 }],
      time: '2026-11-27T17:00:01.000Z',
      requestId: 'x',
      bytes: 1,
    }),
  });
  await journal.close();
  const { log } = signersOf(data);
  const witnesses = await Promise.all(['w1', 'w2'].map((name) => runWitness(join(data, 'witnesses'), name, log)));
  t.teardown(() => Promise.all(witnesses.map((one) => one.stop())));
  const sequence = async (): Promise<void> => {
    const sequencer = sequencerOf(data, {
      witnesses: { witnesses: witnesses.map(({ address }) => address), required: 2 },
    });
    await sequencer.runOnce();
    await sequencer.stop(30_000);
  };
  await sequence();
  return {
    data,
    witnesses,
    sequence,
    model(index, open = false) {
      const search = openSearch(data);
      const found = search.entry(index, open) as FoundEntry;
      const made = certificateModel(found, {
        dataDir: data,
        city: workspace.name,
        synthetic: workspace.synthetic,
        names,
        witnesses: witnesses.map(({ cosigner }) => cosigner),
        now: Date.now(),
      });
      void search.close();
      return made;
    },
  };
}

const spoken = (file: string): string =>
  squeezed(
    run('pdfinfo', '-struct-text', file)
      .split('\n')
      .map((line) => /^ *"(.*)"$/.exec(line)?.[1] ?? '')
      .join(''),
  );

function attached(file: string, dir: string): string {
  mkdirSync(dir, { recursive: true });
  spawnSync('pdfdetach', ['-saveall', '-o', dir, file]);
  t.strictSame(readdirSync(dir), ['receipt.json']);
  return join(dir, 'receipt.json');
}

t.test(
  'an entry in words, the checkpoint with its witnesses, and an attachment that proves it without us',
  async (t) => {
    const dir = t.testdir({ data: {} });
    const here = await world(t, join(dir, 'data'));
    const { sign, caFile } = await office(dir);
    const pool = pdfPool({ threads: 1 });
    t.teardown(() => pool.close());
    const models = { closed: here.model(0), open: here.model(0, true), deed: here.model(1), unknown: here.model(2) };
    const files: Record<string, string> = {};
    for (const [name, model] of Object.entries(models))
      writeFileSync((files[name] = join(dir, `${name}.pdf`)), (await pool.certificate(model, sign)).bytes);
    const file = files['closed'] ?? '';
    if (programForTest(t, 'pdfinfo', 'poppler-utils')) {
      const text = spoken(file);
      const { proof, index, receipt } = models.closed;
      for (const part of [
        '存证证明',
        'Certificate of proof',
        '2026-11-28 00:10:03（北京时间）',
        workspace.name.zh,
        `第 ${String(index)} 条`,
        receipt,
        'one-stop-counter',
        workspace.contracts.get('samr.food-licence' as never)?.name.zh ?? '?',
        '拒绝',
        'Qn3kXo2a-7',
        proof.commitment ?? '?',
        proof.leaf,
        proof.root,
        proof.vkey,
        'w1.test',
        'w2.test',
        ...here.witnesses.map(({ cosigner }) => cosigner.vkey),
        ...notCertified.flatMap(({ zh, en }) => [zh, en]),
        ...checking(models.closed, sign.name).flatMap(({ zh, en }) => [zh, en]),
      ])
        t.ok(text.includes(squeezed(part)), part);
      t.notMatch(text, /91990102MA00001692|云办-2026-118/, 'whom it was about stays closed');
      t.ok(
        ['91990102MA00001692', '云办-2026-118', '许可-2026-01'].every((part) =>
          spoken(files['open'] ?? '').includes(part),
        ),
        'and is said where it was opened',
      );
      t.ok(spoken(files['deed'] ?? '').includes('投诉'));
      const receiptFile = attached(file, join(dir, 'out'));
      t.equal(readFileSync(receiptFile, 'utf8'), models.closed.attached);
      // by the command line, and by a reader of nothing but docs/log.md: the file alone
      t.match(
        yitong(
          'audit',
          'receipt',
          '--verify',
          receiptFile,
          '--vkey',
          proof.vkey,
          ...here.witnesses.flatMap(({ cosigner }) => ['--witness', cosigner.vkey]),
        ),
        { status: 0, out: /verified: entry 0 of the 3/ },
      );
      const changed = readFileSync(receiptFile, 'utf8').replace('one-stop-counter', 'one-stop-dounter');
      writeFileSync(receiptFile, changed);
      t.match(yitong('audit', 'receipt', '--verify', receiptFile, '--vkey', proof.vkey), { status: 1 });
    }
    if (programForTest(t, 'pdfsig', 'poppler-utils') && programForTest(t, 'certutil', 'libnss3-tools')) {
      const store = join(dir, 'nss');
      mkdirSync(store);
      run('certutil', '-N', '-d', `sql:${store}`, '--empty-password');
      run('certutil', '-A', '-d', `sql:${store}`, '-n', 'ca', '-t', 'CT,C,C', '-i', caFile);
      t.match(run('pdfsig', '-nssdir', store, file), /Signature is Valid[^]*Certificate is Trusted[^]*/);
      t.match(run('pdfsig', '-nssdir', store, file), /Total document signed/);
    }
    const found = judgedByVeraPdf(t, Object.values(files));
    if (found !== undefined)
      t.strictSame(
        found,
        Object.values(files).map((one) => `${one}: ok`),
        'PDF/UA-1',
      );
  },
);

t.test(
  'what is not published has no certificate, and what was erased or is without witnesses is said plainly',
  async (t) => {
    const dir = t.testdir({ data: {} });
    const here = await world(t, join(dir, 'data'));
    const journal = await journalOf(here.data, 'w1');
    const keys = openSubjectKeys({ dir: auditLayout(here.data).subjectKeys });
    await orderErasure(
      { keys, journal, now: Date.now },
      { subject: COMPANY, reason: '法院文书', legalBasis: '（示例）', by: 'operator' },
    );
    await journal.close();
    await keys.close();
    t.throws(
      () =>
        here.model(0) &&
        certificateModel(
          { index: 9, receipt: 'w1-00000000:9', body: {} },
          { dataDir: here.data, city: workspace.name, synthetic: true, names, witnesses: [], now: 0 },
        ),
      { code: 'not_found' },
    );
    await here.sequence();
    const model = here.model(0);
    t.match(model.gone, { kind: 'erased', by: 3 });
    t.equal(model.proof.commitment, undefined);
    const { sign } = await office(dir);
    const { bytes } = drawCertificate(model, { signer: sign.name, at: new Date(), room: 4096 });
    const file = join(dir, 'erased.pdf');
    writeFileSync(file, bytes);
    if (programForTest(t, 'pdfinfo', 'poppler-utils')) {
      const text = spoken(file);
      t.ok(text.includes(squeezed(goneWords({ kind: 'erased', by: 3 }).zh)));
      t.ok(text.includes(squeezed('该位置的条目自列入公开日志之时起未被改动')));
      t.notMatch(text, /91990102MA00001692/);
      t.match(JSON.parse(model.attached), { erasedBy: 3, state: 'logged' });
      t.notOk('salt' in (JSON.parse(model.attached) as object));
    }
    const lonely = drawCertificate(
      {
        ...model,
        proof: { ...model.proof, witnesses: [] },
        gone: { kind: 'expired', by: 7 },
        facts: [],
        datasets: [],
        recordedAt: undefined,
      },
      { signer: sign.name, at: new Date(), room: 4096 },
    );
    const other = join(dir, 'expired.pdf');
    writeFileSync(other, lonely.bytes);
    if (programForTest(t, 'pdfinfo', 'poppler-utils'))
      t.ok(['没有见证方联合签名', '保存期限已满'].every((part) => spoken(other).includes(part)));
    const found = judgedByVeraPdf(t, [file, other]);
    if (found !== undefined) t.strictSame(found, [`${file}: ok`, `${other}: ok`]);
  },
);

t.test('from the page of an entry, for whoever may read it; its making is on record first', async (t) => {
  const dir = t.testdir({ data: {} });
  const data = join(dir, 'data');
  await world(t, data);
  const { pki } = await office(dir);
  const here = await faces(t, { dataDir: data, settings: { gateway: { documents: join(pki, 'documents') } } });
  const auditor = { roles: ['auditor'] as const };
  const path = '/console/entries/0/certificate';
  t.match(
    (await here.visit({ path: '/console/entries/0', headers: { accept: 'text/html' } }, auditor)).text,
    `href="${path}"`,
  );
  const answer = await here.visit({ path }, auditor);
  t.equal(answer.status, 200);
  t.equal(answer.headers['content-type'], 'application/pdf');
  t.match(answer.headers['content-disposition'], 'entry-0-certificate.pdf');
  t.match(answer.text, /^%PDF-1\.7/);
  const looked = here.entries.map(({ body }) => body).filter(({ action }) => action === 'certificate');
  t.match(looked, [{ type: 'looked', role: 'auditor', detail: { entry: 0, document: /^[\w-]{43}$/ } }]);
  t.equal((await here.visit({ path: '/console/entries/7/certificate' }, auditor)).status, 404);
  // an inspector has those of the own authority
  t.equal((await here.visit({ path }, { roles: ['inspector'], authority: 'tax' })).status, 200);
  t.equal((await here.visit({ path }, { roles: ['inspector'], authority: 'fire' })).status, 404);
  for (const roles of [['data-officer'], ['subject']] as const)
    t.equal((await here.visit({ path }, { roles })).status, 403);
  here.healthy = false;
  const closed = await here.visit({ path }, auditor);
  t.equal(closed.status, 503);
  t.notMatch(closed.text, '%PDF', 'nothing leaves that is not on record');

  const without = await faces(t, { dataDir: data });
  t.notMatch(
    (await without.visit({ path: '/console/entries/0', headers: { accept: 'text/html' } }, auditor)).text,
    path,
    'where nothing is signed none is offered',
  );
  t.equal((await without.visit({ path }, auditor)).status, 404);
});

t.test('from the command line, by index or receipt; its making stands in the log', async (t) => {
  const dir = t.testdir({ data: {} });
  const data = join(dir, 'data');
  const here = await world(t, data);
  const { pki } = await office(dir);
  const out = join(dir, 'c.pdf');
  const common = ['--data', data, '--documents', join(pki, 'documents')];
  t.match(yitong('audit', 'certificate', '0', '--out', out, '--open', '--by', '审计处', ...common), {
    status: 0,
    out: /certificate of proof of entry 0 [^]*on record as `certificate-[0-9a-f]{8}:1`/,
  });
  t.match(readFileSync(out).toString('latin1'), /^%PDF-1\.7/);
  if (programForTest(t, 'pdfinfo', 'poppler-utils')) t.ok(spoken(out).includes('91990102MA00001692'));
  t.match(yitong('audit', 'certificate', here.model(1).receipt, '--out', join(dir, 'd.pdf'), ...common), {
    status: 0,
    out: /of entry 1 /,
  });
  for (const [wrong, status] of [
    ['99', 2],
    ['w1-00000000:5', 2],
    ['no such', 2],
  ] as const)
    t.match(yitong('audit', 'certificate', wrong, '--out', join(dir, 'e.pdf'), ...common), { status, out: /./ }, wrong);
  t.match(yitong('audit', 'certificate', '0', ...common), { status: 2, out: /--out/ });
  await here.sequence();
  const search = openSearch(data);
  t.teardown(() => search.close());
  const found = (await search.page({ action: 'certificate' }, { limit: 9, open: true })).entries;
  t.equal(found.length, 2);
  t.match(found.at(-1), {
    body: {
      type: 'looked',
      role: 'operator',
      detail: { entry: 0, opened: true, document: createHash('sha256').update(readFileSync(out)).digest('base64url') },
    },
    opened: { details: { name: '审计处' } },
  });
});
