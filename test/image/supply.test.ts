/**
 * What the product is made of: the list of parts is the image's, licences are known, and an audit that was not made is
 * not called clean.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { filesBelow, makeTree, temporary } from './root.js';

t.setTimeout(120_000);

interface Exception {
  readonly id: string;
  readonly package: string;
  readonly reason: string;
  readonly until: string;
}
interface Supply {
  allowed(expression: string): boolean;
  parts(lock?: object): readonly { readonly name: string; readonly version: string; readonly licence?: string }[];
  licencePage(): string;
  sbom(): string;
  judgeAudit(
    text: string,
    exceptions: readonly Exception[],
    day: string,
  ): {
    readonly checked: boolean;
    readonly why?: string;
    readonly wanting?: readonly string[];
    readonly notes?: readonly string[];
  };
  exceptionsFrom(content: unknown): readonly Exception[];
}
const root = packageRoot();
const supply = (await import(pathToFileURL(join(root, '.ci/supply.mjs')).href)) as Supply;

t.test('every package of the image is in the list of parts, and every part of the list is in the image', (t) => {
  const out = temporary(t);
  makeTree(out);
  const app = join(out, 'app');
  const packages = filesBelow(app)
    .map((path) => relative(app, path))
    .filter((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(path));
  const held = new Set(
    packages
      .map((path) => JSON.parse(readFileSync(join(app, path), 'utf8')) as { name: string; version: string })
      .map(({ name, version }) => `${name}@${version}`),
  );
  const bom = supply.sbom();
  const listed = JSON.parse(bom) as {
    components: { name: string; version: string; purl: string; hashes?: unknown[]; licenses?: unknown[] }[];
    serialNumber?: string;
    metadata: object;
  };
  const names = listed.components.map(({ name, version }) => `${name}@${version}`);
  t.ok(held.size > 200);
  t.strictSame(
    names.filter((one) => !held.has(one)),
    [],
    'nothing that is not there',
  );
  t.strictSame(
    [...held].filter((one) => !names.includes(one)),
    [],
    'and all that is',
  );
  t.strictSame(
    listed.components
      .filter(({ hashes, licenses }) => (hashes?.length ?? 0) === 0 || (licenses?.length ?? 0) === 0)
      .map(({ name }) => name),
    [],
    'each with its digest and licence',
  );
  t.equal(supply.sbom(), bom, 'the same bytes each time');
  t.notMatch(bom, /timestamp|serialNumber|https?:\/\/(?!cyclonedx\.org|json-schema\.org)[^"]*registry/);
  t.end();
});

t.test('every production package has a licence of the list, and docs/licences.md says which', (t) => {
  t.strictSame(
    supply.parts().filter(({ licence }) => licence === undefined || !supply.allowed(licence)),
    [],
  );
  t.equal(readFileSync(join(root, 'docs/licences.md'), 'utf8'), supply.licencePage());
  for (const [expression, holds] of [
    ['MIT', true],
    ['(BSD-3-Clause OR GPL-2.0)', true],
    ['MIT AND OFL-1.1', true],
    ['GPL-3.0', false],
    ['MIT AND GPL-3.0', false],
    ['(MIT OR GPL-3.0) AND SSPL-1.0', false],
    ['GPL-3.0 OR (MIT AND ISC)', true],
    ['GPL-2.0 WITH Classpath-exception-2.0', false],
    ['SEE LICENSE IN x', false],
    ['MIT)', false],
    ['', false],
  ] as const)
    t.equal(supply.allowed(expression), holds, `\`${expression}\``);
  const lock = {
    packages: {
      '': {},
      'node_modules/new-one': { version: '1.0.0' },
      'node_modules/tool': { version: '1.0.0', dev: true },
    },
  };
  t.match(
    supply.parts(lock),
    [{ name: 'new-one', licence: undefined }],
    'one that names none is found, tools are not counted',
  );
  t.end();
});

const report = (vulnerabilities: object) => JSON.stringify({ vulnerabilities, metadata: { vulnerabilities: {} } });
const advisory = (severity: string, id: string) => ({
  severity,
  via: [{ severity, title: 'a fault', url: `https://github.com/advisories/${id}` }],
});

t.test(
  'an audit that was not made is not called clean, and a grave fault fails unless an exception explains it until a day',
  (t) => {
    const day = '2026-06-01';
    for (const text of [
      '',
      'Service Unavailable',
      '{"message":"405 Method Not Allowed","method":"POST"}',
      '{"error":{"summary":"no"}}',
      '{"vulnerabilities":{}}',
    ])
      t.match(supply.judgeAudit(text, [], day), { checked: false, why: String });
    t.strictSame(supply.judgeAudit(report({}), [], day), { checked: true, wanting: [], notes: [] });
    const grave = report({
      left: advisory('high', 'GHSA-1'),
      right: { severity: 'high', via: ['left'] },
      mild: advisory('moderate', 'GHSA-2'),
    });
    t.match(supply.judgeAudit(grave, [], day), {
      checked: true,
      wanting: [/^left: high, GHSA-1/],
      notes: [/^mild: moderate/],
    });
    const exception = { id: 'GHSA-1', package: 'left', reason: 'not reached', until: '2026-06-01' };
    t.match(supply.judgeAudit(grave, [exception], day), {
      wanting: [],
      notes: [/excepted until 2026-06-01: not reached/, /mild/],
    });
    t.match(supply.judgeAudit(grave, [exception], '2026-06-02').wanting, [/its exception ended/]);
    t.match(
      supply.judgeAudit(grave, [{ ...exception, package: 'right' }], day),
      { wanting: [/^left/] },
      'an exception is for one package',
    );
    t.match(supply.judgeAudit(report({}), [exception], day).notes, [/not needed any more/]);
    t.throws(() => supply.exceptionsFrom([{ ...exception, until: 'never' }]));
    t.throws(() => supply.exceptionsFrom([{ id: 'GHSA-1', package: 'left', until: '2026-06-01' }]));
    t.doesNotThrow(() =>
      supply.exceptionsFrom(JSON.parse(readFileSync(join(root, '.ci/audit-exceptions.json'), 'utf8'))),
    );
    t.end();
  },
);
