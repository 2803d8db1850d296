import { fork } from 'node:child_process';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { digit9 } from './fixtures.js';
import { openOffice } from './office.js';

const child = new URL('./run-until-killed.js', import.meta.url);
const ROWS = 8000;

/** Resolves when the process is gone, killed at `rows` rows or done. */
function runUntil(dir: string, rows: number): Promise<'killed' | 'done'> {
  const process = fork(child, [dir], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    let done = false;
    process.on('message', (message: { rows?: number; report?: unknown }) => {
      if (message.report !== undefined) done = true;
      else if ((message.rows ?? 0) >= rows) process.kill('SIGKILL');
    });
    process.on('error', reject);
    process.on('exit', () => resolve(done ? 'done' : 'killed'));
  });
}

t.test('killed anywhere, the next run leaves the register as it should be, and nothing is counted twice', async (t) => {
  const dir = t.testdir();
  const write = (name: string, from: number, to: number, time: string): void => {
    const rows = Array.from({ length: to - from }, (_, i) => `${digit9.make(from + i)},${name}${from + i},`);
    writeFileSync(join(dir, 'in.csv'), `code,name,status\n${rows.join('\n')}\nbroken\n`);
    utimesSync(join(dir, 'in.csv'), new Date(time), new Date(time));
  };
  write('a', 0, ROWS, '2024-01-01T00:00:00Z');
  for (const at of [500, 3000, 7500]) t.equal(await runUntil(dir, at), 'killed');
  t.equal(await runUntil(dir, Number.POSITIVE_INFINITY), 'done');
  // a changed file: half of the records leave, the others are renamed
  write('b', ROWS / 2, ROWS, '2024-01-02T00:00:00Z');
  for (const at of [500, 3900]) await runUntil(dir, at);
  t.equal(await runUntil(dir, Number.POSITIVE_INFINITY), 'done');

  const office = await openOffice(dir);
  const expected: Record<string, string> = {};
  for (let n = ROWS / 2; n < ROWS; n++) expected[`digit9:${digit9.make(n)}|`] = `b${n}`;
  const current = await office.current();
  t.equal(Object.keys(current).length, ROWS / 2);
  t.ok(
    Object.entries(expected).every(([key, name]) => current[key] === name),
    'every record is as the file has it',
  );

  // what came twice has the same record, position, source time and content, so that the view keeps one
  const versions = new Set(
    (await office.records())
      .filter(({ value }) => value !== null)
      .map(
        ({ key, headers, value }) =>
          `${key} ${headers[office.HEADER.position]} ${headers[office.HEADER.sourceTime]} ${String(value)}`,
      ),
  );
  t.equal(versions.size, ROWS + ROWS / 2);
  t.equal((await office.quarantine()).length, 1);
  t.equal((await office.run({ maxWithdrawShare: 1 })).state, 'nothing-new');
  await office.close();
});
