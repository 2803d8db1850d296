/**
 * Whether a data folder ever had a log, or knows of one: whoever finds no state of a sequencer there must know it
 * before he begins a tree, for a second tree under one name is what a log exists to make impossible.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readVersion } from '../../ground/files/versions.js';
import { auditLayout } from '../entries/layout.js';

/** Some file of more than nothing stands somewhere below `dir`. */
function something(dir: string): boolean {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true }).some(
      (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).size > 0,
    );
  } catch {
    return false;
  }
}

/** What a data folder has of a log beside the state of its sequencer, in words; undefined where there is nothing. */
export function remainsOfLog(dataDir: string): string | undefined {
  const { log, complete, bodies, index } = auditLayout(dataDir);
  if (existsSync(join(log, 'checkpoint'))) return 'there is a published checkpoint';
  if (existsSync(complete)) return 'there is a signed checkpoint';
  if (something(join(log, 'tile'))) return 'there are tiles of a log';
  return something(bodies) || something(index) ? 'there are stored entries of a log' : undefined;
}

/** Why no log may begin in a data folder that has no state of a sequencer, in words; undefined where one may. */
export function traceOfLog(dataDir: string): string | undefined {
  const remains = remainsOfLog(dataDir);
  if (remains !== undefined) return remains;
  const seen = seenOf(readVersion(auditLayout(dataDir).epoch)?.text);
  if (seen === undefined || seen.size === 0) return undefined;
  const name = seen.origin === undefined ? '' : ` \`${seen.origin}\``;
  return `the record of who sequences says that the log${name} has ${seen.size} entries`;
}

function seenOf(text: string | undefined): { readonly size: number; readonly origin?: string } | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as { readonly size: number; readonly origin?: string };
  } catch {
    // whoever opens the record says what is wrong with it
    return undefined;
  }
}
