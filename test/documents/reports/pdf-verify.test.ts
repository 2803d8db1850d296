/**
 * A report that was touched does not pass: not by one byte, not by what is written behind it, not under another CA, not
 * by a key that is for something else.
 */
import { spawnSync } from 'node:child_process';
import { hash, sign as signBytes, type X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { canonicalJson } from '../../../contracts/canonical.js';
import type { ReportModel } from '../../../gateway/documents/model/model.js';
import { renderPdf } from '../../../gateway/documents/pdf/index.js';
import { documentSigner, openDocumentSigner } from '../../../gateway/documents/pdf/signer.js';
import { verifyPdf } from '../../../gateway/documents/pdf/verify.js';
import type { PdfCheck } from '../../../gateway/documents/signed/pdf-rules.js';
import { certificatesOfPem } from '../../../gateway/ground/der/certificate.js';
import { scripts } from '../../../gateway/http/ui/assets.js';
import { checkPdf } from '../../../gateway/http/ui/browser/pdf-check.js';
import { initPki, issueClient, issueDocumentSigner, issueServer } from '../../../gateway/operate/pki/authority.js';
import { run as command } from '../../e2e/command.js';
import { chromiumForTest, launch } from '../../http/console/browser.js';
import { CODE, type Office, office, programForTest, run, SIGNER, saved, URL_OF_CODE } from './documents.js';
import { sampleReport } from './sample.js';

t.setTimeout(240_000);

/** Both checks; they have to say the same. */
async function judged(bytes: Uint8Array, ca: X509Certificate): Promise<PdfCheck> {
  const here = await verifyPdf(bytes, [ca]);
  const browser = await checkPdf(new Uint8Array(bytes).buffer, [new Uint8Array(ca.raw)]);
  if (here.ok !== browser.ok || here.fault !== browser.fault)
    throw new Error(`Node says ${here.fault ?? 'genuine'}, the browser ${browser.fault ?? 'genuine'}`);
  return here;
}

for (const rsa of [false, true]) {
  const kind = rsa ? 'RSA' : 'P-256';

  t.test(`${kind}: a report that was not touched is genuine, and gives its model back`, async (t) => {
    // neither the day on which this was written nor today: the CA, its certificate and the signature are of one clock
    const at = new Date('2031-02-03T01:02:03Z');
    const { issue, ca } = await office(t.testdir(), { rsa, now: at });
    const model = sampleReport({ subjects: 2 });
    const { bytes } = await issue(model);
    const check = await judged(bytes, ca);
    t.match(check, {
      ok: true,
      code: CODE,
      signer: { name: SIGNER },
      signedAt: at.getTime(),
      steps: { form: true, digest: true, signature: true, certificate: true, model: true },
    });
    t.equal(canonicalJson(check.model), canonicalJson(model));
  });

  t.test(`${kind}: each of 500 changed bytes is found, in Node and in a browser`, async (t) => {
    const { issue, ca } = await office(t.testdir(), { rsa });
    const { bytes } = await issue(sampleReport({ domains: 6 }));
    const contents = bytes.lastIndexOf('/Contents <') + 11;
    let missed = 0;
    const anywhere = fc.nat({ max: bytes.length - 1 });
    // half of them in the signature itself, which no digest covers
    const signature = fc.integer({ min: contents - 12, max: bytes.indexOf('>', contents) });
    await fc.assert(
      fc.asyncProperty(fc.oneof(anywhere, signature), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const touched = Buffer.from(bytes);
        touched[at] = (touched[at] ?? 0) ^ by;
        if ((await judged(touched, ca)).ok) missed++;
        return missed === 0;
      }),
      { numRuns: 500 },
    );
    t.equal(missed, 0);
  });

  t.test(
    `${kind}: poppler says that the signature is valid, covers the whole document, and that its signer is trusted`,
    async (t) => {
      if (!programForTest(t, 'pdfsig', 'poppler-utils') || !programForTest(t, 'certutil', 'libnss3-tools')) return;
      const { issue, caFile } = await office(t.testdir(), { rsa });
      const file = saved(t.testdirName, (await issue(sampleReport())).bytes);
      const store = `sql:${join(t.testdirName, 'pki')}`;
      run('certutil', '-N', '-d', store, '--empty-password');
      run('certutil', '-A', '-d', store, '-n', 'ca', '-t', ',CT,', '-i', caFile);
      const said = run('pdfsig', '-nssdir', store, file);
      t.match(said, /Signature is Valid\./);
      t.match(said, /Total document signed/);
      t.match(said, /Certificate is Trusted\./);
      t.match(said, /ETSI\.CAdES\.detached/);
      t.ok(said.includes(SIGNER));
    },
  );
}

t.test('whatever is written behind a report, or cut from it, is found', async (t) => {
  const { issue, ca } = await office(t.testdir());
  const { bytes } = await issue(sampleReport({ domains: 4 }));
  for (const more of [
    '\n',
    ' ',
    '%',
    '\0',
    '\n1 0 obj\n<<>>\nendobj\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Prev ' +
      `${String(bytes.length)}>>\nstartxref\n${String(bytes.length)}\n%%EOF\n`,
  ]) {
    t.equal(
      (await judged(Buffer.concat([bytes, Buffer.from(more, 'latin1')]), ca)).ok,
      false,
      JSON.stringify(more.slice(0, 20)),
    );
  }
  for (const cut of [1, 2, 6, 100, bytes.length - 9, bytes.length])
    t.equal((await judged(bytes.subarray(0, bytes.length - cut), ca)).ok, false, `${String(cut)} bytes cut`);
  t.equal((await judged(bytes.subarray(1), ca)).ok, false);
  t.equal((await judged(Buffer.concat([bytes, bytes]), ca)).ok, false, 'twice the same');
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: bytes.length - 1 }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.nat({ max: 40 }),
      async (at, put, drop) => {
        const touched = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + drop)]);
        return touched.equals(bytes) || !(await judged(touched, ca)).ok;
      },
    ),
    { numRuns: 100 },
  );
});

t.test('what a program of others saves over a report is no report any more', async (t) => {
  if (!programForTest(t, 'qpdf', 'qpdf')) return;
  const { issue, ca } = await office(t.testdir());
  const file = saved(t.testdirName, (await issue(sampleReport({ domains: 4 }))).bytes);
  run('qpdf', '--check', file);
  run('qpdf', file, join(t.testdirName, 'again.pdf'));
  t.equal((await judged(readFileSync(join(t.testdirName, 'again.pdf')), ca)).ok, false);
});

t.test('any bytes at all are judged without a crash', async (t) => {
  const { ca } = await office(t.testdir());
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => !(await judged(bytes, ca)).ok));
});

t.test(
  'only a certificate for signing documents, of a trusted CA, in force at the time, makes a report genuine',
  async (t) => {
    const { pki, ca, issue, sign, now }: Office = await office(t.testdir());
    const model = sampleReport({ domains: 4 });
    const options = { code: CODE, url: URL_OF_CODE };
    const { bytes } = await issue(model);

    const other = await office(join(t.testdirName, 'other'));
    t.match(await judged(bytes, other.ca), {
      ok: false,
      fault: 'no trusted CA issued the certificate',
      steps: { signature: true, certificate: false },
    });
    t.equal((await verifyPdf(bytes, [other.ca, ca])).ok, true, 'one of several CAs will do');

    // the CA's other certificates sign as well as they can
    for (const { cert, key } of [await issueClient(pki, 'alpha'), await issueServer(pki)]) {
      const [chain, secret] = [readFileSync(cert, 'utf8'), readFileSync(key, 'utf8')];
      t.throws(() => documentSigner(chain, secret), { code: 'bad_config' }, 'it is not taken for signing');
      const forged = await renderPdf(model, {
        ...options,
        at: new Date(),
        sign: { ...sign, certificates: certificatesOfPem(chain), sign: (data) => signBytes('sha256', data, secret) },
      });
      t.match(await judged(forged.bytes, ca), {
        ok: false,
        fault: 'the certificate is not one for signing documents',
        steps: { signature: true },
      });
    }

    for (const days of [400, -2]) {
      const { bytes: outside } = await issue(model, new Date(now.getTime() + days * 86_400_000));
      t.match(
        await judged(outside, ca),
        { ok: false, fault: 'a certificate was not in force at the time of signing' },
        `signed ${String(days)} days after it was made`,
      );
    }

    const swapped = await renderPdf(model, { ...options, at: new Date(), sign: { ...sign, sign: other.sign.sign } });
    t.match(
      await judged(swapped.bytes, ca),
      { ok: false, steps: { digest: true, signature: false } },
      'another key under the certificate',
    );
  },
);

t.test('a real browser comes to the same, from the modules as they are served, and sends nothing', async (t) => {
  const chromium = chromiumForTest(t);
  if (chromium === undefined) return;
  const { issue, ca } = await office(t.testdir());
  const { bytes } = await issue(sampleReport());
  const browser = await launch(t, chromium);
  const page = await browser.newPage();
  const served = new Map(scripts().map(({ name, text }) => [`/assets/${name}`, text]));
  const asked: string[] = [];
  await page.route('**/*', (route) => {
    const { pathname } = new URL(route.request().url());
    asked.push(`${route.request().method()} ${pathname}`);
    const text = served.get(pathname);
    return route.fulfill(
      text === undefined
        ? { contentType: 'text/html', body: '<!doctype html><title>check</title>' }
        : { contentType: 'text/javascript', body: text },
    );
  });
  await page.goto('http://localhost/');
  const said = (file: Uint8Array): Promise<unknown> =>
    page.evaluate(`(async () => {
      const { checkPdf } = await import('/assets/pdf-check.js');
      const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      const file = bytesOf('${Buffer.from(file).toString('base64')}').buffer;
      const anchors = [bytesOf('${ca.raw.toString('base64')}')];
      const { ok, fault, code, signer } = await checkPdf(file, anchors);
      return { ok, fault, code, name: signer?.name };
    })()`);
  t.match(await said(bytes), { ok: true, code: CODE, name: SIGNER });
  const touched = Buffer.from(bytes);
  touched[5000] = (touched[5000] ?? 0) ^ 1;
  t.match(await said(touched), { ok: false, fault: 'the bytes are not those that were signed' });
  t.ok(
    asked.every((one) => one === 'GET /' || /^GET \/assets\/[a-z-]+\.js$/.test(one)),
    asked.join(', '),
  );
});

t.test('a report stays genuine when the key is changed', async (t) => {
  const { pki, ca, issue } = await office(t.testdir());
  const { bytes } = await issue(sampleReport({ domains: 2 }));
  const before = openDocumentSigner(join(pki, 'documents')).kid;
  await issueDocumentSigner(pki, SIGNER);
  const sign = openDocumentSigner(join(pki, 'documents'));
  t.not(sign.kid, before);
  t.equal((await judged(bytes, ca)).ok, true);
  t.equal(
    (
      await judged(
        (
          await renderPdf(sampleReport({ domains: 2 }), { code: CODE, url: URL_OF_CODE, at: new Date(), sign })
        ).bytes,
        ca,
      )
    ).ok,
    true,
  );
});

t.test('a section whose figures are not those of its digest is found, though it is signed', async (t) => {
  const { issue, ca } = await office(t.testdir());
  const model = sampleReport({ domains: 13 });
  const changed = (change: (model: ReportModel) => ReportModel): Promise<PdfCheck> =>
    issue(change(model)).then(({ bytes }) => judged(bytes, ca));
  const hidden = await changed((one) => ({
    ...one,
    sections: one.sections.map((section) =>
      section.state === 'records' ? { ...section, state: 'none', records: [] } : section,
    ),
  }));
  t.match(hidden, {
    ok: false,
    fault: 'a section does not have its digest',
    steps: { certificate: true, model: false },
  });
  t.match(await changed((one) => ({ ...one, sections: one.sections.slice(1) })), {
    ok: false,
    fault: 'the attached model lacks sections',
  });
  t.match(await changed((one) => ({ ...one, sections: [...one.sections].reverse() })), {
    ok: false,
    fault: 'a section is not in its place',
  });
});

t.test('the signature is a CMS that OpenSSL verifies over the bytes that ByteRange names', async (t) => {
  if (!programForTest(t, 'openssl', 'openssl')) return;
  const { issue, caFile } = await office(t.testdir());
  const { bytes } = await issue(sampleReport({ domains: 2 }));
  const [, a = 0, b = 0, rest = 0] = (/\/ByteRange \[0 (\d+) (\d+) (\d+) *\]/.exec(bytes.toString('latin1')) ?? []).map(
    Number,
  );
  t.equal(b + rest, bytes.length);
  const [cms, data] = [join(t.testdirName, 'cms.der'), join(t.testdirName, 'data')];
  writeFileSync(cms, Buffer.from(bytes.toString('latin1', a + 1, b - 1), 'hex'));
  writeFileSync(data, Buffer.concat([bytes.subarray(0, a), bytes.subarray(b)]));
  const verify = (...more: readonly string[]): number | null =>
    spawnSync('openssl', [
      'cms',
      '-verify',
      '-binary',
      '-inform',
      'DER',
      '-in',
      cms,
      '-content',
      data,
      '-CAfile',
      caFile,
      '-out',
      '/dev/null',
      '-cades',
      ...more,
    ]).status;
  t.equal(verify(), 0, 'with the signing certificate of CAdES');
  writeFileSync(data, Buffer.concat([bytes.subarray(0, a), bytes.subarray(b), Buffer.of(0)]));
  t.not(verify(), 0);
  t.notMatch(
    run('openssl', 'cms', '-cmsout', '-print', '-inform', 'DER', '-in', cms),
    /signingTime/,
    'PAdES keeps the time in the document',
  );
});

t.test('yitong report verify says what holds, and ends with 0, 1 or 2', async (t) => {
  const { issue, caFile } = await office(t.testdir());
  const model = sampleReport({ domains: 4 });
  const { bytes } = await issue(model);
  const file = saved(t.testdirName, bytes);
  const genuine = await command('report', 'verify', file, '--ca', caFile);
  t.equal(genuine.code, 0, genuine.stderr);
  t.match(genuine.stdout, /genuine/);
  t.match(genuine.stdout, /development CA/);
  const asJson = JSON.parse((await command('report', 'verify', file, '--ca', caFile, '--json')).stdout) as {
    readonly model: unknown;
  };
  t.equal(
    hash('sha256', canonicalJson(asJson.model)),
    hash('sha256', canonicalJson(model)),
    'its figures can be compared',
  );

  const touched = join(t.testdirName, 'touched.pdf');
  writeFileSync(touched, Buffer.concat([bytes, Buffer.from('\n')]));
  const found = await command('report', 'verify', touched, '--ca', caFile);
  t.equal(found.code, 1);
  t.match(found.stdout, /\[report_invalid\]/);
  await initPki(join(t.testdirName, 'foreign'));
  t.equal((await command('report', 'verify', file, '--ca', join(t.testdirName, 'foreign', 'ca.pem'))).code, 1);

  t.equal((await command('report', 'verify', join(t.testdirName, 'nothing.pdf'), '--ca', caFile)).code, 2);
  t.equal((await command('report', 'verify', file, '--ca', join(t.testdirName, 'nothing.pem'))).code, 2);
  t.equal(
    (await command('report', 'verify', file, '--ca', join(t.testdirName, 'pki/documents/cert.pem'))).code,
    2,
    'a certificate that is no CA',
  );
  t.equal((await command('report', 'verify')).code, 2);
  t.match(
    await command('report', 'verify', file, '--data', join(t.testdirName, 'no-city')),
    { code: 2, stderr: /--ca[^]*\/verify\/ca\.pem/ },
    'who was handed a report and has no city is told where the CA is',
  );
  const zh = await command('report', 'verify', file, '--ca', caFile, '--zh');
  t.match(zh, { code: 0, stdout: /✓ 内容与签署时一致[^]*报告真实/ }, 'in Chinese, for a clerk');
});
