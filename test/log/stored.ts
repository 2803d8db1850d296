/**
 * A data folder whose log is as long as a test wants it: bodies and state as the sequencer leaves them, without
 * journals and tiles.
 */
import { randomBytes } from 'node:crypto';
import { replaceFile } from '../../gateway/ground/files/durable.js';
import { openSubjectKeys, type SubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { seal } from '../../gateway/log/entries/seal.js';
import { signCheckpoint } from '../../gateway/log/proof/checkpoint.js';
import { type BodyRecord, openBodies } from '../../gateway/log/store/bodies.js';
import { ephemeralSigner } from '../../gateway/log/store/signer.js';

export interface Draft {
  readonly clear: Readonly<Record<string, unknown>>;
  readonly subject?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface StoredLog {
  readonly keys: SubjectKeys;
  size: number;
  add(drafts: readonly Draft[]): void;
  /** Bodies as they are to be stored. */
  addBodies(bodies: readonly Buffer[]): void;
  /** `enc` of a subject's part; the key is made where there is none. */
  sealed(
    subject: string,
    details: Readonly<Record<string, unknown>>,
  ): { readonly pseudonym: string; readonly enc: string };
  erase(index: number, by: number): void;
  close(): Promise<void>;
}

export function storedLog(dataDir: string): StoredLog {
  const layout = auditLayout(dataDir);
  const bodies = openBodies(layout.bodies, layout.index);
  const signer = ephemeralSigner('log.test/city');
  const keys = openSubjectKeys({ dir: layout.subjectKeys });
  const log: StoredLog = {
    keys,
    size: 0,
    sealed(subject, details) {
      if (keys.get(subject) === undefined) keys.ensure([subject]);
      const secret = keys.get(subject);
      if (secret === undefined) throw new Error('the key was just made');
      return {
        pseudonym: secret.pseudonym,
        enc: seal(secret, randomBytes(12), Buffer.from(JSON.stringify({ subject, details }))),
      };
    },
    add(drafts) {
      keys.ensure(new Set(drafts.flatMap(({ subject }) => subject ?? [])));
      log.addBodies(
        drafts.map(({ clear, subject, details = {} }) =>
          Buffer.from(
            JSON.stringify({ ...clear, ...(subject === undefined ? {} : { subject: log.sealed(subject, details) }) }),
          ),
        ),
      );
    },
    addBodies(all) {
      const salts = randomBytes(32 * all.length);
      bodies.write(
        log.size,
        all.map(
          (body, i): BodyRecord => ({
            journal: 'w1',
            seq: log.size + i + 1,
            salt: salts.subarray(i * 32, (i + 1) * 32),
            body,
          }),
        ),
      );
      log.size += all.length;
      replaceFile(
        layout.complete,
        signCheckpoint({ origin: 'log.test/city', size: log.size, root: Buffer.alloc(32) }, [signer]),
      );
    },
    erase: (index, by) => bodies.erase([index], by),
    async close() {
      bodies.close();
      await keys.close();
    },
  };
  return log;
}
