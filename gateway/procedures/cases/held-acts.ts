/** Quarantines of acts that departments' systems sent over the bus and that may not be done, one an authority. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetId } from '../../../contracts/ids.js';

const ACTS = '._acts';

/** Under which it stands beside those of datasets. */
export const actsQuarantine = (authority: string): DatasetId => `${authority}${ACTS}` as DatasetId;

/** Those that are there. */
export function actsQuarantines(dataDir: string): readonly DatasetId[] {
  const dir = join(dataDir, 'quarantine');
  const file = `${ACTS}.mdb`;
  const files = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(file)) : [];
  return files.map((name) => actsQuarantine(name.slice(0, -file.length))).sort();
}
