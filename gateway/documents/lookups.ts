/**
 * How often codes may be looked up: so many times a minute for one client, and so many for all together, over all
 * workers of the replica. Whoever guesses 140-bit codes finds none; this keeps them from costing everybody else the
 * time of a comparison with the registers.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../connectors/lmdb/file.js';
import { YitongError } from '../../contracts/errors.js';
import { createOnce } from '../ground/files/durable.js';

interface LookupLimits {
  readonly perClient: number;
  /** Absent: they are not counted together with others. */
  readonly inAll?: number;
  /** What is looked up; default `codes`. */
  readonly what?: string;
}

export interface Lookups {
  /**
   * Counts so many look-ups, default one; of what is not admitted none.
   * @param client a network address or a client's id; kept for a minute as an HMAC under a secret of the folder
   * @throws YitongError `rate_limited`
   */
  admit(client: string, now: number, count?: number): void;
  close(): Promise<void>;
}

const MINUTE = 60_000;
const ALL = 'all';

export function openLookups(dataDir: string, { perClient, inAll, what = 'codes' }: LookupLimits): Lookups {
  const dir = join(dataDir, 'reports');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const secretFile = join(dir, 'lookups-secret');
  createOnce(secretFile, () => randomBytes(32));
  const secret: KeyObject = createSecretKey(readFileSync(secretFile));
  const path = join(dir, 'lookups');
  refuseDamaged(path, '`reports/lookups`', 'nothing lasting is in it: remove it (docs/faults.md)');
  // counts of the minute: a power cut may take them
  const env = openEnv<number, [minute: number, who: string]>({
    file: path,
    encoding: 'json',
    noSync: true,
    maxReaders: 512,
  });
  const map = env.root;
  chmodSync(path, 0o600);
  return {
    admit(client, now, count = 1) {
      const minute = Math.floor(now / MINUTE);
      const who = createHmac('sha256', secret).update(client).digest('base64url').slice(0, 22);
      const admitted = env.writeSync(() => {
        for (const key of [...map.getKeys({ end: [minute, ''], limit: 100 })]) map.removeSync(key);
        const [own, all] = [map.get([minute, who]) ?? 0, map.get([minute, ALL]) ?? 0];
        if (own + count > perClient || (inAll !== undefined && all + count > inAll)) return false;
        map.putSync([minute, who], own + count);
        if (inAll !== undefined) map.putSync([minute, ALL], all + count);
        return true;
      });
      if (!admitted)
        throw new YitongError(
          'rate_limited',
          `too many ${what} were looked up; try again in ${String(Math.ceil(((minute + 1) * MINUTE - now) / 1000))} s`,
        );
    },
    close: () => env.close(),
  };
}
