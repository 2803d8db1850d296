/** What is exported is imported by somebody: an export that nobody takes is a promise that nobody asked for. */
import t from 'tap';
import { sources } from './sources.js';

/** Who exports for programs of others. */
const ENTRANCES = new Set(['gateway/client/index.ts']);
/** What `.bundle.mjs` takes, to compile the checks of content files. */
const BUILD = ['contracts/validate.ts: compiler', 'contracts/validate.ts: schemaDigest'];
/** Types that others have without naming them, in what they export. */
const UNNAMED = new Set(['gateway/procedures/watch/rule.ts: WatchRule', ...BUILD]);

t.test('no export is unused', (t) => {
  const everywhere = sources('test');
  const all = everywhere.filter(({ file }) => !file.startsWith('test/'));
  const taken = new Map<string, Set<string>>();
  for (const { imports } of everywhere)
    for (const [file, names] of imports) {
      const seen = taken.get(file) ?? new Set<string>();
      for (const name of names) seen.add(name);
      taken.set(file, seen);
    }
  const unused = all
    .filter(({ file }) => !ENTRANCES.has(file))
    .flatMap(({ file, text }) => {
      const names = taken.get(file) ?? new Set<string>();
      if (names.has('*')) return [];
      const exported = [
        ...text.matchAll(
          /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm,
        ),
      ].map(([, name = '']) => name);
      return exported.filter((name) => !names.has(name)).map((name) => `${file}: ${name}`);
    })
    .filter((name) => !UNNAMED.has(name));
  t.same(unused, []);
  t.end();
});
