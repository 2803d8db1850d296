/**
 * What a database says of its tables: for whoever proposes a feed of one. A folder `sources/<kind>/` has it as
 * `catalogue.ts`.
 */

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { YitongError } from '../../contracts/errors.js';
import type { Session, Statement, TableName } from './dialect.js';
import type { Server } from './server.js';

export interface Catalogue {
  readonly kind: string;
  /** Of a URL, without the colon. */
  readonly protocols: readonly string[];
  readonly port: number;
  /** Where none is named. */
  schema(database: string): string;
  /** @throws YitongError `source_unavailable`, `source_denied`, `shutting_down` */
  connect(server: Server, signal: AbortSignal): Promise<Session>;
  /** Rows of: name, type, comment, place in the primary key (null: none), in the order of the table. */
  columns(name: TableName): Statement;
  /** Rows of: name of a table or view that may be read. */
  tables(schema: string): Statement;
}

const isCatalogue = (value: unknown): value is Catalogue =>
  typeof value === 'object' && value !== null && 'protocols' in value && 'columns' in value && 'connect' in value;

/** Found by folder. @throws YitongError `internal` */
export async function loadCatalogues(
  folder: URL = new URL('../sources/', import.meta.url),
): Promise<readonly Catalogue[]> {
  const found: Catalogue[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const file = new URL(`${name}/catalogue.js`, folder);
    if (!existsSync(file)) continue;
    const module: unknown = await import(file.href);
    const catalogue: unknown =
      typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
    if (!isCatalogue(catalogue) || catalogue.kind !== name)
      throw new YitongError('internal', `\`sources/${name}/catalogue\` default-exports no catalogue of that name`);
    found.push(catalogue);
  }
  return found;
}
