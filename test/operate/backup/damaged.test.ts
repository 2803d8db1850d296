/** A backup that is not what it was is refused before anything is written, each kind of damage by its own code. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkBackup } from '../../../gateway/operate/backup/check.js';
import {
  FILES,
  MANIFEST,
  type Manifest,
  readManifest,
  writeManifest,
} from '../../../gateway/operate/backup/manifest.js';
import { restoreBackup } from '../../../gateway/operate/backup/restore.js';
import { wantRoom } from '../../../gateway/operate/backup/write.js';
import { run } from '../../e2e/command.js';
import { backUp, put, smallFolder } from './folder.js';

t.setTimeout(180_000);
const dir = t.testdir();
const data = join(dir, 'data');
const backup = join(dir, 'backup');
await smallFolder(data);
const { manifest } = await backUp(data, backup);
let restores = 0;
const restore = (from: string) =>
  restoreBackup({
    backup: from,
    dataDir: join(dir, `restored-${String(++restores)}`),
    knowledge: { kind: 'unknown' },
    erased: [],
    incomplete: false,
    now: Date.now,
  });

/** Neither checked nor restored; nothing is left where it would have gone. */
async function refused(code: string, damage: () => void, name: string): Promise<void> {
  damage();
  await t.rejects(checkBackup(backup), { code }, `${name}: check`);
  await t.rejects(restore(backup), { code }, `${name}: restore`);
  for (const end of ['', '.partial'])
    t.notOk(existsSync(join(dir, `restored-${String(restores)}${end}`)), `${name}: nothing is written`);
}

t.test('as it is, it is whole and can be restored', async (t) => {
  t.match(await checkBackup(backup), { verified: 300 });
  await restore(backup);
  t.end();
});

t.test('one flipped bit in any file is found, wherever it is', async (t) => {
  for (const { path, bytes } of manifest.files) {
    if (bytes === 0) continue;
    const file = join(backup, FILES, path);
    const whole = readFileSync(file);
    for (const at of [0, Math.floor(bytes / 2), bytes - 1]) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(file, changed);
      await t.rejects(
        checkBackup(backup),
        { code: 'backup_damaged', message: new RegExp(path.replaceAll('.', '\\.')) },
        `${path} at ${at}`,
      );
    }
    writeFileSync(file, whole);
  }
  await refused('backup_damaged', () => put(backup, `${FILES}/audit/keys/halves`, 'x'), 'another length');
  cpSync(join(data, 'audit/keys/halves'), join(backup, FILES, 'audit/keys/halves'));
});

t.test('the manifest: cut off anywhere, changed anywhere, missing', async (t) => {
  const file = join(backup, MANIFEST);
  const whole = readFileSync(file);
  for (let length = 0; length < whole.length; length += Math.max(1, Math.floor(whole.length / 40))) {
    writeFileSync(file, whole.subarray(0, length));
    await t.rejects(checkBackup(backup), { code: 'backup_manifest' }, `${length} bytes of it`);
  }
  for (let at = 0; at < whole.length; at += Math.max(1, Math.floor(whole.length / 60))) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(file, changed);
    await t.rejects(checkBackup(backup), { code: 'backup_manifest' }, `byte ${at}`);
  }
  await refused('backup_manifest', () => rmSync(file), 'no manifest');
  writeFileSync(file, whole);
});

t.test('another format, a missing file, a surplus one', async () => {
  const file = join(backup, MANIFEST);
  const whole = readFileSync(file);
  await refused('backup_format', () => writeManifest(backup, { ...manifest, format: 2 }), 'a newer format');
  writeFileSync(file, whole);
  const key = join(backup, FILES, 'keys/replica.key');
  const bytes = readFileSync(key);
  await refused('backup_file_missing', () => rmSync(key), 'a missing file');
  writeFileSync(key, bytes);
  await refused(
    'backup_file_surplus',
    () => put(backup, `${FILES}/journal/w1-00000000/00000001.seg`, 'x'),
    'a surplus file',
  );
  rmSync(join(backup, FILES, 'journal/w1-00000000'), { recursive: true });
  await refused('backup_file_surplus', () => put(backup, 'notes.txt', 'x'), 'a file beside');
  rmSync(join(backup, 'notes.txt'));
});

t.test('a manifest that leads out of the folder is none', async (t) => {
  const other = join(dir, 'hostile');
  for (const path of ['../outside', 'a/../../outside', '/etc/passwd', 'a//b', './a', 'a\\b', '']) {
    mkdirSync(other, { recursive: true });
    writeManifest(other, {
      ...manifest,
      files: [{ path, bytes: 1, sha256: '0'.repeat(64), mode: 0o600 }],
    } satisfies Manifest);
    await t.rejects(
      Promise.resolve().then(() => readManifest(other)),
      { code: 'backup_manifest' },
      JSON.stringify(path),
    );
  }
});

t.test('digests that fit do not help a log that does not verify', async (t) => {
  const other = join(dir, 'forged');
  const forged = join(dir, 'forged-data');
  cpSync(data, forged, { recursive: true });
  const body = join(forged, 'audit/bodies/00000000.dat');
  const bytes = readFileSync(body);
  bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
  writeFileSync(body, bytes);
  await backUp(forged, other);
  await t.rejects(checkBackup(other), { code: 'log_invalid' });
  await t.rejects(restore(other), { code: 'log_invalid' });
});

t.test(
  'a file that nobody knows: the backup says that it is not complete, and is not restored unless it will do',
  async (t) => {
    const odd = join(dir, 'odd');
    cpSync(data, odd, { recursive: true });
    put(odd, 'novelty/state.db', 'new');
    const to = join(dir, 'odd-backup');
    const ended = await run('backup', to, '--data', odd, '--json');
    t.equal(ended.code, 1);
    t.match(JSON.parse(ended.stdout), { complete: false, unknown: ['novelty/state.db'] });
    t.equal((await run('backup', '--check', to)).code, 1);
    await t.rejects(restore(to), { code: 'backup_incomplete', message: /novelty\/state\.db/ });
    const target = join(dir, 'odd-restored');
    t.equal((await run('restore', to, '--data', target, '--incomplete')).code, 0);
    t.notOk(existsSync(join(target, 'novelty')));
  },
);

t.test('where there is something it is not written over', async (t) => {
  await t.rejects(backUp(data, backup), { code: 'backup_exists' });
  const taken = join(dir, 'taken');
  put(taken, 'anything', 'x');
  await t.rejects(
    restoreBackup({
      backup,
      dataDir: taken,
      knowledge: { kind: 'unknown' },
      erased: [],
      incomplete: false,
      now: Date.now,
    }),
    { code: 'restore_target' },
  );
  t.equal(readFileSync(join(taken, 'anything'), 'utf8'), 'x');
  await t.rejects(backUp(join(dir, 'nowhere'), join(dir, 'b2')), { code: 'backup_source' });
  t.notOk(existsSync(join(dir, 'b2')) || existsSync(join(dir, 'b2.partial')));
  const shell = await run('restore', backup, '--data', taken);
  t.equal(shell.code, 2);
  t.match(shell.stderr, /restore_target/);
});

t.test('a backup whose disk is cut off in the middle leaves nothing that could pass for one', async (t) => {
  const to = join(dir, 'cut');
  const stop = new AbortController();
  await t.rejects(
    backUp(data, to, { signal: stop.signal, onState: ({ id }) => void (id === 'subject-keys' && stop.abort()) }),
  );
  t.notOk(existsSync(to) || existsSync(`${to}.partial`));
  // a crash leaves the folder of a half: the next one begins anew
  mkdirSync(`${to}.partial`);
  put(`${to}.partial`, 'data/old', 'x');
  t.match(await backUp(data, to), { complete: true });
  t.match(await checkBackup(to), { verified: 300 });
  truncateSync(join(to, MANIFEST), 10);
  await t.rejects(checkBackup(to), { code: 'backup_manifest' });
});

t.test('a copy that has no room is refused before it begins', async (t) => {
  t.throws(() => wantRoom(dir, 2 ** 60), { code: 'backup_no_room' });
  t.doesNotThrow(() => wantRoom(dir, 0));
});
