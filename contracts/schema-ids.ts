/**
 * `contracts/schema-ids.json`: the ids of the registry wire format, each beside the fingerprint of the schema that it
 * was given to, so that a schema changed after registration is noticed:
 * `{"samr.company-register":{"1":{"id":1,"sha256":"…"}}}`.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from './canonical.js';
import { YitongError } from './errors.js';
import { readJson } from './files.js';
import { shape } from './validate.js';

export interface SchemaIdEntry {
  readonly id: number;
  readonly sha256: string;
}
type SchemaIdFile = Readonly<Record<string, Readonly<Record<string, SchemaIdEntry>>>>;

/** Ids above it are of the program's own schemas (`case-topics.ts`). */
export const RESERVED_SCHEMA_IDS = 2_147_483_600;
export const SCHEMA_IDS = 'contracts/schema-ids.json';

const check = shape<SchemaIdFile>(
  {
    type: 'object',
    propertyNames: { pattern: '^[a-z][a-z0-9-]*\\.[a-z][a-z0-9-]*$' },
    additionalProperties: {
      type: 'object',
      propertyNames: { pattern: '^[1-9][0-9]{0,4}$' },
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'sha256'],
        properties: {
          id: { type: 'integer', minimum: 1, maximum: RESERVED_SCHEMA_IDS },
          sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
        },
      },
    },
  },
  'bad_workspace',
);

/** SHA-256 over the canonical JSON of the schema, lower-case hex. */
export const fingerprint = (schema: unknown): string =>
  createHash('sha256').update(canonicalJson(schema)).digest('hex');

/** @throws YitongError `bad_workspace` */
export async function readSchemaIds(layer: string): Promise<SchemaIdFile> {
  const file = join(layer, SCHEMA_IDS);
  return existsSync(file) ? check(await readJson(file, 'bad_workspace'), { file }) : {};
}

type Lookup =
  | { readonly kind: 'registered'; readonly id: number }
  | { readonly kind: 'unregistered' }
  /** Registered in that file for another text. */
  | { readonly kind: 'changed'; readonly file: string };

/** The ids of all layers, nearest first. */
export class SchemaIds {
  readonly #layers: readonly { readonly file: string; readonly ids: SchemaIdFile }[];
  readonly #claims = new Map<number, { readonly key: string; readonly file: string }>();

  private constructor(layers: readonly { readonly file: string; readonly ids: SchemaIdFile }[]) {
    this.#layers = layers;
    for (const { file, ids } of layers) {
      for (const [dataset, versions] of Object.entries(ids)) {
        for (const [version, { id, sha256 }] of Object.entries(versions)) {
          const key = `${dataset} v${version} ${sha256}`;
          const other = this.#claims.get(id);
          if (other !== undefined && other.key !== key) {
            const [name] = other.key.split(/ (?=[0-9a-f]{64}$)/);
            throw new YitongError(
              'schema_id_collision',
              `the id ${id} is given to \`${dataset} v${version}\` and, in \`${other.file}\`, to \`${name}\``,
              { place: { file } },
            );
          }
          this.#claims.set(id, { key, file });
        }
      }
    }
  }

  /** @throws YitongError `bad_workspace`, `schema_id_collision` */
  static async read(layers: readonly string[]): Promise<SchemaIds> {
    return new SchemaIds(
      await Promise.all(
        layers.map(async (layer) => ({ file: join(layer, SCHEMA_IDS), ids: await readSchemaIds(layer) })),
      ),
    );
  }

  /** @param own index of the layer that the dataset's folder stands in; below it, other texts may bear the same name */
  find(dataset: string, version: number, sha256: string, own: number): Lookup {
    let changed: string | undefined;
    for (const [index, { file, ids }] of this.#layers.entries()) {
      const entry = ids[dataset]?.[String(version)];
      if (entry === undefined) continue;
      if (entry.sha256 === sha256) return { kind: 'registered', id: entry.id };
      if (index <= own) changed ??= file;
    }
    return changed === undefined ? { kind: 'unregistered' } : { kind: 'changed', file: changed };
  }

  /** Greater than every id of every layer. */
  nextId(): number {
    return Math.max(0, ...this.#claims.keys()) + 1;
  }
}
