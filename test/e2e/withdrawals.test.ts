/**
 * On the command line: a record that left while a row became unreadable is held, named, kept and released, without
 * touching the guard of a snapshot.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { State } from '../../connectors/publish/index.js';
import uscc from '../../contracts/subjects/uscc.js';
import { dataDir } from '../../gateway/ground/files/places.js';
import { cli } from './city.js';

t.setTimeout(120_000);
const workspace = join(t.testdir(), 'workspace');
execFileSync(process.execPath, [cli, 'init', workspace]);
const run = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args, '--workspace', workspace], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};
const keys = Array.from({ length: 20 }, (_, i) => uscc.make(i + 1));
let clock = Date.now() - 86_400_000;
function drop(rows: readonly string[]): void {
  const file = join(workspace, 'inbox', 'shops.csv');
  writeFileSync(file, ['统一社会信用代码,店铺名称,所在区,开业日期,座位数', ...rows].join('\n'));
  clock += 60_000;
  utimesSync(file, new Date(clock), new Date(clock));
}
const row = (key: string, i: number): string => `${key},店${i},东湖区,2024-03-18,4`;

t.test('held, listed, kept, released', async (t) => {
  drop(keys.map(row));
  t.equal(run('connector', 'office.shops', '--once').status, 0);
  // one key is mistyped and another shop is gone; the shop that is gone is not the row that cannot be read
  drop(keys.map((key, i) => row(i === 3 ? `${key.slice(0, 17)}?` : key, i)).filter((_, i) => i !== 5));
  const second = run('connector', 'office.shops', '--once');
  t.equal(second.status, 1);
  t.match(second.stderr, /1 records that left are still on record[^]*yitong withdrawals list office\.shops/);
  const list = run('withdrawals', 'list', 'office.shops', '--json');
  t.equal(list.status, 0, 'a list is no question that could be answered with no');
  const { total, datasets } = JSON.parse(list.stdout) as {
    total: number;
    datasets: { held: { id: string; subject: string; positions: string[] }[] }[];
  };
  const held = datasets[0]?.held[0];
  t.match([total, held?.subject, held?.positions], [1, `uscc:${keys[3] ?? ''}`, ['shops.csv#4']]);
  t.match(run('withdrawals', 'list').stdout, new RegExp(`${held?.id ?? ''}  uscc:${keys[3] ?? ''}.*shops\\.csv#4`));
  t.match(run('withdrawals', 'release', 'office.shops'), { status: 2, stderr: /`--all`/ });
  t.match(run('withdrawals', 'release', 'office.shops', 'nothing-here'), {
    status: 2,
    stderr: /no withdrawal `nothing-here` is held/,
  });
  t.match(run('withdrawals', 'keep', 'office.shops', held?.id ?? ''), { status: 0, stdout: /1 record kept/ });
  t.match(run('withdrawals', 'list').stdout, /kept by cli:/);
  t.match(run('withdrawals', 'release', 'office.shops', '--all'), { status: 0, stdout: /1 record withdrawn/ });
  t.match(run('withdrawals', 'list'), { status: 0, stdout: /no withdrawal is held/ });
});

t.test('a run that was killed is told by the next one', async (t) => {
  const state = State.open(dataDir(undefined, workspace));
  state.write('run', 'office.shops', { began: '2026-01-01T00:00:00.000Z', rows: 17 });
  await state.close();
  drop(keys.map(row));
  t.match(
    run('connector', 'office.shops', '--once').stderr,
    /the run that began at 2026-01-01T00:00:00.000Z was cut off after some 17 rows/,
  );
  drop(keys.slice(0, 19).map(row));
  t.notMatch(run('connector', 'office.shops', '--once').stderr, /cut off/);
});
