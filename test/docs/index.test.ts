/** docs/README.md is where a reader begins who is none of the first day: every page is in it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';

const docs = join(packageRoot(), 'docs');

t.test('every page stands in the index, and the index names no page that is not there', (t) => {
  const targets = [...readFileSync(join(docs, 'README.md'), 'utf8').matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(
    ([, target = '']) => target,
  );
  for (const target of targets) t.ok(existsSync(join(docs, target)), target);
  const folders = targets.filter((target) => target.endsWith('/'));
  const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.md') && name !== 'README.md',
  );
  t.strictSame(
    pages.filter((page) => !targets.includes(page) && !folders.some((folder) => page.startsWith(folder))),
    [],
  );
  t.end();
});
