// Where suites keep what they make in the folder for such things, as a city's data: in memory, where the machine has
// room for it. It is thrown away a moment later, and much of a suite's time goes by until a disk has it. Each call that
// asks for durability is made all the same. Where TMPDIR is set, or there is no such room, it is kept where it always is.
// Folders of tap (`t.testdir()`) stay in the clone: a workspace in them names the reference by the way that leads there.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const NAME = 'yitong-tests-';
/** Bytes, of the folder and of what no process holds. */
const NEEDS = 6 * 2 ** 30;
/** Bytes, where a container has a limit: what lies in memory counts, beside all processes. */
const LIMIT = 16 * 2 ** 30;

function hasRoom() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    const limit = process.constrainedMemory() ?? 0;
    const isLimited = limit > 0 && limit < LIMIT;
    return bavail * bsize >= NEEDS && freemem() >= NEEDS && !isLimited;
  } catch {
    return false;
  }
}

/** Removes what runs have left that were killed, of long ago: memory is scarcer than a disk. */
function removeLeft() {
  const longAgo = Date.now() - 6 * 3_600_000;
  for (const name of readdirSync(MEMORY).filter((one) => one.startsWith(NAME)))
    if (statSync(join(MEMORY, name)).mtimeMs < longAgo) rmSync(join(MEMORY, name), { recursive: true, force: true });
}

/** Whether a program that lies there may be run: in some containers none may. */
function mayRun(dir) {
  const program = join(dir, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const { status } = spawnSync(program);
  rmSync(program);
  return status === 0;
}

/** The variable that says so to the suites, or none. What is there is removed when this process ends. */
export function inMemory() {
  if (process.env.TMPDIR !== undefined || !hasRoom()) return {};
  removeLeft();
  const dir = mkdtempSync(join(MEMORY, NAME));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 10 }));
  // processes of other users keep theirs there too, as in /tmp
  chmodSync(dir, 0o1777);
  return mayRun(dir) ? { TMPDIR: dir } : {};
}
