/** A certificate of proof of an entry: what it says, that its attachment proves it to a stranger, its signature, its accessibility, and what it says where the body is gone. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadWorkspace } from '../../contracts/workspace.js';
import { orderErasure } from '../../gateway/audit/erasure/order.js';
import { openSubjectKeys } from '../../gateway/audit/keys.js';
import { auditLayout } from '../../gateway/audit/layout.js';
import { openSearch, type FoundEntry } from '../../gateway/audit/search/index.js';
import { packageRoot } from '../../gateway/cli/places.js';
import { namesOf } from '../../gateway/console/names.js';
import { inForceOf } from '../../gateway/inforce/snapshot.js';
import { drawCertificate } from '../../gateway/reports/certificate/draw.js';
import { certificateModel, type CertificateModel } from '../../gateway/reports/certificate/model.js';
import { checking, goneWords, notCertified } from '../../gateway/reports/certificate/words.js';
import { pdfPool } from '../../gateway/reports/pdf/pool.js';
import { loadPolicies } from '../../policies/load.js';
import { journalOf, sequencerOf, signersOf } from '../audit/filled.js';
import { runWitness, type RunningWitness } from '../audit/witnesses.js';
import { office, programForTest, run } from './documents.js';
import { judgedByVeraPdf } from './verapdf.js';

t.setTimeout(240_000);

const workspace = await loadWorkspace(packageRoot());
const inForce = inForceOf(await loadPolicies(workspace), [], workspace);
const names = { zh: namesOf({ workspace, inForce: () => inForce }, 'zh'), en: namesOf({ workspace, inForce: () => inForce }, 'en') };
const COMPANY = 'uscc:91990102MA00001692';
const yitong = (...args: string[]): { status: number | null; out: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot(), 'dist', 'gateway', 'cli', 'main.js'), ...args], { encoding: 'utf8' });
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
      type: 'released', client: 'one-stop-counter', authority: 'gov-service', purpose: 'open-restaurant', policyVersion: 'Zk31x0', stated: ['item', 'caseId'],
      datasets: [
        { dataset: 'samr.food-licence', asked: ['licenceNumber', 'status'], grant: 'counter-food-licence', effect: 'allow', fields: ['licenceNumber', 'status'], records: 1 },
        { dataset: 'tax.tax-arrears', effect: 'deny', reason: 'not_granted', fields: [], records: 0 },
      ],
      time: '2026-11-27T16:10:03.120Z', requestId: 'Qn3kXo2a-7', bodySha256: createHash('sha256').update('x').digest('base64url'), bytes: 512,
    }),
    subject: { subject: COMPANY, json: '{"item":"许可-2026-01","caseId":"云办-2026-118","actor":"受理员 9"}' },
  });
  await journal.append({ clear: JSON.stringify({ type: 'administration', action: 'complaint', by: 'gateway', time: '2026-11-27T17:00:00.000Z' }) });
  await journal.append({ clear: JSON.stringify({ type: 'released', client: 'of-old', authority: 'gone', purpose: '(unknown)', stated: [], datasets: [{ dataset: 'of.old', effect: 'allow', fields: ['a.b'], records: 3 }], time: '2026-11-27T17:00:01.000Z', requestId: 'x', bytes: 1 }) });
  await journal.close();
  const { log } = signersOf(data);
  const witnesses = await Promise.all(['w1', 'w2'].map((name) => runWitness(join(data, 'witnesses'), name, log)));
  t.teardown(() => Promise.all(witnesses.map((one) => one.stop())));
  const sequence = async (): Promise<void> => {
    const sequencer = sequencerOf(data, { witnesses: { witnesses: witnesses.map(({ address }) => address), required: 2 } });
    await sequencer.runOnce();
    await sequencer.stop(30_000);
  };
  await sequence();
  return {
    data, witnesses, sequence,
    model(index, open = false) {
      const search = openSearch(data);
      const found = search.entry(index, open) as FoundEntry;
      const made = certificateModel(found, { dataDir: data, city: workspace.name, synthetic: workspace.synthetic, names, witnesses: witnesses.map(({ cosigner }) => cosigner), now: Date.now() });
      void search.close();
      return made;
    },
  };
}

const spoken = (file: string): string => squeezed(run('pdfinfo', '-struct-text', file).split('\n').map((line) => /^ *"(.*)"$/.exec(line)?.[1] ?? '').join(''));

function attached(file: string, dir: string): string {
  mkdirSync(dir, { recursive: true });
  spawnSync('pdfdetach', ['-saveall', '-o', dir, file]);
  t.strictSame(readdirSync(dir), ['receipt.json']);
  return join(dir, 'receipt.json');
}

t.test('an entry in words, the checkpoint with its witnesses, and an attachment that proves it without us', async (t) => {
  const dir = t.testdir({ data: {} });
  const here = await world(t, join(dir, 'data'));
  const { sign, caFile } = await office(dir);
  const pool = pdfPool({ threads: 1 });
  t.teardown(() => pool.close());
  const models = { closed: here.model(0), open: here.model(0, true), deed: here.model(1), unknown: here.model(2) };
  const files: Record<string, string> = {};
  for (const [name, model] of Object.entries(models)) writeFileSync((files[name] = join(dir, `${name}.pdf`)), (await pool.certificate(model, sign)).bytes);
  const file = files['closed'] ?? '';
  if (programForTest(t, 'pdfinfo', 'poppler-utils')) {
    const text = spoken(file);
    const { proof, index, receipt } = models.closed;
    for (const part of [
      '存证证明', 'Certificate of proof', '2026-11-28 00:10:03（北京时间）', workspace.name.zh, `第 ${String(index)} 条`, receipt, 'one-stop-counter', workspace.contracts.get('samr.food-licence' as never)?.name.zh ?? '?', '拒绝', 'Qn3kXo2a-7',
      proof.commitment ?? '?', proof.leaf, proof.root, proof.vkey, 'w1.test', 'w2.test', ...here.witnesses.map(({ cosigner }) => cosigner.vkey),
      ...notCertified.flatMap(({ zh, en }) => [zh, en]), ...checking(models.closed, sign.name).flatMap(({ zh, en }) => [zh, en]),
    ]) t.ok(text.includes(squeezed(part)), part);
    t.notMatch(text, /91990102MA00001692|云办-2026-118/, 'whom it was about stays closed');
    t.ok(['91990102MA00001692', '云办-2026-118', '许可-2026-01'].every((part) => spoken(files['open'] ?? '').includes(part)), 'and is said where it was opened');
    t.ok(spoken(files['deed'] ?? '').includes('投诉'));
    const receiptFile = attached(file, join(dir, 'out'));
    t.equal(readFileSync(receiptFile, 'utf8'), models.closed.attached);
    // by the command line, and by a reader of nothing but docs/log.md: the file alone
    t.match(yitong('audit', 'receipt', '--verify', receiptFile, '--vkey', proof.vkey, ...here.witnesses.flatMap(({ cosigner }) => ['--witness', cosigner.vkey])), { status: 0, out: /verified: entry 0 of the 3/ });
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
  if (found !== undefined) t.strictSame(found, Object.values(files).map((one) => `${one}: ok`), 'PDF/UA-1');
});

t.test('what is not published has no certificate, and what was erased or is without witnesses is said plainly', async (t) => {
  const dir = t.testdir({ data: {} });
  const here = await world(t, join(dir, 'data'));
  const journal = await journalOf(here.data, 'w1');
  const keys = openSubjectKeys({ dir: auditLayout(here.data).subjectKeys });
  await orderErasure({ keys, journal, now: Date.now }, { subject: COMPANY, reason: '法院文书', legalBasis: '（示例）', by: 'operator' });
  await journal.close();
  await keys.close();
  t.throws(() => here.model(0) && certificateModel({ index: 9, receipt: 'w1-00000000:9', body: {} }, { dataDir: here.data, city: workspace.name, synthetic: true, names, witnesses: [], now: 0 }), { code: 'not_found' });
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
  const lonely = drawCertificate({ ...model, proof: { ...model.proof, witnesses: [] }, gone: { kind: 'expired', by: 7 }, facts: [], datasets: [], recordedAt: undefined }, { signer: sign.name, at: new Date(), room: 4096 });
  const other = join(dir, 'expired.pdf');
  writeFileSync(other, lonely.bytes);
  if (programForTest(t, 'pdfinfo', 'poppler-utils')) t.ok(['没有见证方联合签名', '保存期限已满'].every((part) => spoken(other).includes(part)));
  const found = judgedByVeraPdf(t, [file, other]);
  if (found !== undefined) t.strictSame(found, [`${file}: ok`, `${other}: ok`]);
});
