import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { LogBody } from '../../gateway/log/entries/body.js';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import type { ErasureStep } from '../../gateway/log/erasure/carry-out.js';
import { erasedBy, orderErasure } from '../../gateway/log/erasure/order.js';
import { openSearch } from '../../gateway/log/search/index.js';
import type { SequencerAlert } from '../../gateway/log/sequencer/sequencer.js';
import { openBodies } from '../../gateway/log/store/bodies.js';
import { lookupReceipt } from '../../gateway/log/store/receipts.js';
import { announceWriting } from '../../gateway/log/store/writing.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { fill, journalOf, sequencerOf } from './filled.js';

const SUBJECT = 'uscc:3';
const check = (data: string) => verifyLog({ logDir: auditLayout(data).log, dataDir: data });
const because = { reason: 'a court said so', legalBasis: 'PIPL Art.47', by: 'data-officer' };

async function sequence(data: string): Promise<void> {
  const sequencer = sequencerOf(data);
  await sequencer.runOnce();
  await sequencer.stop();
}

/** The pseudonym and the key of a subject, as hexadecimal digits. */
async function secretOf(
  data: string,
  subject = SUBJECT,
): Promise<{ readonly pseudonym: string; readonly key: Buffer } | undefined> {
  const keys = openSubjectKeys({ dir: auditLayout(data).subjectKeys });
  const secret = keys.get(subject);
  await keys.close();
  return secret === undefined ? undefined : { pseudonym: secret.pseudonym, key: secret.key.export() };
}

async function order(data: string, subject = SUBJECT): Promise<string | undefined> {
  const keys = openSubjectKeys({ dir: auditLayout(data).subjectKeys });
  const journal = await journalOf(data, 'w9');
  const ordered = await orderErasure({ keys, journal, now: Date.now }, { subject, ...because });
  await journal.close();
  await keys.close();
  return ordered?.pseudonym;
}

/** Salts of the subject's entries, from the bodies, before they are erased. */
function saltsOf(data: string, pseudonym: string): Buffer[] {
  const layout = auditLayout(data);
  const bodies = openBodies(layout.bodies, layout.index);
  const salts: Buffer[] = [];
  for (let index = 0; ; index++) {
    const stored = bodies.read(index);
    if (stored === undefined) break;
    if (stored.kind !== 'present') continue;
    const { subject } = JSON.parse(stored.body.toString()) as LogBody;
    if (subject?.pseudonym === pseudonym) salts.push(stored.salt);
  }
  bodies.close();
  return salts;
}

/** Files of the data folder that hold any of `what`. */
function holding(data: string, what: readonly Buffer[]): string[] {
  const files = readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return files
    .filter((file) => {
      const bytes = readFileSync(file);
      return what.some((one) => bytes.includes(one));
    })
    .map((file) => file.slice(data.length + 1));
}

async function left(
  t: Test,
  data: string,
  before: { readonly pseudonym: string; readonly key: Buffer; readonly salts: readonly Buffer[] },
): Promise<void> {
  t.same(holding(data, before.salts), [], 'no file holds a salt of the subject');
  t.same(holding(data, [before.key]), [], 'nor its key');
  const search = openSearch(data);
  t.equal((await search.page({ subject: SUBJECT }, { limit: 10 })).entries.length, 0);
  t.equal((await search.page({ pseudonym: before.pseudonym }, { limit: 10 })).entries.length, 0);
  await search.close();
}

t.test(
  'after an erasure the log verifies, says by which entry, and neither search nor files lead to the subject',
  async (t) => {
    const data = t.testdir();
    const receipts = await fill(data, 300);
    await sequence(data);
    await fill(data, 100, 'w2', 300); // durable, not yet in the log
    const secret = await secretOf(data);
    if (secret === undefined) return t.fail('the subject has no key');
    const salts = saltsOf(data, secret.pseudonym);
    t.equal(salts.length, 60);
    t.ok(holding(data, [salts[0] ?? Buffer.alloc(0)]).length >= 2, 'bodies and journal have it');
    t.equal(await order(data), secret.pseudonym);
    await sequence(data);
    const by = erasedBy(data, secret.pseudonym);
    t.equal(by, 400);
    await left(t, data, { ...secret, salts });
    t.match(await check(data), { ok: true, size: 401, erased: 80, bodies: 321, journalEntries: 401 });
    const found = lookupReceipt(data, receipts[3] ?? '');
    t.match(found, { kind: 'logged', erasedBy: 400, salt: undefined });
    t.notMatch(found.kind === 'logged' ? found.body : '', /pseudonym|enc/);
    t.match(lookupReceipt(data, receipts[4] ?? ''), { kind: 'logged', salt: Buffer });
    t.equal(await order(data), undefined, 'there is nothing left to erase');

    // the next look at the subject has nothing to do with those before
    await fill(data, 5);
    await sequence(data);
    const next = await secretOf(data);
    t.ok(next !== undefined && next.pseudonym !== secret.pseudonym);
    t.match(await check(data), { ok: true, erased: 80 });
  },
);

t.test(
  'an erasure that dies at any step is completed at the next start, and no salt is gone without its entry',
  async (t) => {
    const base = t.testdir({ before: {} });
    const before = join(base, 'before');
    await fill(before, 120);
    await sequence(before);
    const secret = await secretOf(before);
    if (secret === undefined) return t.fail('the subject has no key');
    const salts = saltsOf(before, secret.pseudonym);
    await order(before);
    for (const died of [
      'noted',
      'key',
      'listed',
      'bodies',
      'journals',
      'index',
      'done',
    ] as const satisfies readonly ErasureStep[]) {
      const data = join(base, died);
      cpSync(before, data, { recursive: true });
      const alerts: SequencerAlert[] = [];
      const dying = sequencerOf(data, {
        onAlert: (alert) => alerts.push(alert),
        onErasureStep: (step) => {
          if (step === died) throw new Error('killed');
        },
      });
      await dying.runOnce();
      await dying.stop();
      t.match(alerts, [{ kind: 'failed', reason: /killed/ }]);
      const half = await check(data);
      t.ok(half.ok, `verifies as it was left at \`${died}\`: ${half.fault ?? ''}`);
      await sequence(data);
      t.match(await check(data), { ok: true, size: 121, erased: 24 }, `after \`${died}\``);
      t.equal(erasedBy(data, secret.pseudonym), 120);
      await left(t, data, { ...secret, salts });
    }
  },
);

t.test('an entry that was on its way under the old pseudonym is erased when it arrives', async (t) => {
  const data = t.testdir();
  await fill(data, 10);
  await sequence(data);
  const secret = await secretOf(data);
  // as a worker that slept with the key in its memory would write it
  const pseudonym = secret?.pseudonym ?? '';
  await order(data);
  await sequence(data);
  const journal = await journalOf(data, 'w3');
  await journal.append({
    clear: `{"type":"released","time":"2026-01-01T00:00:00Z","client":"x","subject":{"pseudonym":"${pseudonym}","enc":"AAAA"}}`,
  });
  await journal.close();
  await sequence(data);
  t.match(await check(data), { ok: true, size: 12, erased: 3 });
  t.same(holding(join(data, 'journal'), [Buffer.from(`"subject":{"pseudonym":"${pseudonym}"`)]), []);
  const search = openSearch(data);
  t.equal((await search.page({ pseudonym }, { limit: 10 })).entries.length, 0);
  await search.close();
});

t.test('a process that holds the key forgets it within a second, also where its event loop never turns', async (t) => {
  const dir = join(t.testdir(), 'keys');
  const keys = openSubjectKeys({ dir });
  t.teardown(() => keys.close());
  keys.ensure([SUBJECT]);
  const { pseudonym } = keys.get(SUBJECT) ?? { pseudonym: '' };
  execFileSync(process.execPath, [
    '--input-type=module',
    '-e',
    `import { openSubjectKeys } from ${JSON.stringify(new URL('../../gateway/log/entries/keys.js', import.meta.url).href)};
    const keys = openSubjectKeys({ dir: process.argv[1] });
    if (!keys.destroy(process.argv[2])) process.exit(1);
    await keys.close();`,
    dir,
    pseudonym,
  ]);
  keys.refresh();
  t.equal(keys.get(SUBJECT), undefined);
  t.equal(keys.byPseudonym(pseudonym), undefined);
  keys.ensure([SUBJECT]);
  t.not(keys.get(SUBJECT)?.pseudonym, pseudonym);
  t.notOk(keys.destroy(pseudonym), 'once');

  // the journal's thread, which waits in one place for as long as it lives
  const data = t.testdir();
  const journal = await journalOf(data);
  const append = () => journal.append({ clear: '{"type":"released"}', subject: { subject: SUBJECT, json: '{}' } });
  await append();
  const others = openSubjectKeys({ dir: auditLayout(data).subjectKeys });
  const first = others.get(SUBJECT)?.pseudonym ?? '';
  others.destroy(first);
  await append();
  await journal.close();
  others.refresh();
  t.not(others.get(SUBJECT)?.pseudonym, first, 'the entry after it has another pseudonym');
  await others.close();
});

t.test('a sequencer that sleeps before it writes bodies cannot bring back what was erased meanwhile', async (t) => {
  const data = t.testdir();
  await fill(data, 40);
  await sequence(data);
  const secret = await secretOf(data);
  if (secret === undefined) return t.fail('the subject has no key');
  const salts = saltsOf(data, secret.pseudonym);
  // it has announced itself, and sleeps: the erasure waits for it
  const end = announceWriting(auditLayout(data).writing);
  await order(data);
  const alerts: SequencerAlert[] = [];
  const other = sequencerOf(data, { onAlert: (alert) => alerts.push(alert) });
  await other.runOnce();
  t.match(alerts, [{ kind: 'failed', reason: /another sequencer has not ended/ }]);
  t.equal(erasedBy(data, secret.pseudonym), undefined);
  t.equal((await other.runOnce()).size, 41, 'the log goes on meanwhile');
  end();
  await other.runOnce();
  t.equal(erasedBy(data, secret.pseudonym), 40);
  await other.stop();
  await left(t, data, { ...secret, salts });

  // one that died is not waited for
  writeFileSync(join(auditLayout(data).writing, '999999999_1_0_x'), '');
  await fill(data, 5);
  await sequence(data);
  t.ok((await secretOf(data)) !== undefined);
  await order(data);
  await sequence(data);
  t.notOk(existsSync(join(auditLayout(data).writing, '999999999_1_0_x')));
  t.match(await check(data), { ok: true, erased: 9 });
});

t.test('a journal goes on behind erased entries, and damage to what is left is still found', async (t) => {
  const data = t.testdir();
  await fill(data, 50);
  await sequence(data);
  await order(data);
  await sequence(data);
  await fill(data, 50, 'w1', 50); // the worker recovers from its last segment
  await sequence(data);
  t.match(await check(data), { ok: true, size: 101, journalEntries: 101, erased: 10 });
  const id = readdirSync(join(data, 'journal')).find((name) => name.startsWith('w1-')) ?? '';
  const file = join(data, 'journal', id, '00000001.seg');
  const bytes = readFileSync(file);
  const at = bytes.indexOf('bank-app');
  bytes[at] = 0x42;
  // of an entry that was not erased
  const whole = bytes.toString('latin1', at - 120, at + 400);
  t.match(whole, /Bank-app/);
  writeFileSync(file, bytes);
  t.match(await check(data), { ok: false });
});

t.test('an order must say why, by which law, and not whom', async (t) => {
  const data = t.testdir();
  await fill(data, 5);
  const keys = openSubjectKeys({ dir: auditLayout(data).subjectKeys });
  const append = (): never => t.fail('nothing goes on record') as never;
  const refused = (more: object, code: string) =>
    t.rejects(orderErasure({ keys, journal: { append }, now: Date.now }, { subject: SUBJECT, ...because, ...more }), {
      code,
    });
  await refused({ subject: 'nobody' }, 'bad_subject');
  await refused({ reason: ' ' }, 'bad_request');
  await refused({ legalBasis: 'x'.repeat(501) }, 'bad_request');
  await refused({ reason: 'company 3 asked' }, 'bad_request');
  t.equal(
    await orderErasure({ keys, journal: { append }, now: Date.now }, { subject: 'uscc:9', ...because }),
    undefined,
  );
  await keys.close();
});

t.test(
  'a key store that comes back from a backup loses the key again when the log is looked through anew',
  async (t) => {
    const dir = t.testdir();
    const data = join(dir, 'data');
    await fill(data, 40);
    await sequence(data);
    const secret = await secretOf(data);
    if (secret === undefined) return t.fail('the subject has no key');
    const layout = auditLayout(data);
    cpSync(layout.subjectKeys, join(dir, 'backup'), { recursive: true });
    await order(data);
    await sequence(data);
    t.equal(await secretOf(data), undefined);
    rmSync(layout.subjectKeys, { recursive: true });
    cpSync(join(dir, 'backup'), layout.subjectKeys, { recursive: true });
    t.same(await secretOf(data), secret, 'the backup has it');
    rmSync(layout.erasures);
    await sequence(data);
    t.equal(await secretOf(data), undefined);
    t.same(holding(data, [secret.key]), []);
    t.match(await check(data), { ok: true, erased: 8 });
  },
);
