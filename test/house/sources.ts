/** The sources of the product and what each imports, read from the files themselves. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { packageRoot } from '../../gateway/ground/files/places.js';

export const root = packageRoot();
const ROOMS = ['contracts', 'policies', 'connectors', 'gateway'];

export interface Source {
  /** `gateway/log/proof/note.ts` */
  readonly file: string;
  readonly text: string;
  /** Files of the product that it imports, with the names that it takes from each; `*` for all. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
}

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name))
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts') && statSync(join(root, file)).isFile());

/** @param more folders beside those that are shipped: `test` */
export function sources(...more: readonly string[]): readonly Source[] {
  const files = [...ROOMS, ...more].flatMap(filesBelow);
  const known = new Set(files);
  return files.map((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return { file, text, imports: importsOf(file, text, known) };
  });
}

function importsOf(file: string, text: string, known: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const take = (path: string, names: readonly string[]): void => {
    const target = posix.join(dirname(file), path).replace(/\.js$/, '');
    const to = [`${target}.ts`, `${target}.tsx`].find((one) => known.has(one));
    if (to !== undefined) found.set(to, [...(found.get(to) ?? []), ...names]);
  };
  for (const [, names, path = ''] of text.matchAll(/^(?:import|export)\s+(?:type\s+)?([^'";]*?)\s*from '(\.[^']+)'/gm))
    take(path, namesIn(names ?? ''));
  for (const [, path = ''] of text.matchAll(/(?:import\(|^import )\s*'(\.[^']+)'/gm)) take(path, ['*']);
  return found;
}

/** `{ a, type B as C }` → `a`, `B`; what takes a module as a whole → `*` */
function namesIn(clause: string): readonly string[] {
  const inside = /\{([^}]*)\}/.exec(clause)?.[1];
  if (inside === undefined) return clause.includes('*') ? ['*'] : ['default'];
  const names = inside.split(',').map(
    (one) =>
      one
        .trim()
        .replace(/^type /, '')
        .split(' as ')[0] ?? '',
  );
  return names.filter((name) => name !== '');
}
