/** Of docs/mapping.md: the kinds of source, each with the page that stands in its folder, and the schemes of keys. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSourceKinds } from '../../../connectors/sources/load.js';
import { loadKeySchemes } from '../../../contracts/subjects.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { table } from './marks.js';

/** The page of a kind as a section of docs/mapping.md: its headings three deeper, its links from there. */
const section = (kind: string): string =>
  readFileSync(join(packageRoot(), 'connectors/sources', kind, 'page.md'), 'utf8')
    .trim()
    .replace(/^#(?=#* )/gm, '####')
    .replaceAll('](../../../docs/mapping.md#', '](#')
    .replaceAll('](../../../docs/', '](');

export async function mappingParts(): Promise<Readonly<Record<string, string>>> {
  const kinds = [...(await loadSourceKinds()).values()];
  const schemes = [...(await loadKeySchemes()).values()];
  return {
    kinds: table(
      ['kind', 'reads'],
      kinds.map(({ kind, description }) => [`[\`${kind}\`](#${kind})`, description]),
    ),
    sources: kinds.map(({ kind }) => section(kind)).join('\n\n'),
    schemes: table(
      ['scheme', 'key', 'standard'],
      schemes.map(({ id, name, standard }) => [`\`${id}\``, `${name.zh}, ${name.en}`, standard]),
    ),
  };
}
