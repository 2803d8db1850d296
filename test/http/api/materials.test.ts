/** Materials of a case over HTTP: what is taken, what is refused before it is kept, who gets which, and on record first. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Case, CaseMaterial } from '../../../gateway/http/api/cases/client.js';
import { examplePlan } from '../../../gateway/procedures/materials/example.js';
import { elements, named } from '../../procedures/cases/office.js';
import { type Faces, faces } from './faces.js';

t.setTimeout(240_000);

const SELLER = 'uscc:91990105MA0000193X';
const COUNTER = 'one-stop-counter';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly bytes: Buffer;
}

/** One request whose body goes as it is. */
async function send(
  here: Faces,
  client: string,
  { as, ...asked }: { readonly method: string; readonly path: string; readonly body?: Buffer; readonly as?: string },
): Promise<Answer> {
  const headers = { ...(as === undefined ? {} : { 'yitong-subject': as }) };
  const type = asked.body === undefined ? {} : { 'content-type': 'image/png' };
  const answer = await here.ask({ ...asked, headers: { ...type, ...headers } }, client);
  return {
    status: answer.status,
    type: String(answer.headers['content-type']),
    bytes: answer.bytes ?? Buffer.alloc(0),
  };
}
const json = <T>({ bytes }: { readonly bytes: Buffer }): T => JSON.parse(bytes.toString('utf8')) as T;

async function act(here: Faces, path: string, body: object, as = SELLER): Promise<Case> {
  const { status, text } = await here.ask({ method: 'POST', path, body, headers: { 'yitong-subject': as } }, COUNTER);
  t.equal(status < 300, true, text.slice(0, 300));
  return JSON.parse(text) as Case;
}

/** A draft of a transfer, whose contract is uploaded. */
async function draft(here: Faces): Promise<{ readonly id: string; readonly path: string }> {
  const bundle = named('transfer-real-estate');
  const { id } = await act(here, '/v1/cases', { bundle: bundle.id });
  const path = `/v1/cases/${id}`;
  await act(here, path, { act: 'save', answers: bundle.usual.answers, values: {} });
  return { id, path };
}

/** A PDF of these objects, with its table. */
function pdfOf(objects: readonly string[], trailer = ''): Buffer {
  let text = '%PDF-1.7\n';
  const offsets = objects.map((object, i) => {
    const at = text.length;
    text += `${String(i + 1)} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const at = text.length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = String(objects.length + 1);
  text += `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R ${trailer}>>\n`;
  return Buffer.from(`${text}startxref\n${String(at)}\n%%EOF\n`, 'latin1');
}
const PAGES = ['<< /Type /Pages /Kids [3 0 R] /Count 1 >>', '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>'];
const plainPdf = pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', ...PAGES]);
const scriptPdf = pdfOf([
  '<< /Type /Catalog /Pages 2 0 R /OpenAction 4 0 R >>',
  ...PAGES,
  '<< /S /J#61vaScript /JS (app.alert) >>',
]);

const filesBelow = (dir: string): readonly string[] => {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name));
  } catch {
    return [];
  }
};

async function listed(here: Faces, path: string): Promise<readonly CaseMaterial[]> {
  const answer = await send(here, COUNTER, { method: 'GET', path: `${path}/materials`, as: SELLER });
  t.equal(answer.status, 200, answer.bytes.toString('utf8').slice(0, 300));
  return json<{ materials: readonly CaseMaterial[] }>(answer).materials;
}

const settings = { gateway: { caseDrivers: 'development' as const, uploadLimitBytes: 200_000 } };
async function here(t: Test): Promise<Faces> {
  return await faces(t, { settings });
}

t.test('what is not taken is refused with its reason, and nothing of it is kept', async (t) => {
  const city = await here(t);
  const { path } = await draft(city);
  const put = async (body: Buffer, material = 'contract-text', as = SELLER) =>
    await send(city, COUNTER, { method: 'PUT', path: `${path}/materials/${material}`, body, as });
  const refused = async (body: Buffer, status: number, code: string, what: string): Promise<void> => {
    const answer = await put(body);
    t.equal(answer.status, status, what);
    t.equal(json<{ code: string }>(answer).code, code, what);
  };
  const plan = examplePlan();
  await refused(Buffer.from('<html><script>alert(1)</script></html>'), 400, 'file_type', 'a page');
  await refused(Buffer.from('MZ program'), 400, 'file_type', 'a program');
  await refused(Buffer.alloc(200_001, 0x25), 413, 'file_too_large', 'more than is taken');
  await refused(plan.subarray(0, plan.length - 20), 400, 'file_damaged', 'a part of a picture');
  await refused(scriptPdf, 400, 'file_active', 'a PDF with a script');
  await refused(
    pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', ...PAGES], '/Encrypt << /Filter /Standard >> '),
    400,
    'file_encrypted',
    'a PDF with a password',
  );
  t.equal((await put(plan, 'application')).status, 404, 'what is made is not uploaded');
  t.equal((await put(plan, 'title')).status, 404, 'nor what a register says');
  t.equal((await put(plan, 'contract-text', 'uscc:91990101MA000013H9')).status, 404, 'nor into another’s case');
  const other = await send(city, 'food-inspector', {
    method: 'PUT',
    path: `${path}/materials/contract-text`,
    body: plan,
  });
  t.equal(other.status, 404, 'nor by an authority');
  t.match(
    (await listed(city, path)).find(({ material }) => material === 'contract-text'),
    { state: 'missing', mayPut: true },
  );
  t.strictSame(filesBelow(join(city.dataDir, 'blobs')), [], 'nothing was kept');
});

t.test('an upload comes back as it was sent, is sealed where it stands, and goes with its draft', async (t) => {
  const city = await here(t);
  const { id, path } = await draft(city);
  const at = `${path}/materials/contract-text`;
  const plan = examplePlan();
  const kept = () => filesBelow(join(city.dataDir, 'blobs', id));
  const first = json<CaseMaterial>(await send(city, COUNTER, { method: 'PUT', path: at, body: plainPdf, as: SELLER }));
  t.match(first, { state: 'given', type: 'application/pdf', size: plainPdf.length });
  t.equal(first.digest, createHash('sha256').update(plainPdf).digest('base64url'));
  const before = city.entries.length;
  const back = await send(city, COUNTER, { method: 'GET', path: at, as: SELLER });
  t.equal(back.type, 'application/pdf');
  t.ok(back.bytes.equals(plainPdf), 'byte for byte');
  t.match(
    city.entries.slice(before).map(({ body }) => body),
    [{ action: 'case_shown', target: id, detail: { material: 'contract-text', digest: first.digest } }],
    'on record, with what it was',
  );
  t.equal(kept().length, 1);
  t.notMatch(readFileSync(kept()[0] ?? '', 'latin1'), /%PDF|Catalog/, 'nobody reads it on the disk');
  await send(city, COUNTER, { method: 'PUT', path: at, body: plan, as: SELLER });
  const acts = city.entries.filter(({ body }) => body['action'] === 'case_act').length;
  await send(city, COUNTER, { method: 'PUT', path: at, body: plan, as: SELLER });
  t.equal(city.entries.filter(({ body }) => body['action'] === 'case_act').length, acts, 'the same again is no act');
  t.equal(kept().length, 1, 'what was replaced in a draft is gone');
  city.healthy = false;
  const unrecorded = await send(city, COUNTER, { method: 'GET', path: at, as: SELLER });
  t.equal(unrecorded.status, 503, 'nothing leaves that is not on record');
  t.notOk(unrecorded.bytes.includes(plan.subarray(0, 8)));
  city.healthy = true;
  await act(city, path, { act: 'withdraw' });
  t.strictSame(kept(), [], 'gone with the draft');
  t.equal((await send(city, COUNTER, { method: 'GET', path: at, as: SELLER })).status, 404);
  t.notMatch(city.log.join('\n'), /contract-text\.|Catalog/);
});

t.test('a damaged upload is refused and said, never shown', async (t) => {
  const city = await here(t);
  const { id, path } = await draft(city);
  const at = `${path}/materials/contract-text`;
  await send(city, COUNTER, { method: 'PUT', path: at, body: plainPdf, as: SELLER });
  const [file = ''] = filesBelow(join(city.dataDir, 'blobs', id));
  const bytes = readFileSync(file);
  bytes.writeUInt8((bytes.at(-5) ?? 0) ^ 1, bytes.length - 5);
  writeFileSync(file, bytes);
  const answer = await send(city, COUNTER, { method: 'GET', path: at, as: SELLER });
  t.equal(answer.status, 503);
  t.equal(json<{ code: string }>(answer).code, 'store_damaged');
  await send(city, COUNTER, { method: 'PUT', path: at, body: plainPdf, as: SELLER });
  const again = await send(city, COUNTER, { method: 'GET', path: at, as: SELLER });
  t.ok(again.bytes.equals(plainPdf), 'sent again, it is whole');
});

t.test('what was signed is bound to its digest: what changes is signed again before it is filed', async (t) => {
  const city = await here(t);
  const bundle = named('open-company');
  const as = 'cn-id:11010519491231002X';
  const answers = { seals: false, invoices: false, hires: false };
  const values = Object.fromEntries(
    [...elements.elements.values()]
      .filter(
        ({ id, registers, examples }) => id.startsWith('founding.') && registers.length === 0 && examples.length > 0,
      )
      .map(({ id, examples: [example] }) => [id, example]),
  );
  const { id } = await act(city, '/v1/cases', { bundle: bundle.id }, as);
  const path = `/v1/cases/${id}`;
  const papers = async () =>
    json<{ materials: readonly CaseMaterial[] }>(
      await send(city, COUNTER, { method: 'GET', path: `${path}/materials`, as }),
    ).materials.filter(({ kind }) => kind === 'made');
  await act(city, path, { act: 'save', answers, values }, as);
  await act(city, path, { act: 'step', step: 'fill', port: 'signature' }, as);
  const signed = await papers();
  t.match(signed, [{ state: 'signed' }, { state: 'signed' }]);
  // who it is comes into the paper after it was signed
  await act(city, path, { act: 'step', step: 'fill', port: 'identity' }, as);
  t.match(await papers(), [
    { material: 'application', state: 'changed' },
    { material: 'articles', state: 'signed' },
  ]);
  const { status, text } = await city.ask(
    { method: 'POST', path, body: { act: 'submit' }, headers: { 'yitong-subject': as } },
    COUNTER,
  );
  t.equal(status, 400);
  t.match(text, /act_incomplete.*sign again.*application/);
  await act(city, path, { act: 'save', answers, values }, as);
  t.match(await papers(), [{ state: 'draft' }, { state: 'draft' }], 'saved, it is signed no more');
  await act(city, path, { act: 'step', step: 'fill', port: 'signature' }, as);
  const again = await papers();
  t.not(again[0]?.digest, signed[0]?.digest);
  await act(city, path, { act: 'submit' }, as);
  const filed = await papers();
  t.match(filed, [{ state: 'filed' }, { state: 'filed' }]);
  t.strictSame(
    filed.map(({ digest }) => digest),
    again.map(({ digest }) => digest),
    'what was filed is what was signed',
  );
  const pdf = await send(city, COUNTER, { method: 'GET', path: `${path}/materials/application`, as });
  t.equal(pdf.type, 'application/pdf');
  t.match(pdf.bytes.toString('latin1', 0, 8), '%PDF-1.7');
});
