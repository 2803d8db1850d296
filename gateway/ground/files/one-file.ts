/** The one file that `.bundle.mjs` puts the program into, where it is there and of this build. */
import { readFileSync, statSync } from 'node:fs';

const dist = new URL('../../../', import.meta.url);

/** Whether nothing was compiled since the file was made. */
export function isOfThisBuild(): boolean {
  let made: { readonly of: readonly (readonly [file: string, size: number, mtimeMs: number])[] };
  try {
    made = JSON.parse(readFileSync(new URL('bundle/made.json', dist), 'utf8')) as typeof made;
  } catch {
    return false;
  }
  return made.of.every(([file, size, mtimeMs]) => {
    const now = statSync(new URL(file, dist), { throwIfNoEntry: false });
    // an image has no record of compiling, and nothing that could compile
    return now === undefined || (now.size === size && now.mtimeMs === mtimeMs);
  });
}
