/** From a receipt's id to what the log proves about it. */

import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';
import { parseCheckpoint } from '../proof/checkpoint.js';
import { commitmentOf } from '../proof/journal.js';
import { inclusionProof, leafHash as leafOf } from '../proof/merkle.js';
import { parseNote } from '../proof/note.js';
import { formatProof } from '../proof/proof.js';
import { tileNodes } from '../proof/tiles.js';
import { goneBy, openBodies } from './bodies.js';

type ReceiptLookup =
  /**
   * Promised but not in a checkpoint so far, or not known: who holds the signed receipt can tell by its merge-by time.
   */
  | { readonly kind: 'not_yet' }
  | {
      readonly kind: 'logged';
      readonly index: number;
      /** JSON text. For the entry's own client only: the caller checks `client` in it. */
      readonly body: string;
      /** 32 bytes; the log's entry is SHA-256(salt ‖ body). Absent where it was erased. */
      readonly salt?: Buffer;
      /** Log index of the entry that says so: its subject was erased. */
      readonly erasedBy?: number;
      /** Likewise, where its term was over: `body` is then `{}` and spaces. */
      readonly expiredBy?: number;
      /** tlog-proof@v1 against the newest checkpoint. Its entry is the commitment. */
      readonly proof: string;
    };

/** @param id `<journal>:<seq>` @throws YitongError `bad_identifier` if it is not so written */
export function parseReceiptId(id: string): { readonly journal: string; readonly seq: number } {
  const match = /^([a-z][a-z0-9-]{0,59}):([1-9]\d{0,14})$/.exec(id);
  if (match === null) throw new YitongError('bad_identifier', 'a receipt id is written `<journal>:<seq>`');
  return { journal: match[1] ?? '', seq: Number(match[2]) };
}

/**
 * @param id `<journal>:<seq>`
 * @throws YitongError `bad_identifier` if the id is not so written, `log_invalid` if what is stored does not fit the
 * log
 */
export function lookupReceipt(dataDir: string, id: string): ReceiptLookup {
  const { journal, seq } = parseReceiptId(id);
  const layout = auditLayout(dataDir);
  const note = readIfThere(join(layout.log, 'checkpoint'));
  if (note === undefined) return { kind: 'not_yet' };
  const { size } = parseCheckpoint(parseNote(note).text);
  const bodies = openBodies(layout.bodies, layout.index);
  try {
    const index = bodies.indexOf(journal, seq);
    // an index behind the checkpoint may be what a dead run left
    if (index === undefined || index >= size) return { kind: 'not_yet' };
    const stored = bodies.read(index);
    if (stored === undefined || stored.journal !== journal || stored.seq !== seq) return { kind: 'not_yet' };
    const read = (path: string): Buffer | undefined => readIfThere(join(layout.log, path));
    const node = tileNodes(size, read);
    if (stored.kind === 'present' && !leafOf(commitmentOf(stored.salt, stored.body)).equals(node(0, index))) {
      throw new YitongError('log_invalid', `the stored body of entry ${index} does not match the log`);
    }
    const proof = formatProof({ index, path: inclusionProof(index, size, node), checkpoint: note.toString('utf8') });
    const body = stored.body.toString('utf8');
    return {
      kind: 'logged',
      index,
      body,
      ...(stored.kind === 'present' ? { salt: stored.salt } : goneBy(stored)),
      proof,
    };
  } finally {
    bodies.close();
  }
}

/** As `GET /v1/receipts/{id}` answers, without the id. */
export type ReceiptAnswer =
  | { readonly state: 'not_yet' }
  | {
      readonly state: 'logged';
      readonly index: number;
      readonly body: string;
      readonly salt?: string;
      readonly erasedBy?: number;
      readonly expiredBy?: number;
      readonly proof: string;
    };

/** The client that an entry names; nothing else of the body is read. */
function clientIn(body: string): unknown {
  return (JSON.parse(body) as { readonly client?: unknown }).client;
}

/**
 * The receipt for the client to whom its answer went; any other is told what is said of one that does not exist yet.
 * Whose an expired one was nobody knows, and it holds nothing: anybody is told.
 * @throws as `lookupReceipt`
 */
export function receiptFor(dataDir: string, id: string, client: string): ReceiptAnswer {
  const found = lookupReceipt(dataDir, id);
  if (found.kind === 'not_yet' || (found.expiredBy === undefined && clientIn(found.body) !== client))
    return { state: 'not_yet' };
  const { index, body, salt, erasedBy, expiredBy, proof } = found;
  return {
    state: 'logged',
    index,
    body,
    proof,
    ...(salt === undefined ? {} : { salt: salt.toString('base64') }),
    ...present({ erasedBy, expiredBy }),
  };
}
