#!/usr/bin/env node
/**
 * Starts the program: out of the one file that `.bundle.mjs` makes of this build, where it is there and of this build;
 * else out of the compiled files. What runs is the same; one file loads sooner than 1,500.
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';

const dist = new URL('../../', import.meta.url);

/** Whether nothing was compiled since the file was made. */
function isOfThisBuild(): boolean {
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

if (isOfThisBuild()) createRequire(import.meta.url)('../../bundle/gateway/cli/run.js');
else await import('./run.js');
