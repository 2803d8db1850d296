/** What a feed of this kind remembers, durable before anything that depends on it is done at the server. */
import { shape } from '../../../contracts/validate.js';

export interface Memory {
  /** Of table, publication, mapping and contract: when one of them changes, the table is copied anew. */
  readonly feed: string;
  readonly slot: string;
  /**
   * `copying`: the slot may exist, its copy is not complete, so that both are made anew. `reading`: the copy is
   * complete. `refused-…`: the copy or a TRUNCATE took away more than the feed allows, and somebody must look.
   */
  readonly state: 'copying' | 'reading' | 'refused-copy' | 'refused-truncate';
  /** The cluster. */
  readonly system: string;
  /** The place up to which everything is published; the slot is never confirmed beyond. */
  readonly lsn: string;
}

export const checkMemory = shape<Memory>(
  {
    type: 'object',
    required: ['feed', 'slot', 'state', 'system', 'lsn'],
    properties: {
      feed: { type: 'string' },
      slot: { type: 'string' },
      state: { enum: ['copying', 'reading', 'refused-copy', 'refused-truncate'] },
      system: { type: 'string' },
      lsn: { type: 'string' },
    },
  },
  'internal',
);
