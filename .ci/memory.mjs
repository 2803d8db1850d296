// Where suites keep their folders: in memory, where the machine has room for it. What they make is thrown away a moment
// later, and most of what some of them do is wait until a disk has it. Each call that asks for durability is made all
// the same. Where TMPDIR is set, or there is no such room, they keep them where they always do.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';

const MEMORY = '/dev/shm';
/** Bytes, of the folder and of what no process holds. */
const NEEDS = 6 * 2 ** 30;

function hasRoom() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= NEEDS && freemem() >= NEEDS;
  } catch {
    return false;
  }
}

/** Whether a program that lies there may be run: in some containers none may. */
function mayRun(dir) {
  const program = join(dir, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const { status } = spawnSync(program);
  rmSync(program);
  return status === 0;
}

/** The folder that the link leads into, and whether the run that made it goes on; undefined where it is no link. */
function linked(link) {
  try {
    const folder = dirname(readlinkSync(link));
    const [, pid] = /yitong-tests-(\d+)-/.exec(folder) ?? [];
    return { folder, goesOn: pid !== undefined && existsSync(`/proc/${pid}`) };
  } catch {
    return undefined;
  }
}

/**
 * The variables that say so to the suites; none where all stays as it is. Removed again when this process ends.
 * @param fixtures the folder of tap for those of tests; it stays what it is where something is in it
 */
export function inMemory(fixtures) {
  const left = linked(fixtures);
  // of a run that was killed
  if (left?.goesOn === false) {
    unlinkSync(fixtures);
    rmSync(left.folder, { recursive: true, force: true });
  }
  if (process.env.TMPDIR !== undefined || !hasRoom()) return {};
  const dir = mkdtempSync(join(MEMORY, `yitong-tests-${process.pid}-`));
  process.once('exit', () => {
    if (linked(fixtures)?.folder === dir) unlinkSync(fixtures);
    rmSync(dir, { recursive: true, force: true });
  });
  // processes of other users keep theirs there too, as in /tmp
  chmodSync(dir, 0o1777);
  if (!mayRun(dir)) return {};
  try {
    mkdirSync(dirname(fixtures), { recursive: true });
    rmdirSync(fixtures);
  } catch {
    // not there; or not empty, or another run's link: then this one makes none
  }
  try {
    mkdirSync(join(dir, 'fixtures'));
    symlinkSync(join(dir, 'fixtures'), fixtures);
  } catch {
    // what a developer kept stays
  }
  return { TMPDIR: dir };
}
