/** What a witness did, by log. */

import { cells, type Family, gauge } from '../../ground/counts/families.js';
import type { Witness, WitnessReply } from '../../log/witness/witness.js';

/** Of logs that this witness does not know, all as one. */
const UNKNOWN_LOG = 'unknown';

interface WitnessFigures {
  answered(origin: string | undefined, status: WitnessReply['status']): void;
  suspected(origin: string): void;
  figures(witness: Pick<Witness, 'sizes'>): Family[];
}

/** @param origins of the logs that it cosigns */
export function witnessFigures(origins: readonly string[], now: () => number = Date.now): WitnessFigures {
  const cosigned = cells('yitong_witness_cosigned_total');
  const refused = cells('yitong_witness_refused_total');
  const suspicions = cells('yitong_witness_suspicions_total');
  for (const log of origins) for (const of of [cosigned, suspicions]) of.cell({ log });
  const last = new Map<string, number>();
  return {
    answered(origin, status) {
      const log = origin ?? UNKNOWN_LOG;
      if (status !== 200) {
        refused.cell({ log, status: String(status) }).n++;
        return;
      }
      cosigned.cell({ log }).n++;
      last.set(log, now() / 1000);
    },
    suspected(origin) {
      suspicions.cell({ log: origin }).n++;
    },
    figures: (witness) => [
      cosigned.family(),
      refused.family(),
      suspicions.family(),
      gauge(
        'yitong_witness_log_entries',
        [...witness.sizes()].map(([log, size]) => [{ log }, size] as const),
      ),
      gauge(
        'yitong_witness_cosigned_timestamp_seconds',
        [...last].map(([log, at]) => [{ log }, at] as const),
      ),
    ],
  };
}
