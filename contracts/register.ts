/** `yitong contracts register`: gives ids to schema versions that have none. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DatasetId } from './ids.js';
import { fingerprint, readSchemaIds, SCHEMA_IDS, type SchemaIdEntry, SchemaIds } from './schema-ids.js';
import { loadWorkspace, UNREGISTERED } from './workspace.js';

interface Added {
  readonly dataset: DatasetId;
  readonly version: number;
  readonly id: number;
}

/**
 * Writes the ids into the workspace's own layer; those of the layers below stay as they are. Running it again changes
 * nothing.
 * @throws YitongError as `loadWorkspace`; `schema_id_collision` where a registered schema was changed
 */
export async function registerSchemas(
  dir: string,
): Promise<{ readonly added: readonly Added[]; readonly file: string }> {
  const workspace = await loadWorkspace(dir, { allowUnregistered: true });
  const file = join(workspace.dir, SCHEMA_IDS);
  let next = (await SchemaIds.read(workspace.layers)).nextId();
  const ids: Record<string, Record<string, SchemaIdEntry>> = {};
  for (const [dataset, versions] of Object.entries(await readSchemaIds(workspace.dir))) ids[dataset] = { ...versions };
  const added: Added[] = [];
  for (const contract of workspace.contracts.values()) {
    for (const { version, schemaId, schema } of contract.versions) {
      if (schemaId !== UNREGISTERED) continue;
      const id = next++;
      (ids[contract.id] ??= {})[String(version)] = { id, sha256: fingerprint(schema) };
      added.push({ dataset: contract.id, version, id });
    }
  }
  if (added.length > 0) {
    const sorted = Object.fromEntries(Object.entries(ids).sort(([a], [b]) => (a < b ? -1 : 1)));
    await mkdir(dirname(file), { recursive: true });
    // a reader sees the old file or the new one, never half of it
    await writeFile(`${file}.new`, `${JSON.stringify(sorted, null, 2)}\n`);
    await rename(`${file}.new`, file);
  }
  return { added, file };
}
