import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';

const main = new URL('../../gateway/cli/main.js', import.meta.url).pathname;

t.test('a user who meets an error code finds it in docs/errors.md', (t) => {
  const now = execFileSync(process.execPath, [main, 'errors', '--markdown'], { encoding: 'utf8' });
  t.equal(readFileSync(`${packageRoot()}/docs/errors.md`, 'utf8'), now);
  t.end();
});

t.test('a reader reaches every page from README.md, and no link leads nowhere', (t) => {
  const root = packageRoot();
  const reached = new Set<string>();
  const follow = (page: string): void => {
    if (reached.has(page)) return;
    reached.add(page);
    for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
      const to = join(dirname(page), target);
      if (!existsSync(to)) t.fail(`${page} links to ${target}, which is not there`);
      else if (to.endsWith('.md')) follow(to);
      // a folder shows its pages
      else if (statSync(to).isDirectory())
        for (const name of readdirSync(to)) if (name.endsWith('.md')) follow(join(to, name));
    }
  };
  follow(join(root, 'README.md'));
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(root, 'docs', name));
  t.strictSame(
    pages.filter((page) => !reached.has(page)),
    [],
  );
  t.end();
});
