import {
  createHash,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  KeyObject,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import t from 'tap';
import { issueVc, PADDED_TO } from '../../../gateway/documents/credentials/issue.js';
import {
  documentKey,
  documentKeyOf,
  issuerMetadata,
  issuerMetadataPath,
} from '../../../gateway/documents/credentials/keys.js';
import { memoryStatuses } from '../../../gateway/documents/credentials/status/memory.js';
import { statusList, statusPublisher } from '../../../gateway/documents/credentials/status/token.js';
import { makeKeys, makeLeaf, makeRoot } from '../../../gateway/operate/pki/x509.js';
import { sampleReport } from './sample.js';
import { BANK, codeOf, DAY, decoded, forge, ISSUER, jwkOf, NONCE, newKey, vcWorld } from './vc-world.js';

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

t.test('a bank sees the domains that were chosen, of all companies, and who it is about', async (t) => {
  const model = sampleReport({ subjects: 3 });
  const here = await vcWorld(model);
  const shown = await here.present(['d8', 'd30']);
  const outcome = await here.verify(shown, { required: ['d8', 'd30'], subjects: [model.subjects[0]?.subject ?? ''] });
  t.match(outcome, {
    ok: true,
    report: {
      bound: true,
      model: undefined,
      claims: {
        notes: model.notes,
        subjects: model.subjects,
        title: model.title,
        cut: model.cut,
        range: model.range,
        authority: model.issuer,
        synthetic: true,
      },
    },
  });
  if (!outcome.ok) return;
  t.same(outcome.report.sections.map(({ subject, domain }) => `${subject} ${domain.id}`).sort(), [
    '0 d30',
    '0 d8',
    '1 d30',
    '1 d8',
    '2 d30',
    '2 d8',
  ]);
  for (const section of outcome.report.sections) {
    const original = model.sections[section.subject * model.domains.length + Number(section.domain.id.slice(1)) - 1];
    t.match(original, { state: section.state, records: section.records, missing: section.missing, asOf: section.asOf });
  }
  const one = await here.verify(await here.present(['d8'], { subjects: [1] }));
  t.equal(codeOf(one), 'credential_claim_missing', 'of one company only');
});

t.test('what is signed is the report, nothing less: all disclosures give the model again', async (t) => {
  for (const size of [{}, { subjects: 2, domains: 23, seed: 5 }, { domains: 1 }]) {
    const model = sampleReport(size);
    const here = await vcWorld(model);
    const outcome = await here.verify(await here.present([], { everything: true }), { required: ['d1'] });
    t.equal(codeOf(outcome), 'ok');
    if (outcome.ok) t.strictSame(outcome.report.model, model);
  }
});

t.test('a presentation tells nothing of what is withheld: no text, no number of domains, no position', async (t) => {
  const model = sampleReport();
  const here = await vcWorld(model);
  const shown = await here.present(['d6', 'd9']);
  const seen = [
    ...shown
      .split('~')
      .flatMap((part) => part.split('.'))
      .map((part) => Buffer.from(part, 'base64url').toString('utf8')),
    shown,
  ].join('\n');
  const kept = model.domains.filter(({ id }) => id !== 'd6' && id !== 'd9');
  t.equal(kept.length, 39);
  for (const { title, id } of kept) {
    t.notOk(seen.includes(title.zh) || seen.includes(title.en), `${id}: its title`);
    t.notOk(seen.includes(`"${id}"`) || seen.includes(`:${id}"`), `${id}: its id`);
  }
  const said = new Set(
    model.sections
      .filter(({ domain }) => domain === 5 || domain === 8)
      .flatMap(({ records }) =>
        records.flatMap(({ facts, version }) => [
          JSON.stringify(version),
          ...facts.map(({ value }) => JSON.stringify(value)),
        ]),
      ),
  );
  for (const section of model.sections) {
    if (section.domain === 5 || section.domain === 8) continue;
    for (const { facts, version } of section.records)
      for (const text of [JSON.stringify(version), ...facts.map(({ value }) => JSON.stringify(value))])
        if (!said.has(text)) t.notOk(seen.includes(text), `a value of domain ${section.domain}`);
  }
  for (const { salt, digest } of model.sections)
    t.notOk(seen.includes(salt) || seen.includes(digest), 'salt and digest of a section stand with the whole only');

  const digestsOf = (text: string): number =>
    (decoded(text.split('~')[0] ?? '')['sections'] as { _sd: string[] })._sd.length;
  t.equal(digestsOf(shown), PADDED_TO);
  for (const domains of [1, 2, 23, 41])
    t.equal(
      digestsOf((await vcWorld(sampleReport({ domains }))).vc.text),
      PADDED_TO,
      `${domains} domains look like any other number`,
    );
  t.equal(digestsOf((await vcWorld(sampleReport({ subjects: 2, domains: 3 }))).vc.text), 2 * PADDED_TO);
});

t.test('salts are new each time, and of 128 bits', async (t) => {
  const model = sampleReport({ domains: 3 });
  const salts = new Set<string>();
  for (let i = 0; i < 3; i++) {
    for (const part of (await vcWorld(model)).vc.text.split('~').slice(1, -1)) {
      const [salt] = JSON.parse(Buffer.from(part, 'base64url').toString()) as string[];
      t.equal(Buffer.from(salt ?? '', 'base64url').length, 16);
      salts.add(salt ?? '');
    }
  }
  t.equal(salts.size, 3 * 4);
});

t.test('the library that others use takes our presentation, and our list', async (t) => {
  const here = await vcWorld(sampleReport());
  const shown = await here.present(['d8']);
  const es256 =
    (key: KeyObject) =>
    (data: string, signature: string): boolean =>
      verify('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  const instance = new SDJwtVcInstance({
    hasher: (data) =>
      createHash('sha256')
        .update(typeof data === 'string' ? data : Buffer.from(data))
        .digest(),
    hashAlg: 'sha-256',
    verifier: es256(createPublicKey(here.privateKey)),
    kbVerifier: es256(createPublicKey(here.holderKey)),
    statusListFetcher: here.publish,
    statusVerifier: es256(createPublicKey(here.privateKey)),
  });
  const result = await instance.verify(shown, {
    keyBindingNonce: NONCE,
    requiredClaimKeys: ['sections.0:d8'],
    currentDate: Math.floor(here.clock.now / 1000),
  });
  t.match(result, { payload: { vct: 'urn:yitong:report:1', sections: { '0:d8': { domain: { id: 'd8' } } } } });
  await here.statuses.revoke(here.vc.status);
  const token = await statusList(0, {
    statuses: here.statuses,
    issuer: ISSUER,
    key: here.key,
    now: () => here.clock.now,
  });
  t.equal(
    getListFromStatusListJWT(token ?? '').statusList.reduce((sum, one) => sum + one, 0),
    1,
  );
  t.equal(getListFromStatusListJWT(token ?? '').getStatus(here.vc.status.index), 1);
});

t.test('a revocation is seen at once by who asks anew, and within 60 seconds by who keeps a list', async (t) => {
  const here = await vcWorld(sampleReport({ domains: 8 }));
  const shown = await here.present(['d8']);
  t.equal(codeOf(await here.verify(shown)), 'ok');
  const before = await here.publish(`${ISSUER}/status/0`);
  const keeper = { fetchStatus: async () => before };
  const publisher = statusPublisher({
    statuses: here.statuses,
    issuer: ISSUER,
    key: here.key,
    now: () => here.clock.now,
  });
  t.equal(await publisher(0), await publisher(0), 'signed once for many');
  t.ok((decoded(before)['ttl'] as number) <= 60);
  t.equal(await here.statuses.revoke(here.vc.status), true);
  t.equal(codeOf(await here.verify(shown)), 'credential_revoked');
  t.equal(codeOf(await here.verify(shown, keeper)), 'ok', 'who kept the list does not know yet');
  here.clock.now += 10_000;
  t.equal(
    codeOf(await here.verify(shown, { fetchStatus: async () => (await publisher(0)) ?? '' })),
    'credential_revoked',
    'the publisher gives nothing old for longer than ten seconds',
  );
  here.clock.now += 51_000;
  t.equal(codeOf(await here.verify(shown, keeper)), 'credential_status_unavailable');
  t.equal(await publisher(77), undefined, 'no such list');
  t.equal(
    await here.statuses.revoke({ list: 0, index: (here.vc.status.index + 1) % 1024 }),
    false,
    'nobody has that place',
  );
});

t.test("a status that cannot be had, or is another's, is no status", async (t) => {
  const here = await vcWorld(sampleReport({ domains: 8 }));
  const shown = await here.present(['d8']);
  const token = decoded(await here.publish(`${ISSUER}/status/0`));
  const header = { alg: 'ES256', typ: 'statuslist+jwt', kid: here.key.kid };
  const status = async (fetchStatus: () => Promise<string>): Promise<string> =>
    codeOf(await here.verify(shown, { fetchStatus }));
  const changed = (payload: object, head: object = {}, key = here.privateKey) =>
    status(() => forge({ ...header, ...head }, { ...token, ...payload }, key));
  t.equal(await changed({}), 'ok', 'the forger could do it with the key');
  t.equal(await status(() => Promise.reject(new Error('away'))), 'credential_status_unavailable');
  t.equal(await status(async () => ''), 'credential_status_invalid');
  t.equal(await status(async () => '<html>'), 'credential_status_invalid');
  t.equal(await changed({}, {}, newKey()), 'credential_status_invalid', 'another key');
  t.equal(await changed({ sub: `${ISSUER}/status/1` }), 'credential_status_invalid', 'another list');
  t.equal(await changed({ iss: 'https://other.example' }), 'credential_status_invalid');
  t.equal(await changed({}, { typ: 'JWT' }), 'credential_status_invalid');
  t.equal(await changed({ exp: undefined }), 'credential_status_invalid', 'without an end');
  t.equal(
    await changed({ iat: (token['iat'] as number) + 3600, exp: (token['iat'] as number) + 7200 }),
    'credential_status_unavailable',
    'from the future',
  );
  t.equal(
    await changed({ iat: (token['iat'] as number) - 61, exp: (token['iat'] as number) + 7200 }),
    'credential_status_unavailable',
    'old, whatever it says of its end',
  );
  t.equal(await changed({ status_list: { bits: 3, lst: '' } }), 'credential_status_invalid');
  t.equal(
    await changed({ status_list: { bits: 1, lst: deflateSync(Buffer.alloc(1)).toString('base64url') } }),
    here.vc.status.index < 8 ? 'ok' : 'credential_status_invalid',
    'shorter than the place',
  );
  t.equal(
    await changed({ status_list: { bits: 1, lst: deflateSync(Buffer.alloc(9 << 20)).toString('base64url') } }),
    'credential_status_invalid',
    'a list that unpacks to more than any list',
  );
  t.equal(
    await status(() => forge({ ...header, alg: 'HS256' }, token, createSecretKey(randomBytes(32)))),
    'credential_status_invalid',
  );
  t.equal(
    await changed({ status_list: { bits: 8, lst: deflateSync(Buffer.alloc(1024, 2)).toString('base64url') } }),
    'credential_revoked',
    'any value but 0 is no',
  );
});

t.test(
  'the proof of the holder is of this holder, this verifier, this question, this time and these disclosures',
  async (t) => {
    const here = await vcWorld(sampleReport());
    const good = await here.present(['d8']);
    const code = async (text: string, changed: Parameters<typeof here.verify>[1] = {}): Promise<string> =>
      codeOf(await here.verify(text, changed));
    t.equal(await code(good), 'ok');
    t.equal(await code(good, { nonce: 'another nonce of the bank' }), 'holder_proof_nonce');
    t.equal(await code(good, { audience: 'https://bank.example' }), 'holder_proof_audience');
    t.equal(await code(good, { now: here.clock.now + 301_000 }), 'holder_proof_time');
    t.equal(
      await code(await here.present(['d8'], { now: here.clock.now + 60_000 })),
      'holder_proof_time',
      'in the future',
    );
    t.equal(await code(await here.present(['d8'], { holderKey: newKey() })), 'holder_proof_invalid');
    const cut = good.slice(0, good.lastIndexOf('~') + 1);
    t.equal(await code(cut), 'holder_proof_missing');
    const proof = good.slice(cut.length);
    const other = await here.present(['d8', 'd9']);
    t.equal(
      await code(other.slice(0, other.lastIndexOf('~') + 1) + proof),
      'holder_proof_digest',
      'one disclosure more than the holder signed',
    );
    const [jwt = ''] = good.split('~');
    t.equal(await code(`${jwt}~${proof}`), 'holder_proof_digest', 'one less');

    const said = decoded(proof);
    const head = { alg: 'ES256', typ: 'kb+jwt' };
    const signed = async (payload: object, header: object = {}, key: Parameters<typeof forge>[2] = here.holderKey) =>
      code(cut + (await forge({ ...head, ...header }, { ...said, ...payload }, key)));
    t.equal(await signed({}), 'ok');
    t.equal(await signed({ aud: [BANK] }), 'holder_proof_audience', 'one audience, not a list');
    t.equal(await signed({ sd_hash: undefined }), 'holder_proof_invalid');
    t.equal(
      await signed({ sd_hash: undefined, _sd_hash: said['sd_hash'] }),
      'holder_proof_invalid',
      'the name of an early draft',
    );
    t.equal(await signed({ iat: undefined }), 'holder_proof_invalid');
    t.equal(await signed({ iat: '1' }), 'holder_proof_invalid');
    t.equal(await signed({ iat: 1e300 }), 'holder_proof_invalid');
    t.equal(await signed({ admin: true }), 'holder_proof_invalid');
    t.equal(await signed({}, { typ: 'jwt' }), 'holder_proof_invalid');
    t.equal(
      await signed({}, { alg: 'HS256' }, createSecretKey(Buffer.from(JSON.stringify(jwkOf(here.holderKey))))),
      'credential_algorithm',
    );
    t.equal(
      await code(
        `${cut}${Buffer.from('{"alg":"none","typ":"kb+jwt"}').toString('base64url')}.${proof.split('.')[1] ?? ''}.`,
      ),
      'credential_algorithm',
    );
  },
);

t.test('a credential that is bound to nobody is taken only by who says so, and takes no proof', async (t) => {
  const here = await vcWorld(sampleReport({ domains: 8 }), { bound: false });
  const shown = await here.present(['d8']);
  t.equal(codeOf(await here.verify(shown)), 'holder_proof_missing');
  t.match(await here.verify(shown, { unbound: 'accept' }), { ok: true, report: { bound: false } });
  const proof = await forge(
    { alg: 'ES256', typ: 'kb+jwt' },
    { aud: BANK, nonce: NONCE, iat: Math.floor(here.clock.now / 1000), sd_hash: digest(shown) },
    newKey(),
  );
  t.equal(codeOf(await here.verify(shown + proof, { unbound: 'accept' })), 'holder_proof_unexpected');
  await t.rejects(here.present(['d8'], { holderKey: newKey() }), { code: 'bad_request' });
});

t.test('what the issuer did not sign, or signed otherwise, is refused with its code', async (t) => {
  const here = await vcWorld(sampleReport({ domains: 8 }), { bound: false });
  const shown = await here.present(['d8']);
  const [jwt = '', disclosure = ''] = shown.split('~');
  const payload = decoded(jwt);
  const header = decoded(jwt, 0);
  const code = async (text: string, changed: Parameters<typeof here.verify>[1] = {}): Promise<string> =>
    codeOf(await here.verify(text, { unbound: 'accept', ...changed }));
  const signed = async (change: object, head: object = {}, key: Parameters<typeof forge>[2] = here.privateKey) =>
    code(`${await forge({ ...header, ...head }, { ...payload, ...change }, key)}~${disclosure}~`);
  t.equal(await signed({}), 'ok', "with the issuer's key it would be genuine");
  t.equal(await signed({}, {}, newKey()), 'credential_signature');
  t.equal(await signed({}, { kid: 'other' }), 'credential_issuer');
  t.equal(await signed({}, { kid: undefined }), 'credential_issuer');
  t.equal(await signed({ iss: 'https://other.example' }), 'credential_issuer');
  t.equal(await signed({}, { typ: 'JWT' }), 'credential_type');
  t.equal(await signed({}, { typ: 'vc+sd-jwt' }), 'credential_type', 'the name of earlier drafts');
  t.equal(await signed({ vct: 'urn:yitong:licence:1' }), 'credential_type');
  t.equal(await signed({ _sd_alg: 'sha-1' }), 'credential_algorithm');
  t.equal(await signed({ _sd_alg: undefined }), 'credential_algorithm');
  t.equal(await signed({}, { alg: 'HS256' }, createSecretKey(randomBytes(32))), 'credential_algorithm');
  const unsigned = Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url');
  const [, payloadPart = '', ...signature] = jwt.split('.');
  t.equal(await code(`${unsigned}.${payloadPart}.~${disclosure}~`), 'credential_algorithm');
  t.equal(await code(`${[unsigned, payloadPart, ...signature].join('.')}~${disclosure}~`), 'credential_algorithm');
  t.equal(
    await signed({}, { jwk: jwkOf(here.privateKey) }),
    'credential_malformed',
    'a key that the credential brings itself',
  );
  t.equal(await signed({}, { crit: ['b64'], b64: true }), 'credential_malformed');
  t.equal(await signed({ exp: undefined }), 'credential_malformed');
  t.equal(await signed({ status: undefined }), 'credential_malformed', 'without a status nobody could revoke it');
  t.equal(await signed({ nbf: undefined }), 'credential_malformed');
  t.equal(await signed({ admin: true }), 'credential_malformed');
  t.equal(await signed({ exp: 1_800_000_000 }), 'ok');
  const exp = Math.floor(here.clock.now / 1000) + 5;
  t.equal(
    await code(`${await forge(header, { ...payload, exp }, here.privateKey)}~${disclosure}~`, { now: exp * 1000 }),
    'credential_expired',
    'at that very second',
  );
  t.equal(await signed({ nbf: Math.floor(here.clock.now / 1000) + 31 }), 'credential_not_yet_valid');
  t.equal(await signed({ cnf: { jwk: { ...jwkOf(newKey()), x: 'AAAA' } } }), 'holder_proof_missing');
  const fetched: string[] = [];
  for (const uri of ['https://elsewhere.example/status/0', `${ISSUER}.elsewhere.example/status/0`]) {
    const elsewhere = await forge(
      header,
      { ...payload, status: { status_list: { idx: here.vc.status.index, uri } } },
      here.privateKey,
    );
    t.equal(
      await code(`${elsewhere}~${disclosure}~`, { fetchStatus: async (from) => (fetched.push(from), '') }),
      'credential_status_invalid',
    );
  }
  t.same(fetched, [], 'nothing is fetched from elsewhere');
  t.equal(await code(shown, { now: here.clock.now + 31 * DAY }), 'credential_expired');
  t.equal(await code(shown, { trust: { issuer: ISSUER, keys: [] } }), 'credential_issuer');
  t.equal(await code(shown, { trust: { issuer: ISSUER } }), 'credential_issuer');
  t.equal(await code(shown, { required: ['d8', 'd7'] }), 'credential_claim_missing');
  t.equal(
    await code(shown, { subjects: ['uscc:91350101M000100Y43'] }),
    'credential_claim_missing',
    'of another company',
  );

  const list = (payload['sections'] as { _sd: string[] })._sd;
  t.equal(await signed({ sections: { _sd: [...list, list[0]] } }), 'credential_digest_twice');
  t.equal(
    await signed({ _sd: [...(payload['_sd'] as string[]), digest(disclosure)] }),
    'credential_digest_twice',
    'in two places',
  );
  t.equal(await code(`${jwt}~${disclosure}~${disclosure}~`), 'credential_digest_twice');
  const made = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const stray = made(['AAAAAAAAAAAAAAAAAAAAAA', '0:d1', {}]);
  t.equal(await code(`${jwt}~${disclosure}~${stray}~`), 'credential_disclosure_stray');
  const withIn = async (value: unknown) => {
    const one = made(value);
    const sections = { _sd: [...list, digest(one)] };
    return code(`${await forge(header, { ...payload, sections }, here.privateKey)}~${disclosure}~${one}~`);
  };
  const [, , section] = JSON.parse(Buffer.from(disclosure, 'base64url').toString()) as [
    string,
    string,
    { domain: object },
  ];
  t.equal(await withIn(['AAAAAAAAAAAAAAAAAAAAAA', '0:d8', section]), 'credential_malformed', 'a name twice');
  t.equal(
    await withIn(['AAAAAAAAAAAAAAAAAAAAAA', '0:d9', section]),
    'credential_malformed',
    'a section under another name',
  );
  t.equal(
    await withIn(['AAAAAAAAAAAAAAAAAAAAAA', '1:d8', { ...section, subject: 1 }]),
    'credential_malformed',
    'of a company that is not there',
  );
  t.equal(await withIn(['AAAAAAAAAAAAAAAAAAAAAA', '_sd', section]), 'credential_malformed');
  t.equal(await withIn(['AAAAAAAAAAAAAAAAAAAAAA', '0:d9', { ...section, _sd: [] }]), 'credential_malformed');
  t.equal(await withIn(['AAAAAAAAAAAAAAAAAAAAAA', { ...section }]), 'credential_malformed', 'an array element');
  const deep = Buffer.from(`["AAAAAAAAAAAAAAAAAAAAAA","0:d9",${'['.repeat(100_000)}${']'.repeat(100_000)}]`).toString(
    'base64url',
  );
  t.equal(await code(`${jwt}~${disclosure}~${deep}~`), 'credential_malformed', 'deeper than anything a report says');
  for (const text of [
    '',
    '~',
    jwt,
    `${jwt}~${disclosure}`,
    `${jwt}~~${disclosure}~`,
    `${jwt}~${disclosure}=~`,
    'a.b.c~',
    '{}',
  ]) {
    const outcome = await code(text);
    t.not(outcome, 'ok', text.slice(0, 20));
  }
});

t.test('a call that would check too little is none', async (t) => {
  const here = await vcWorld(sampleReport({ domains: 8 }));
  const shown = await here.present(['d8']);
  for (const weak of [{ nonce: '' }, { nonce: 'short' }, { audience: '' }, { required: [] }])
    await t.rejects(here.verify(shown, weak), { code: 'bad_request' });
  await t.rejects(here.present(['d99']), { code: 'bad_request' });
  const model = sampleReport({ domains: 1 });
  const issue = (changed: object) =>
    issueVc(model, {
      issuer: ISSUER,
      key: here.key,
      statuses: memoryStatuses(64),
      expiresAt: here.clock.now + DAY,
      ...changed,
    });
  await t.rejects(
    issue({ holder: here.holderKey.export({ format: 'jwk' }) }),
    { code: 'bad_request' },
    'a private key',
  );
  await t.rejects(issue({ holder: { kty: 'oct', k: 'AAAA' } }), { code: 'bad_request' });
  await t.rejects(issue({ expiresAt: 0 }), { code: 'bad_request' });
  await t.rejects(issue({ issuer: 'http://credit.example' }), { code: 'bad_config' });
});

t.test("keys are found by the issuer's metadata, or by certificates that name the issuer", async (t) => {
  t.equal(issuerMetadataPath('https://a.example'), '/.well-known/jwt-vc-issuer');
  t.equal(issuerMetadataPath('https://a.example/credit'), '/.well-known/jwt-vc-issuer/credit');
  const key = newKey();
  t.match(issuerMetadata(ISSUER, [await documentKey(key)]), {
    issuer: ISSUER,
    jwks: { keys: [{ kty: 'EC', crv: 'P-256', alg: 'ES256', d: undefined }] },
  });

  const now = Date.parse('2026-11-24T03:00:00Z');
  const span = { notBefore: new Date(now - DAY), notAfter: new Date(now + DAY) };
  const [rootKeys, leafKeys] = await Promise.all([makeKeys('ec'), makeKeys('ec')]);
  const root = await makeRoot('Yunzhou', 'Document CA', '01', rootKeys, span);
  const other = await makeRoot('Yunzhou', 'Document CA', '01', await makeKeys('ec'), span);
  const leafFor = (value: string, type: 'url' | 'dns' = 'url', over: Partial<typeof span> = {}) =>
    makeLeaf(
      { certificate: root, key: rootKeys.privateKey },
      {
        organisation: 'Credit Centre',
        common: 'documents',
        serialNumber: '02',
        use: 'client',
        names: [{ type, value }],
        publicKey: leafKeys.publicKey,
        ...span,
        ...over,
      },
    );
  const verdict = async (
    leaf: string,
    anchors: readonly string[],
    at = now,
    ...more: readonly string[]
  ): Promise<string> => {
    const signing = await documentKey(KeyObject.from(leafKeys.privateKey), [leaf, ...more]);
    const statuses = memoryStatuses(64);
    const vc = await issueVc(sampleReport({ domains: 8 }), {
      issuer: ISSUER,
      key: signing,
      statuses,
      expiresAt: now + 30 * DAY,
    });
    const here = await vcWorld(sampleReport({ domains: 8 }));
    return codeOf(
      await here.verify(vc.text, {
        now: at,
        unbound: 'accept',
        trust: { issuer: ISSUER, anchors },
        fetchStatus: async () => (await statusList(0, { statuses, issuer: ISSUER, key: signing, now: () => at })) ?? '',
      }),
    );
  };
  t.equal(await verdict(await leafFor(ISSUER), [root]), 'ok');
  t.equal(await verdict(await leafFor('credit.yunzhou.example', 'dns'), [other, root]), 'ok');
  t.equal(await verdict(await leafFor('https://other.example'), [root]), 'credential_issuer');
  t.equal(await verdict(await leafFor('*.yunzhou.example', 'dns'), [root]), 'credential_issuer');
  t.equal(await verdict(await leafFor(ISSUER), [other]), 'credential_issuer', 'an anchor of the same name');
  t.equal(await verdict(await leafFor(ISSUER), []), 'credential_issuer');
  t.equal(
    await verdict(await leafFor(ISSUER), [root], now + 2 * DAY),
    'credential_issuer',
    'certificates that have ended',
  );
  t.equal(
    await verdict(await leafFor(ISSUER, 'url', { notAfter: new Date(now - 1000) }), [root]),
    'credential_issuer',
    'one that has ended, of an anchor that has not',
  );
  t.equal(await verdict(await leafFor(ISSUER), [root], now, root), 'ok', 'with the anchor beside it');
  t.equal(await verdict(await leafFor(ISSUER), [root], now, other), 'credential_issuer', 'with another beside it');
  // names and key ids as they should be, and a signature that is not the anchor's
  const forged = Buffer.from(new X509Certificate(await leafFor(ISSUER)).raw);
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  const pem = `-----BEGIN CERTIFICATE-----\n${forged.toString('base64')}\n-----END CERTIFICATE-----\n`;
  t.equal(await verdict(pem, [root]), 'credential_issuer');
  t.equal(await verdict(pem, [root], now, root), 'credential_issuer');
  await t.rejects(documentKey(newKey(), [root]), { code: 'bad_config' });
  await t.rejects(documentKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey), { code: 'bad_config' });

  // behind the port by which PDFs are signed: DER signatures, whose numbers are shorter or longer than 32 bytes now and
  // then
  const privateKey = KeyObject.from(leafKeys.privateKey);
  const leaf = new X509Certificate(await leafFor(ISSUER));
  const behind = await documentKeyOf({ certificates: [leaf.raw], sign: (bytes) => sign('sha256', bytes, privateKey) });
  t.equal(behind.kid, (await documentKey(privateKey)).kid);
  for (let i = 0; i < 600; i++) {
    const bytes = Buffer.from(`message ${i}`);
    if (!verify('sha256', bytes, { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' }, await behind.sign(bytes)))
      t.fail('a signature was not carried over');
  }
});
