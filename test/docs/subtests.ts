/** Tests that pages name, as `suite.test.ts` “its title”. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../gateway/ground/files/places.js';

const TEXT = String.raw`'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\x60(?:\\.|[^\x60\\])*\x60`;
/** A long name is broken into pieces. */
const NAMED = new RegExp(String.raw`(?:\.test|\btowns)\(\s*((?:${TEXT})(?:\s*\+\s*(?:${TEXT}))*)`, 'g');

/** Names of the subtests of a suite. */
const subtests = (suite: string): ReadonlySet<string> =>
  new Set(
    [...readFileSync(join(packageRoot(), 'test', suite), 'utf8').matchAll(NAMED)].map(([, name = '']) =>
      (name.match(new RegExp(TEXT, 'g')) ?? [])
        .map((piece) => piece.slice(1, -1).replaceAll('\\', ''))
        .join('')
        .replace(/^\$\{\w+\}: |, \$\{kind\}$/g, ''),
    ),
  );

/** What is wrong with a test that a page names; undefined where it is there. */
export function wrongTest(named: string): string | undefined {
  const [, suite = '', name = ''] = /^`([a-z0-9./-]+\.ts)` “(.+)”$/.exec(named) ?? [];
  if (suite === '' || !existsSync(join(packageRoot(), 'test', suite)))
    return `names the suite of ${named}, which is not there`;
  return subtests(suite).has(name) ? undefined : `${suite} has no “${name}”`;
}
