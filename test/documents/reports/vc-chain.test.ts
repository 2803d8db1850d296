/** The certificates that a credential brings lead to an anchor only by issuers that may issue. */
import t from 'tap';
import { trustedKey } from '../../../gateway/documents/credentials/keys.js';
import { make, makeCa, makeEc, pemOf, type Shape } from '../../ground/identity/make.js';

const ISSUER = 'https://city.example/credentials';
const [root, below, own] = [await makeEc(), await makeEc(), await makeEc()];

/** The key that is trusted of a leaf below a CA below a root, each with what makes it special. */
async function trusted(
  parts: { readonly root?: Partial<Shape>; readonly below?: Partial<Shape>; readonly leaf?: Partial<Shape> } = {},
): Promise<unknown> {
  const top = await makeCa('root', root, parts.root);
  const ca = await make({ subject: 'below', keys: below, issuer: 'root', signer: root, ca: true, ...parts.below });
  const leaf = await make({
    subject: 'documents',
    keys: own,
    issuer: 'below',
    signer: below,
    uris: [ISSUER],
    ...parts.leaf,
  });
  return trustedKey(
    { issuer: ISSUER, anchors: [pemOf(top)] },
    { x5c: [leaf, ca].map(({ raw }) => raw.toString('base64')) },
    Date.now(),
  );
}

t.test('a CA below the root is followed', async (t) => {
  t.ok(await trusted());
});

for (const [what, parts] of [
  ['a root that allows no CA below it', { root: { pathLength: 0 } }],
  ['an issuer whose key may not sign certificates', { below: { usages: 2 } }],
  ['a CA that signs documents itself', { leaf: { ca: true } }],
  ['a leaf whose key may not sign', { leaf: { usages: 4 } }],
  ['a signature of another key', { leaf: { signer: own, issuerKeyId: below } }],
] as const) {
  t.test(`${what} leads nowhere`, async (t) => {
    await t.rejects(trusted(parts), { code: 'credential_issuer' });
  });
}
