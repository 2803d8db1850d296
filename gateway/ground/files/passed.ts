/**
 * Checks that passed, remembered in the data folder by the digest of all that was checked, so that the next process
 * that loads the same need not check again. Only that something passed is kept, never what was made of it: who could
 * write here could have something loaded that was not checked, and nothing that is not declared.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PassedChecks } from '../../../policies/cedar.js';
import { replaceFile } from './durable.js';
import { packageVersion } from './places.js';

/** How many are remembered: of the policies in force, of those before, and of a few that are being tried. */
const KEPT = 8;

const passedFile = (data: string): string => join(data, 'checks-passed');

/** Of this version of the program only. What cannot be read or kept is checked again. */
export function passedChecks(data: string): PassedChecks {
  const file = passedFile(data);
  const head = packageVersion();
  const read = (): readonly string[] => {
    try {
      const [version, ...digests] = readFileSync(file, 'utf8').trimEnd().split('\n');
      return version === head ? digests : [];
    } catch {
      return [];
    }
  };
  return {
    has: (digest) => read().includes(digest),
    add: (digest) => {
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        const kept = [digest, ...read().filter((other) => other !== digest)].slice(0, KEPT);
        replaceFile(file, `${[head, ...kept].join('\n')}\n`, { mode: 0o600, syncDir: false });
      } catch {
        // a disk that takes nothing is told of by those who need it
      }
    },
  };
}
