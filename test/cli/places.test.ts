/**
 * A command finds the city of the workspace that it is asked about, wherever its data are; a city that has ended is
 * found no more.
 */
import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { holderName } from '../../contracts/holder.js';
import {
  announce,
  foldersThere,
  packageRoot,
  program,
  runningFor,
  workspaceDir,
  workspaceFlag,
} from '../../gateway/ground/files/places.js';

/** A file as `up` leaves it, of a process that lives: the parent of this one. */
function running(data: string, pid = process.ppid): void {
  mkdirSync(data, { recursive: true });
  writeFileSync(
    join(data, 'up.json'),
    JSON.stringify({
      pid,
      holder: `${String(pid)}  up`,
      api: `https://127.0.0.1:1/${data}`,
      people: '',
      health: '',
      data,
      pki: '',
    }),
  );
}
function city(t: Test): { readonly workspace: string; readonly other: string } {
  const dir = realpathSync(t.testdir({ city: { 'yitong.json': '{}', inbox: {} } }));
  return { workspace: join(dir, 'city'), other: join(dir, 'elsewhere') };
}

t.test('one with a data folder of its own says so in the workspace, as long as it runs', (t) => {
  const { workspace, other } = city(t);
  t.equal(runningFor({ workspace }), undefined);
  running(other);
  t.equal(runningFor({ workspace }), undefined, 'nobody has said so');
  const retract = announce(workspace, other, process.ppid);
  t.equal(runningFor({ workspace })?.data, other);
  t.equal(foldersThere({ workspace }).data, other, 'and is looked at where the workspace has no data of its own');
  t.equal(runningFor({ workspace, data: join(workspace, 'none') }), undefined, 'whoever names a folder means it');
  retract();
  t.equal(runningFor({ workspace }), undefined);
  t.end();
});

t.test("the workspace's own city goes first, and among several one has to be named", (t) => {
  const { workspace, other } = city(t);
  running(other);
  announce(workspace, other, process.ppid);
  const own = join(workspace, '.yitong', 'data');
  running(own);
  t.equal(runningFor({ workspace })?.data, own);
  running(own, 999_999_999);
  t.equal(runningFor({ workspace })?.data, other, 'of a process that has ended nothing is believed');
  t.end();
});

t.test('what a city left that was killed is believed by nobody, and goes', (t) => {
  const { workspace, other } = city(t);
  running(other, 999_999_999);
  announce(workspace, other, 999_999_999);
  t.equal(runningFor({ workspace }), undefined);
  t.same(readdirSync(join(workspace, '.yitong', 'running')), []);
  t.end();
});

t.test('a workspace that may only be read is no fault', (t) => {
  const { workspace, other } = city(t);
  writeFileSync(join(workspace, '.yitong'), 'no folder');
  t.doesNotThrow(() => announce(workspace, other, process.pid)());
  t.equal(holderName('up').split(' ')[0], String(process.pid));
  t.end();
});

t.test('the workspace of the current folder is the one that it lies in', (t) => {
  const { workspace } = city(t);
  const before = process.cwd();
  t.teardown(() => process.chdir(before));
  process.chdir(join(workspace, 'inbox'));
  t.equal(workspaceDir(undefined), workspace);
  t.equal(workspaceFlag(workspace), '');
  t.match(workspaceFlag(packageRoot()), / --workspace .+/);
  process.chdir(join(workspace, '..'));
  t.equal(workspaceFlag(workspace), ' --workspace city');
  process.chdir('/');
  t.equal(workspaceDir(undefined), packageRoot(), 'and without any, the reference city');
  t.equal(program({}), 'yitong');
  t.equal(program({ npm_execpath: '/x' }), 'npx yitong');
  t.end();
});
