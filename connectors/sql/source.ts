/** What the feed of a table says. */
import { SERVER_PROPERTIES, SERVER_REQUIRED, type ServerSource } from './server.js';

export interface TableSource extends ServerSource {
  readonly kind: string;
  readonly schema?: string;
  /** A table or a view. */
  readonly table: string;
  /** The columns that tell the table's rows apart. */
  readonly key: readonly string[];
  /** The column that says when a row was changed. Without it every run reads the whole table. */
  readonly updated?: string;
  /** How long a transaction may have set `updated` before it was committed. */
  readonly overlap?: string;
  /** How rows that were deleted are found: by looking at all keys, or not at all. */
  readonly deletes?: 'sweep' | 'none';
  readonly sweepEvery?: string;
  /** Rows that are marked as deleted and stay in the table. Without `values`: any value but false, 0 and nothing. */
  readonly deleted?: { readonly column: string; readonly values?: readonly string[] };
  readonly maxRowBytes?: number;
}

const column = { type: 'string', minLength: 1, maxLength: 128, not: { const: '__proto__' } } as const;

const TABLE_PROPERTIES = {
  ...SERVER_PROPERTIES,
  schema: column,
  table: column,
  key: { type: 'array', items: column, minItems: 1, maxItems: 16, uniqueItems: true },
  updated: column,
  overlap: { type: 'string' },
  deletes: { enum: ['sweep', 'none'] },
  sweepEvery: { type: 'string' },
  deleted: {
    type: 'object',
    additionalProperties: false,
    required: ['column'],
    properties: {
      column,
      values: { type: 'array', items: { type: 'string', maxLength: 200 }, minItems: 1, maxItems: 100 },
    },
  },
  maxRowBytes: { type: 'integer', minimum: 1024, maximum: 16_777_216 },
} as const;
const TABLE_REQUIRED = [...SERVER_REQUIRED, 'table', 'key'] as const;

export const tableSchema = (kind: string): { readonly [key: string]: unknown } => ({
  type: 'object',
  additionalProperties: false,
  required: ['kind', ...TABLE_REQUIRED],
  properties: { kind: { const: kind }, ...TABLE_PROPERTIES },
});
