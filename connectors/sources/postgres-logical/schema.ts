/** The keys of a feed's `source` of this kind. */
import { SERVER_PROPERTIES, SERVER_REQUIRED, type ServerSource } from '../../sql/server.js';

export interface LogicalSource extends ServerSource {
  readonly kind: 'postgres-logical';
  /** `schema.table`, as the database writes them. */
  readonly table: string;
  /** Absent: `yitong_<authority>_<dataset>`, made if the user may. */
  readonly publication?: string;
  /** Bytes of write-ahead log that the server may have to keep for us before a run says so. Default 1 GiB. */
  readonly warnLag?: number;
}

const name = { type: 'string', minLength: 1, maxLength: 63 } as const;

export const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', ...SERVER_REQUIRED, 'table'],
  properties: {
    kind: { const: 'postgres-logical' },
    ...SERVER_PROPERTIES,
    table: { type: 'string', pattern: '^[^.]{1,63}\\.[^.]{1,63}$' },
    publication: name,
    warnLag: { type: 'integer', minimum: 1_048_576 },
  },
} as const;

export const WARN_LAG = 1_073_741_824;
