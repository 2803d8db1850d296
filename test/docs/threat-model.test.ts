/**
 * docs/threat-model.md promises nothing that no test holds: each control names a suite and a subtest that are there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { wrongTest } from './subtests.js';

const root = packageRoot();
const page = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');
const LETTERS = ['S', 'T', 'R', 'I', 'D', 'E', 'L'];

interface Threat {
  readonly id: string;
  readonly cells: readonly string[];
}
const threats: readonly Threat[] = page.split('\n').flatMap((line) => {
  const id = /^\| ([A-Z]+-\d+) \|/.exec(line)?.[1];
  return id === undefined
    ? []
    : [
        {
          id,
          cells: line
            .split('|')
            .slice(1, -1)
            .map((cell) => cell.trim()),
        },
      ];
});

t.test('each threat has a control, a default and a test that is there', (t) => {
  t.ok(threats.length >= 40, `${threats.length} threats`);
  for (const { id, cells } of threats) {
    const [, letter = '', threat = '', control = '', defaults = '', tests = ''] = cells;
    t.equal(cells.length, 7, `${id} has seven cells`);
    t.ok(LETTERS.includes(letter), `${id} is of a known kind`);
    for (const [name, cell] of Object.entries({ threat, control })) t.ok(cell.length > 10, `${id} has its ${name}`);
    t.match(defaults, /\b(?:on|set)\b/, `${id} says whether its control is on or must be set`);
    for (const named of tests.split('<br>')) {
      const wrong = wrongTest(named);
      if (wrong !== undefined) t.fail(`${id} ${wrong}`);
    }
  }
  t.end();
});

t.test('ids are unique, and each border has its threats in order', (t) => {
  t.equal(new Set(threats.map(({ id }) => id)).size, threats.length);
  const next = new Map<string, number>();
  for (const { id } of threats) {
    const [border = '', number = ''] = id.split('-');
    next.set(border, (next.get(border) ?? 0) + 1);
    t.equal(Number(number), next.get(border), id);
  }
  t.end();
});

t.test('a suite that is named runs: it is one of its own, or one that imports it is', (t) => {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const named = new Set(
    threats.flatMap(({ cells }) =>
      [...(cells[5] ?? '').matchAll(/`([a-z0-9./-]+\.ts)`/g)].map(([, suite = '']) => suite),
    ),
  );
  for (const suite of named) {
    if (suite.endsWith('.test.ts')) continue;
    const module = `/${suite.slice(suite.lastIndexOf('/') + 1).replace(/\.ts$/, '.js')}'`;
    t.ok(
      files.some((name) => readFileSync(join(root, 'test', name), 'utf8').includes(module)),
      `${suite} is imported`,
    );
  }
  t.end();
});

t.test('what is installed is what was looked at: exact versions, a digest each, no script', (t) => {
  const json = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(root, name), 'utf8')) as Record<string, unknown>;
  const { dependencies = {}, devDependencies = {} } = json('package.json') as {
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    t.match(version, /^\d+\.\d+\.\d+$/, name);
  t.match(readFileSync(join(root, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m);
  const { packages } = json('package-lock.json') as {
    packages: Record<string, { integrity?: string; link?: boolean; inBundle?: boolean }>;
  };
  const bare = Object.entries(packages).filter(
    ([path, { integrity, link, inBundle }]) =>
      path !== '' && link !== true && inBundle !== true && !/^sha512-/.test(integrity ?? ''),
  );
  t.strictSame(
    bare.map(([path]) => path),
    [],
  );
  t.end();
});
