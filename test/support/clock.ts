/**
 * The clock of tests. A suite has one: given to all that it makes (certificates, documents, entries), or the machine's,
 * for all of it. What it names as a day is of the first kind. `.ci/days` runs suites under another machine's clock, by
 * a library that is loaded before a process starts.
 */
import { utimesSync } from 'node:fs';

/** Now, in whole seconds, as certificates and documents have it. */
export const thisSecond = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000);

/**
 * The environment for a program that does not start under that library, as Chromium: it keeps the machine's real clock.
 */
export function ownClock(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== 'LD_PRELOAD' && !/^(?:NO_)?FAKE(?:TIME|_STAT)/.test(name)),
  );
}

/** Gives files the suite's own time: what a file says of its age is by the machine's real clock. */
export function touch(...paths: readonly string[]): void {
  const now = new Date();
  for (const path of paths) utimesSync(path, now, now);
}
