/**
 * Every code of the error table is raised somewhere and held by a test: whoever meets one finds it documented, and one
 * that nothing raises goes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { errorTable } from '../../contracts/errors.js';
import { packageRoot } from '../../gateway/ground/files/places.js';

const root = packageRoot();
const read = (folder: string, endings: readonly string[]): string =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'))
    .join('\n');
const withoutComments = (text: string): string => text.replace(/^\s*\/\*[^]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '');

/**
 * Whether a test compares with the code: as a text or a key of its own, in a pattern, never as a word of a title, a
 * comment or another text.
 */
const compared = (tests: string, code: string): boolean =>
  tests.includes(`'${code}'`) || new RegExp(`"${code}"|\\b${code}: \\d|/[^/\\n ]*\\b${code}\\b[^/\\n ]*/`).test(tests);

/** Raised only where a test would have to break the program itself, or to wait as long as Node does. */
const UNHELD: ReadonlySet<string> = new Set([
  'internal',
  'request_timeout',
  'answer_timeout',
  'shutting_down',
  'slot_in_use',
]);

t.test('each code stands where it is raised and in a test', (t) => {
  const source = ['contracts', 'policies', 'connectors', 'gateway']
    .map((folder) => read(folder, ['.ts', '.tsx']))
    .join('\n')
    .replace(/^const rows = \{[^]*?^\} as const/m, '');
  const tests = withoutComments(read('test', ['.ts', '.tsx']));
  // the name of an invalid example begins with the code that a test compares it with
  const examples = readdirSync(join(root, 'contracts/datasets'), { recursive: true, encoding: 'utf8' }).flatMap(
    (name) => /\/invalid\/([a-z_]+)(?:--[^/]*)?\.json$/.exec(name)?.[1] ?? [],
  );
  for (const code of Object.keys(errorTable)) {
    t.match(source, `'${code}'`, `\`${code}\` is raised`);
    if (!UNHELD.has(code)) t.ok(examples.includes(code) || compared(tests, code), `\`${code}\` is held by a test`);
  }
  t.end();
});

t.test('docs/bad-input.md names codes and tests that there are', (t) => {
  const known = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const rows = readFileSync(join(root, 'docs/bad-input.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1);
  t.ok(rows.length > 20);
  for (const row of rows) {
    const [what = '', codes = '', , held = ''] = row.slice(2).split(' | ');
    for (const [, code = ''] of codes.matchAll(/`([a-z_]+)`/g))
      t.match(known, `| \`${code}\` |`, `${code} of \`${what}\` stands in errors.md`);
    for (const [, file = ''] of held.matchAll(/`([a-z/-]+\.ts)`/g)) t.ok(existsSync(join(root, 'test', file)), file);
  }
  t.end();
});
