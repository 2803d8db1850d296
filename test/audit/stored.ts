/** A data folder whose log is as long as a test wants it: bodies and state as the sequencer leaves them, without journals and tiles. */
import { randomBytes } from 'node:crypto';
import { replaceFile } from '../../gateway/audit/durable.js';
import { openSubjectKeys, type SubjectKeys } from '../../gateway/audit/keys.js';
import { auditLayout } from '../../gateway/audit/layout.js';
import { openBodies, type BodyRecord } from '../../gateway/audit/log/bodies.js';
import { signCheckpoint } from '../../gateway/audit/log/checkpoint.js';
import { ephemeralSigner } from '../../gateway/audit/signer.js';
import { seal } from '../../gateway/audit/seal.js';

export interface Draft {
  readonly clear: Readonly<Record<string, unknown>>;
  readonly subject?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface StoredLog {
  readonly keys: SubjectKeys;
  size: number;
  add(drafts: readonly Draft[]): void;
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
    add(drafts) {
      keys.ensure(new Set(drafts.flatMap(({ subject }) => subject ?? [])));
      const records = drafts.map(({ clear, subject, details = {} }, i): BodyRecord => {
        const secret = subject === undefined ? undefined : keys.get(subject);
        const part = secret === undefined ? {} : { subject: { pseudonym: secret.pseudonym, enc: seal(secret, randomBytes(12), Buffer.from(JSON.stringify({ subject, details }))) } };
        return { journal: 'w1', seq: log.size + i + 1, salt: randomBytes(32), body: Buffer.from(JSON.stringify({ ...clear, ...part })) };
      });
      bodies.write(log.size, records);
      log.size += drafts.length;
      replaceFile(layout.complete, signCheckpoint({ origin: 'log.test/city', size: log.size, root: Buffer.alloc(32) }, [signer]));
    },
    erase: (index, by) => bodies.erase([index], by),
    async close() {
      bodies.close();
      await keys.close();
    },
  };
  return log;
}
