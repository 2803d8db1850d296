/**
 * What a replica did to a journal of which this one has a copy: kept beside the copy until the log says it, and for
 * good.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../ground/files/durable.js';

export type Fault = 'rolled_back' | 'vanished';

const fileOf = (dir: string): string => join(dir, 'fault');

/** @param dir folder of the copy */
export function readFault(dir: string): Fault | undefined {
  const file = fileOf(dir);
  if (!existsSync(file)) return undefined;
  return readFileSync(file, 'utf8').trim() === 'vanished' ? 'vanished' : 'rolled_back';
}

/** Durable when it returns. The journal is not followed any more. */
export function declareFault(dir: string, fault: Fault): void {
  replaceFile(fileOf(dir), `${fault}\n`, { mode: 0o600 });
}
