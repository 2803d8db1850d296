/** Key schemes: one file each in `subjects/`, registered nowhere else. */
import { readdir } from 'node:fs/promises';
import { YitongError } from './errors.js';
import type { KeyScheme } from './types.js';

const PROVIDED = new URL('./subjects/', import.meta.url);
const ID = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

function isKeyScheme(value: unknown): value is KeyScheme {
  if (typeof value !== 'object' || value === null) return false;
  const scheme = value as Partial<Record<keyof KeyScheme, unknown>>;
  return (
    typeof scheme.id === 'string' &&
    ID.test(scheme.id) &&
    typeof scheme.standard === 'string' &&
    typeof scheme.persons === 'boolean' &&
    typeof scheme.parse === 'function' &&
    typeof scheme.mask === 'function' &&
    typeof scheme.make === 'function'
  );
}

/**
 * Imports each compiled file of the folder; its default export is the scheme, its id the file's name.
 * @throws YitongError `bad_workspace` naming the file
 */
export async function loadKeySchemes(folder: URL = PROVIDED): Promise<ReadonlyMap<string, KeyScheme>> {
  const schemes = new Map<string, KeyScheme>();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.js')).sort()) {
    const url = new URL(file, folder);
    const scheme = ((await import(url.href)) as { readonly default?: unknown }).default;
    if (!isKeyScheme(scheme) || `${scheme.id}.js` !== file) {
      throw new YitongError(
        'bad_workspace',
        'a file of `subjects/` must default-export a key scheme whose id is the name of the file',
        { place: { file: url.pathname } },
      );
    }
    schemes.set(scheme.id, scheme);
  }
  return schemes;
}
