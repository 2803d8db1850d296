/** Archives verify offline: from the file, the log's key and those of witnesses. */

import { isYitongError } from '../../../../contracts/errors.js';
import { requireCosigned, type WitnessPolicy } from '../../proof/cosignature.js';
import { commitmentOf } from '../../proof/journal.js';
import { decodeBase64, parseVkey } from '../../proof/note.js';
import { formatProof, verifyProof } from '../../proof/proof.js';
import type { Evidence } from '../export/evidence.js';
import { type ArchiveReport, badArchive, readArchive } from './format.js';

interface VerifiedArchive extends ArchiveReport {
  /** Witnesses of those asked for that cosigned the checkpoint. */
  readonly cosignedBy: readonly string[];
}

/**
 * @param witnesses must have cosigned the archive's checkpoint, and those of its orders
 * @throws YitongError `log_invalid` at the first line that does not hold
 */
export async function verifyArchive(file: string, vkey: string, witnesses?: WitnessPolicy): Promise<VerifiedArchive> {
  const verifier = parseVkey(vkey);
  const cosigners = new Map<string, readonly string[]>();
  const cosigned = (checkpoint: string): readonly string[] => {
    if (witnesses === undefined) return [];
    let by = cosigners.get(checkpoint);
    if (by === undefined)
      cosigners.set(checkpoint, (by = requireCosigned(Buffer.from(checkpoint), witnesses).map(({ name }) => name)));
    return by;
  };
  const proves = ({ index, path }: Evidence, checkpoint: string, commitment: Buffer): void => {
    const hashes = (path ?? []).map((hash) => Buffer.from(hash, 'base64'));
    try {
      if (
        verifyProof(formatProof({ index, path: hashes, checkpoint }), commitment, verifier.name, [verifier]).index !==
        index
      )
        throw badArchive(`the proof of entry ${index} is of another entry`);
    } catch (error) {
      throw isYitongError(error) ? badArchive(`entry ${index}: ${error.message}`, error) : error;
    }
  };
  const committed = ({ salt, text }: Evidence): Buffer | undefined =>
    salt === undefined ? undefined : commitmentOf(Buffer.from(salt, 'base64'), Buffer.from(text));

  let checkpoint: string | undefined;
  let last = -1;
  const claimed = new Set<number>();
  const ordered = new Set<number>();
  const report = { before: '', entries: 0, erased: 0, sha256: '', cosignedBy: [] as readonly string[] };
  for await (const line of readArchive(file)) {
    switch (line.kind) {
      case 'head':
        if (line.head.origin !== verifier.name) throw badArchive(`it is none of \`${verifier.name}\``);
        report.before = line.head.before;
        break;
      case 'entry': {
        const { entry } = line;
        if (checkpoint === undefined) {
          checkpoint = entry.checkpoint;
          if (checkpoint === undefined) throw badArchive('its first entry carries no checkpoint');
          report.cosignedBy = cosigned(checkpoint);
        }
        if (entry.index <= last) throw badArchive(`entry ${entry.index} is not in its place`);
        last = entry.index;
        const commitment = committed(entry) ?? decodeBase64(entry.commitment ?? '');
        if (commitment?.length !== 32) throw badArchive(`entry ${entry.index} has neither salt nor commitment`);
        proves(entry, checkpoint, commitment);
        report.entries++;
        if (entry.salt === undefined) {
          if (entry.erasedBy === undefined) throw badArchive(`entry ${entry.index} lacks its salt, and says not why`);
          claimed.add(entry.erasedBy);
          report.erased++;
        }
        break;
      }
      case 'order': {
        const { order } = line;
        const commitment = committed(order);
        if (commitment === undefined || order.checkpoint === undefined)
          throw badArchive(`order ${order.index} does not prove itself`);
        proves(order, order.checkpoint, commitment);
        cosigned(order.checkpoint);
        const { type, action } = JSON.parse(order.text) as { readonly type?: string; readonly action?: string };
        if (type !== 'administration' || action !== 'erasure')
          throw badArchive(`entry ${order.index} orders no erasure`);
        ordered.add(order.index);
        break;
      }
      case 'tail':
        report.sha256 = line.tail.sha256;
    }
  }
  const without = [...claimed].find((by) => !ordered.has(by));
  if (without !== undefined) throw badArchive(`entries are said to be erased by entry ${without}, which is not in it`);
  return report;
}
