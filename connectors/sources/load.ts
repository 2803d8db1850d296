/** Source kinds, found by folder and registered nowhere else. */
import { readdir } from 'node:fs/promises';
import { YitongError } from '../../contracts/errors.js';
import type { SourceKind } from '../reading/port.js';

function isKind(value: unknown): value is SourceKind {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    'schema' in value &&
    'open' in value &&
    typeof value.open === 'function'
  );
}

/**
 * Every `<folder>/<kind>/index.js`, default-exporting a SourceKind of that name.
 * @throws YitongError `internal` if a folder is not a source kind
 */
export async function loadSourceKinds(
  folder: URL = new URL('./', import.meta.url),
): Promise<ReadonlyMap<string, SourceKind>> {
  const kinds = new Map<string, SourceKind>();
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.filter((entry) => entry.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const module: unknown = await import(new URL(`${entry.name}/index.js`, folder).href);
    const kind: unknown =
      typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
    if (!isKind(kind) || kind.kind !== entry.name)
      throw new YitongError(
        'internal',
        `the folder \`sources/${entry.name}\` default-exports no source kind of that name`,
      );
    kinds.set(kind.kind, kind);
  }
  return kinds;
}
