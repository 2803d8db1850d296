/** Chains that each signature allows, and that are none all the same; and those that look odd and are good. */
import t from 'tap';
import { pathsOf } from '../../../gateway/ground/identity/chain.js';
import { CLIENT_AUTH as PURPOSE } from '../../../gateway/ground/identity/rules.js';
import { Extension, make, makeCa, makeEc, type Shape } from './make.js';

const [root, below, next, own] = [await makeEc(), await makeEc(), await makeEc(), await makeEc()];
const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(body.length < 0x80 ? [tag, body.length] : [tag, 0x81, body.length]), body]);
};
/** Name constraints: tag of the kind, and the name. */
const constrained = (
  which: 'permitted' | 'excluded',
  ...names: readonly (readonly [number, string | Buffer])[]
): Extension =>
  new Extension(
    '2.5.29.30',
    true,
    new Uint8Array(
      der(
        0x30,
        der(
          which === 'permitted' ? 0xa0 : 0xa1,
          ...names.map(([tag, name]) => der(0x30, der(tag, Buffer.from(name as string)))),
        ),
      ),
    ),
  );
const URI = 0x86;
const DNS = 0x82;
const IP = 0x87;

/** What becomes of a leaf below a CA below a root, each with what makes it special. */
async function judged(parts: {
  readonly root?: Partial<Shape>;
  readonly below?: Partial<Shape>;
  readonly leaf?: Partial<Shape>;
  readonly between?: boolean;
}): Promise<string> {
  const top = await makeCa('root', root, parts.root);
  const ca = await make({ subject: 'below', keys: below, issuer: 'root', signer: root, ca: true, ...parts.below });
  // the CA's next key, vouched for by its first one: under one name, so it is no further step
  const again = await make({ subject: 'below', keys: next, issuer: 'below', signer: below, ca: true });
  const leaf = await make({
    subject: 'alpha',
    keys: own,
    issuer: 'below',
    signer: parts.between === true ? next : below,
    uris: ['spiffe://yitong.example/client/alpha'],
    ...parts.leaf,
  });
  const found = pathsOf({
    leaf,
    shown: parts.between === true ? [again, ca] : [ca],
    anchors: [{ certificates: [top] }],
    purpose: PURPOSE,
  });
  return found.kind === 'invalid' ? found.why : found.kind;
}

const CASES: readonly [what: string, parts: Parameters<typeof judged>[0], result: string | RegExp][] = [
  ['a CA below the root', {}, 'paths'],
  ['a root that allows no CA below it', { root: { pathLength: 0 } }, /longer/],
  ['a root that allows one', { root: { pathLength: 1 } }, 'paths'],
  ['a CA that vouches for its own next key', { between: true }, 'paths'],
  ['the same below a root that allows one CA', { root: { pathLength: 1 }, between: true }, 'paths'],
  ['the same where the CA allows none below it', { below: { pathLength: 0 }, between: true }, 'paths'],
  ['a CA for servers only', { below: { purposes: ['1.3.6.1.5.5.7.3.1'] } }, /not one for the purpose/],
  ['a CA for anything', { below: { purposes: ['2.5.29.37.0'] } }, 'paths'],
  ['an issuer that is no CA', { below: { ca: false, purposes: null, usages: 1 } }, 'untrusted'],
  [
    'a critical extension that nobody knows',
    { leaf: { more: [new Extension('1.2.3.4', true, new Uint8Array([5, 0]))] } },
    /critical extension/,
  ],
  ['the same, not critical', { leaf: { more: [new Extension('1.2.3.4', false, new Uint8Array([5, 0]))] } }, 'paths'],
  [
    'one in the CA',
    { below: { more: [new Extension('2.5.29.36', true, new Uint8Array([0x30, 0]))] } },
    /critical extension/,
  ],
  [
    'an extension twice',
    { leaf: { more: [1, 2].map(() => new Extension('1.2.3.4', false, new Uint8Array([5, 0]))) } },
    /twice/,
  ],
  ['a leaf whose key may sign certificates', { leaf: { usages: 1 | 32 } }, /no CA/],
  [
    'a leaf with name constraints',
    { leaf: { more: [constrained('permitted', [URI, 'yitong.example'])] } },
    /no client/,
  ],
  [
    'the trust domain that a CA may name',
    { below: { more: [constrained('permitted', [URI, 'yitong.example'])] } },
    'paths',
  ],
  ['another one', { below: { more: [constrained('permitted', [URI, 'elsewhere.example'])] } }, /does not allow a name/],
  [
    'hosts below it only',
    { below: { more: [constrained('permitted', [URI, '.yitong.example'])] } },
    /does not allow a name/,
  ],
  [
    'one that the root excludes',
    { root: { more: [constrained('excluded', [URI, 'yitong.example'])] } },
    /does not allow a name/,
  ],
  [
    'one excluded without regard to case',
    { root: { more: [constrained('excluded', [URI, 'YITONG.example'])] } },
    /does not allow a name/,
  ],
  [
    'a URI without a host, where hosts count',
    { below: { more: [constrained('permitted', [URI, 'yitong.example'])] }, leaf: { uris: ['urn:yitong.example'] } },
    /does not allow a name/,
  ],
  [
    'a URI with a host behind a user',
    {
      below: { more: [constrained('permitted', [URI, 'yitong.example'])] },
      leaf: { uris: ['spiffe://yitong.example@elsewhere.example/client/alpha'] },
    },
    /does not allow a name/,
  ],
  [
    'constraints of a kind that the leaf has not',
    { below: { more: [constrained('permitted', [DNS, 'yitong.example'])] } },
    'paths',
  ],
  [
    'a wildcard over a host that is excluded',
    {
      below: { more: [constrained('excluded', [DNS, 'a.yitong.example'])] },
      leaf: { names: [{ type: 'dns', value: '*.yitong.example' }] },
    },
    /does not allow a name/,
  ],
  [
    'an address of another network',
    {
      below: { more: [constrained('permitted', [IP, Buffer.from([10, 0, 0, 0, 255, 0, 0, 0])])] },
      leaf: { names: [{ type: 'ip', value: '11.0.0.1' }] },
    },
    /does not allow a name/,
  ],
  [
    'an address of the network',
    {
      below: { more: [constrained('permitted', [IP, Buffer.from([10, 0, 0, 0, 255, 0, 0, 0])])] },
      leaf: { names: [{ type: 'ip', value: '10.9.0.1' }] },
    },
    'paths',
  ],
  [
    'a mask with a hole',
    { below: { more: [constrained('permitted', [IP, Buffer.from([10, 0, 0, 0, 255, 0, 255, 0])])] } },
    /cannot be read/,
  ],
  [
    'constraints that name nothing',
    { below: { more: [new Extension('2.5.29.30', true, new Uint8Array([0x30, 0]))] } },
    /cannot be read/,
  ],
];
for (const [what, parts, result] of CASES) {
  t.test(what, async (t) => {
    const got = await judged(parts);
    if (typeof result === 'string') t.equal(got, result);
    else t.match(got, result);
  });
}

t.test('certificates that fit one another in any number of ways end in a refusal, soon', async (t) => {
  const stranger = await makeEc();
  const many = await Promise.all(
    Array.from({ length: 8 }, () =>
      make({ subject: 'ring', keys: stranger, issuer: 'ring', signer: stranger, ca: true }),
    ),
  );
  const leaf = await make({ subject: 'alpha', keys: own, issuer: 'ring', signer: stranger });
  const found = pathsOf({
    leaf,
    shown: many,
    anchors: [{ certificates: [await makeCa('root', root)] }],
    purpose: PURPOSE,
  });
  t.match(found, { kind: 'invalid', why: /more ways/ });
});
