/** Strangers and revoked clients who show a chain that they made up: the names fit, the signatures do not. */
import type { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { authorityId } from '../../../contracts/ids.js';
import { makeAnchor } from '../../../gateway/ground/identity/anchors.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import {
  CLIENT_AUTH,
  type Keys,
  keyOf,
  make,
  makeCa,
  makeEc,
  makeList,
  makeRsa,
  pemOf,
  SERVER_AUTH,
  type Shape,
} from './make.js';
import { clientsOf, gateway, spiffe } from './server.js';

const dir = t.testdir();
await initPki(dir);
await issueServer(dir);
const [a, b, own, made] = [await makeEc(), await makeEc(), await makeEc(), await makeEc()];
const [rootA, rootB] = [await makeCa('A', a), await makeCa('B', b)];
const ALPHA = ['spiffe://yitong.example/client/alpha'];
const leafOf = (more: Partial<Shape> = {}): Promise<X509Certificate> =>
  make({ subject: 'alpha', keys: own, issuer: 'A', signer: a, uris: ALPHA, ...more });
/** Subject and key id of A, and B as its issuer; signed by nobody whom anybody trusts. */
const forged = await make({ subject: 'A', keys: made, issuer: 'B', signer: made, issuerKeyId: b, keyId: a, ca: true });
let files = 0;
async function shown(chain: readonly X509Certificate[], keys: Keys): Promise<{ cert: string; key: string }> {
  const at = join(dir, String(++files));
  await writeFile(`${at}.pem`, chain.map(pemOf).join(''));
  await writeFile(`${at}.key`, await keyOf(keys));
  return { cert: `${at}.pem`, key: `${at}.key` };
}
const clients = clientsOf(spiffe('alpha'));
const because = { noCrlBecause: 'its certificates live for a day' };

t.test('a revoked client that shows a forged issuer of another anchor, one without a list, stays out', async (t) => {
  const leaf = await leafOf({ serial: '4001' });
  const world = await gateway(
    dir,
    [
      makeAnchor({ id: 'a', ca: pemOf(rootA), authorities: '*', crl: await makeList('A', a, ['4001']) }),
      makeAnchor({ id: 'b', ca: pemOf(rootB), authorities: '*', ...because }),
    ],
    clients,
  );
  t.equal(await world.ask(await shown([leaf], own)), 'certificate_revoked');
  t.equal(await world.ask(await shown([leaf, forged], own)), 'certificate_revoked', 'with the forged certificate');
  t.equal(
    await world.ask(await shown([leaf, forged, rootB], own)),
    'certificate_revoked',
    'with the forged certificate and the other root',
  );
  await world.close();
});

t.test('a client of an anchor that may not name its authority stays out, whatever issuer it shows', async (t) => {
  const leaf = await leafOf();
  const world = await gateway(
    dir,
    [
      makeAnchor({ id: 'a', ca: pemOf(rootA), authorities: [authorityId('court')], ...because }),
      makeAnchor({ id: 'b', ca: pemOf(rootB), authorities: [authorityId('tax')], ...because }),
    ],
    clients,
  );
  t.equal(await world.ask(await shown([leaf], own)), 'anchor_not_entitled');
  t.equal(await world.ask(await shown([leaf, forged], own)), 'anchor_not_entitled', 'with the forged certificate');
  await world.close();
});

t.test('a leaf that a list of another anchor revokes stays out, where both anchors vouch for its issuer', async (t) => {
  const below = await makeEc();
  const [belowA, belowB] = [
    await make({ subject: 'below', keys: below, issuer: 'A', signer: a, ca: true }),
    await make({ subject: 'below', keys: below, issuer: 'B', signer: b, ca: true }),
  ];
  const leaf = await make({ subject: 'alpha', keys: own, issuer: 'below', signer: below, uris: ALPHA, serial: '4002' });
  const world = await gateway(
    dir,
    [
      makeAnchor({
        id: 'a',
        ca: pemOf(rootA) + pemOf(belowA),
        authorities: '*',
        crl: (await makeList('A', a, [])) + (await makeList('below', below, ['4002'])),
      }),
      makeAnchor({ id: 'b', ca: pemOf(rootB), authorities: '*', ...because }),
    ],
    clients,
  );
  t.equal(await world.ask(await shown([leaf, belowA], own)), 'certificate_revoked');
  t.equal(
    await world.ask(await shown([leaf, belowB], own)),
    'certificate_revoked',
    'by the way of the anchor without a list',
  );
  await world.close();
});

t.test(
  'a revoked certificate stays out whatever its serial number begins with, and so does each client of a revoked CA',
  async (t) => {
    for (const serial of ['4003', '0403', '00403f', 'f403', '03', '0a'.repeat(20)]) {
      const below = await makeEc();
      const [leaf, between] = [
        await leafOf({ serial }),
        await make({ subject: 'below', keys: below, issuer: 'A', signer: a, ca: true, serial }),
      ];
      const under = await make({ subject: 'alpha', keys: own, issuer: 'below', signer: below, uris: ALPHA });
      const anchor = makeAnchor({
        id: 'a',
        ca: pemOf(rootA) + pemOf(between),
        authorities: '*',
        crl: (await makeList('A', a, [])) + (await makeList('below', below, [])),
      });
      const world = await gateway(dir, [anchor], clients);
      const asked = async (): Promise<readonly string[]> => [
        await world.ask(await shown([leaf], own)),
        await world.ask(await shown([under, between], own)),
      ];
      t.strictSame(await asked(), ['alpha', 'alpha'], serial);
      anchor.revocation?.replace(await makeList('A', a, [serial], new Date(Date.now() + 2000)));
      t.strictSame(await asked(), ['certificate_revoked', 'certificate_revoked'], serial);
      await world.close();
    }
  },
);

t.test('weak keys, weak signatures and leaves that are not for clients are refused', async (t) => {
  const world = await gateway(dir, [makeAnchor({ id: 'a', ca: pemOf(rootA), authorities: '*', ...because })], clients);
  t.equal(await world.ask(await shown([await leafOf()], own)), 'alpha');
  const weak = await makeRsa(1024);
  t.equal(
    await world.ask(await shown([await leafOf({ keys: weak })], weak), { ciphers: 'DEFAULT@SECLEVEL=0' }),
    'certificate_invalid',
    'RSA of 1024 bits',
  );
  const strong = await makeRsa(2048);
  t.equal(await world.ask(await shown([await leafOf({ keys: strong })], strong)), 'alpha', 'RSA of 2048 bits');
  t.equal(await world.ask(await shown([await leafOf({ purposes: null })], own)), 'certificate_invalid', 'no usage');
  t.equal(
    await world.ask(await shown([await leafOf({ purposes: ['2.5.29.37.0'] })], own)),
    'certificate_invalid',
    'any usage',
  );
  t.equal(
    await world.ask(await shown([await leafOf({ purposes: [SERVER_AUTH] })], own)),
    'certificate_invalid',
    'a server',
  );
  t.equal(await world.ask(await shown([await leafOf({ purposes: [SERVER_AUTH, CLIENT_AUTH] })], own)), 'alpha', 'both');
  t.equal(
    await world.ask(await shown([await leafOf({ usages: 32 })], own)),
    'certificate_invalid',
    'a key that may only encipher',
  );
  t.equal(
    await world.ask(await shown([await leafOf({ ca: true, usages: 5, purposes: [CLIENT_AUTH] })], own)),
    'certificate_invalid',
    'a CA',
  );
  await world.close();
  const old = await makeRsa(2048, 'SHA-1');
  const rootOld = await makeCa('Old', old);
  const sha1 = await gateway(
    dir,
    [makeAnchor({ id: 'old', ca: pemOf(rootOld), authorities: '*', ...because })],
    clients,
  );
  t.equal(
    await sha1.ask(await shown([await leafOf({ issuer: 'Old', signer: old })], own), { ciphers: 'DEFAULT@SECLEVEL=0' }),
    'certificate_invalid',
    'signed with SHA-1',
  );
  await sha1.close();
  t.throws(() => makeAnchor({ id: 'x', ca: '', authorities: '*', ...because }), { code: 'bad_policy' });
  const weakCa = await makeRsa(1024);
  const weakRoot = await makeCa('Weak', weakCa);
  t.throws(() => makeAnchor({ id: 'weak', ca: pemOf(weakRoot), authorities: '*', ...because }), {
    code: 'bad_policy',
    message: /RSA/,
  });
});
