/** What the parts of a data folder take on disk: the parts that grow, and what each is. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Family, gauge } from '../../ground/counts/families.js';

/**
 * Part → its folder in the data folder. Tiles of the published log are counted from its entries, for they are very many
 * small files.
 */
export const PARTS = {
  journals: 'journal',
  mirrors: 'mirrors',
  bodies: 'audit/bodies',
  index: 'audit/index',
  search: 'audit/search',
  keys: 'audit/keys',
  alerts: 'audit/alerts',
  view: 'view',
  bus: 'bus',
  connectors: 'connectors',
  quarantine: 'quarantine',
  spool: 'spool',
  state: 'state',
  tickets: 'tickets',
  reports: 'reports',
  uploads: 'blobs',
} as const;
type Part = keyof typeof PARTS;

/** Bytes on disk of all files below; a file with holes counts what it takes. 0 where there is no such folder. */
export async function bytesBelow(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  let sum = 0;
  for (const entry of entries) {
    const path = join(dir, entry.name);
    // a file may go while we look
    if (entry.isDirectory()) sum += await bytesBelow(path);
    else if (entry.isFile()) sum += ((await stat(path).catch(() => undefined))?.blocks ?? 0) * 512;
  }
  return sum;
}

export async function partSizes(dataDir: string): Promise<ReadonlyMap<Part, number>> {
  const sizes = new Map<Part, number>();
  for (const [part, folder] of Object.entries(PARTS) as [Part, string][])
    sizes.set(part, await bytesBelow(join(dataDir, folder)));
  return sizes;
}

/** ms for which sizes are not looked at again. */
const FRESH = 60_000;

export function partFigures(dataDir: string, now: () => number = Date.now): () => Promise<Family[]> {
  let known: Promise<ReadonlyMap<Part, number>> | undefined;
  let at = -Infinity;
  return async () => {
    if (known === undefined || now() - at > FRESH) {
      at = now();
      known = partSizes(dataDir);
    }
    const sizes = await known;
    return [
      gauge(
        'yitong_data_part_bytes',
        [...sizes].map(([kind, bytes]) => [{ kind }, bytes] as const),
      ),
    ];
  };
}
