/**
 * A data folder that is new has all that people do in one store from its first start; cut off at any moment it is new
 * or has begun, one that was used before stays as it was, and a program of before refuses what it cannot know.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { openStatuses } from '../../../gateway/documents/credentials/status/lmdb.js';
import { openReportStore } from '../../../gateway/documents/reports/store.js';
import { openWatched } from '../../../gateway/documents/reports/watched-documents.js';
import { readState } from '../../../gateway/ground/config/state.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { openState, openWholeState } from '../../../gateway/ground/state/open.js';
import { openGuesses } from '../../../gateway/http/api/verify/guesses.js';
import { openSubjectKeys } from '../../../gateway/log/entries/keys.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { erasingReplica, orderOfAll, registerReplica } from '../../../gateway/log/erasure/shared-orders.js';
import { beginFolder, openFirst } from '../../../gateway/operate/process/new-folder.js';
import { openTicketStore } from '../../../gateway/procedures/lifecycles/store.js';
import { openTickets } from '../../../gateway/procedures/lifecycles/tickets.js';

t.setTimeout(180_000);
const embedded = readState({}, { file: 'yitong.json' }, {});
const around = (data: string) => ({ settings: embedded, data, baseDir: data, place: { file: data } });
/** Of which folder it is, where it holds all. */
async function folderOf(data: string): Promise<string | undefined> {
  const state = await openWholeState(around(data));
  await state?.close();
  return state?.folder;
}

t.test('a folder that is new, or that is not there so far', async (t) => {
  const dir = t.testdir();
  for (const data of [join(dir, 'absent'), join(dir, 'empty'), join(dir, 'prepared')]) {
    if (data.endsWith('empty')) mkdirSync(data);
    // what `up` has made before: certificates, the embedded bus
    if (data.endsWith('prepared')) for (const name of ['pki', 'bus']) mkdirSync(join(data, name), { recursive: true });
    const state = await openFirst(embedded, { workspace: dir, data });
    t.equal(state?.folder, data);
    await state?.commit([{ do: 'put', kind: 'paper', id: 'a', body: 1 }]);
    await state?.close();
    t.notOk(existsSync(join(data, 'state', 'moving')));
    // every further process, and every further start
    const again = await openFirst(embedded, { workspace: dir, data });
    t.equal((await again?.document('paper', 'a'))?.body, 1);
    await again?.close();
    t.equal(await folderOf(data), data);
  }
});

t.test('a folder that was used before stays as it was', async (t) => {
  for (const used of ['audit', 'journal', 'log', 'reports', 'tickets', 'verify', 'people', 'suspended', 'applied']) {
    const data = join(t.testdir(), used);
    mkdirSync(join(data, used), { recursive: true });
    t.equal(await openFirst(embedded, { workspace: data, data }), undefined, used);
    t.notOk(existsSync(join(data, 'state')), used);
  }
  const data = join(t.testdir(), 'cases');
  const cases = await openState(around(data));
  await cases.commit([{ do: 'put', kind: 'case', id: 'a', body: 1 }]);
  await cases.close();
  t.equal(await openFirst(embedded, { workspace: data, data }), undefined, 'cases of before');
  for (const store of ['reports/store.made', 'tickets/tickets.made', 'verify/guesses.made'])
    t.notOk(existsSync(join(data, store)), 'and the stores of before can be begun in it');
});

t.test('nothing begins in a folder whose state stands on a server', async (t) => {
  const data = join(t.testdir(), 'data');
  await beginFolder({ driver: 'postgres' }, data);
  t.notOk(existsSync(data));
});

t.test('a store that is gone is missed, and none is begun in its place', async (t) => {
  const data = join(t.testdir(), 'data');
  await (await openFirst(embedded, { workspace: data, data }))?.close();
  rmSync(join(data, 'state', 'store'));
  await t.rejects(openFirst(embedded, { workspace: data, data }), { code: 'store_damaged' });
});

t.test('a program of before refuses the folder, where it would begin without what is in it', async (t) => {
  const data = join(t.testdir(), 'data');
  await (await openFirst(embedded, { workspace: data, data }))?.close();
  t.throws(() => openWatched(data), { code: 'store_damaged' }, 'each worker of it, at its start');
  t.throws(() => openGuesses(join(data, 'verify'), 3), { code: 'store_damaged' });
  t.throws(() => openReportStore(data), { code: 'store_damaged' });
  t.throws(() => openStatuses(join(data, 'reports', 'status')), { code: 'store_damaged' });
  t.throws(() => openTicketStore(data), { code: 'store_damaged' });
  // nothing is shown that is hidden there
  const tickets = await openTickets({ dataDir: data, workspace: await loadWorkspace(packageRoot()), now: Date.now });
  t.throws(() => tickets.effects.version(), { code: 'store_damaged' });
  await tickets.close();
});

t.test('two that begin at once make one', async (t) => {
  const dir = t.testdir();
  for (let round = 0; round < 5; round++) {
    const data = join(dir, String(round));
    const ends = await Promise.all([begun(data), begun(data), begun(data)]);
    t.ok(
      ends.some(({ code }) => code === 0),
      ends.map(({ said }) => said).join('\n'),
    );
    for (const { code, said } of ends) if (code !== 0) t.match(said, /another process is the writer/);
    t.equal(await folderOf(data), data);
    t.strictSame(
      readdirSync(join(data, 'state')).filter((name) => /beginning|moving/.test(name)),
      [],
    );
  }
});

t.test('killed at any moment it is new, or has begun; then it begins', async (t) => {
  const dir = t.testdir();
  const { ms } = await begun(join(dir, 'measured'));
  let cut = 0;
  for (let round = 0; round < 25; round++) {
    const data = join(dir, String(round));
    const { code } = await begun(data, ms * (0.5 + round / 50));
    if (code !== 0) cut++;
    if (existsSync(join(data, 'state', 'store'))) t.equal(await folderOf(data), data, 'what has its name is whole');
    await (await openFirst(embedded, { workspace: data, data }))?.close();
    t.equal(await folderOf(data), data);
  }
  t.comment(`${String(cut)} were killed`);
});

/** Begins a folder in a process of its own. @param kill ms after which it is killed */
async function begun(data: string, kill?: number) {
  const module = new URL('../../../gateway/operate/process/new-folder.js', import.meta.url).href;
  const code = `const { beginFolder } = await import(${JSON.stringify(module)});
    await beginFolder({ driver: 'embedded' }, ${JSON.stringify(data)});`;
  const at = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const over = new Promise<void>((resolve) => child.once('close', () => resolve()));
  if (kill !== undefined) {
    await Promise.race([over, pause(kill)]);
    child.kill('SIGKILL');
  }
  await over;
  return { code: child.exitCode, said, ms: performance.now() - at };
}

t.test('keys of what stands in it are those of the folder: one of a subject, and none in the state', async (t) => {
  const data = join(t.testdir(), 'data');
  const state = await openFirst(embedded, { workspace: data, data });
  if (state === undefined) throw new Error('the folder did not begin');
  const { subjectKeys } = auditLayout(data);
  const keys = await sharedSealingKeys(state);
  const subject = 'person:11010519491231002X';
  const secret = await keys.secretOf(subject);
  for (let i = 0; i < 50; i++) await keys.secretOf(`person:${String(i)}`);
  const log = openSubjectKeys({ dir: subjectKeys });
  t.equal(log.get(subject)?.pseudonym, secret.pseudonym, 'that of the log');
  t.equal(keys.reference('record', 'a'), log.reference('record', 'a'));

  const whole = secret.key.export();
  const before = halvesOf(subjectKeys);
  // as `audit erase` does: the order of all, then the key
  const me = erasingReplica(subjectKeys);
  await registerReplica(state, me, 'here');
  const order = { subject, reason: 'a court said so', legalBasis: 'Art.47', by: 'operator' };
  await orderOfAll(state, order, { replica: me.id, recorded: { pseudonym: secret.pseudonym, receipt: 'r1' } });
  t.equal(log.destroy(secret.pseudonym), true);
  t.equal(await keys.byPseudonym(secret.pseudonym), undefined);
  await log.close();
  await keys.close();

  t.equal((await state.documents('subject-key')).documents.length, 0);
  t.equal(await state.document('secret', 'subjects'), undefined, 'nor is there a secret of them');
  await state.close();
  const left = halvesOf(subjectKeys);
  const destroyed = before.filter((one) => !left.some((other) => other.equals(one)));
  t.equal(destroyed.length, 1, 'one half was overwritten');
  const looked = filesBelow(data);
  t.ok(looked.some((file) => file.endsWith('state/store')) && looked.some((file) => file.endsWith('keys/halves')));
  for (const file of looked) {
    const bytes = readFileSync(file);
    for (const [what, word] of [
      ['the key', whole],
      ['the half of it', destroyed[0] ?? Buffer.from('none')],
      ['the subject', Buffer.from(subject)],
    ] as const)
      for (const written of [word, Buffer.from(word.toString('base64')), Buffer.from(word.toString('hex'))])
        t.notOk(bytes.includes(written), `${what} is on no page of ${file.slice(data.length)}`);
  }
});

/** Each of the halves that are overwritten when a key is destroyed. */
function halvesOf(dir: string): readonly Buffer[] {
  const bytes = readFileSync(join(dir, 'halves'));
  return Array.from({ length: bytes.length / 32 }, (_, at) => bytes.subarray(at * 32, (at + 1) * 32)).slice(1);
}

const filesBelow = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));
