/**
 * How a log goes on that was restored: under its name only where nothing newer was shown, and never two trees of one
 * size under one key.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Spool } from '../../../connectors/spool/index.js';
import { readSuspensions, suspensionsDir } from '../../../gateway/answer/inforce/suspensions.js';
import { openSubjectKeys } from '../../../gateway/log/entries/keys.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { erasedBy, orderErasure } from '../../../gateway/log/erasure/order.js';
import { parseVkey } from '../../../gateway/log/proof/note.js';
import { startSequencer } from '../../../gateway/log/sequencer/sequencer.js';
import { lookupReceipt } from '../../../gateway/log/store/receipts.js';
import { openAuditSigners } from '../../../gateway/log/store/signer.js';
import { readState } from '../../../gateway/log/store/state.js';
import { verifyLog } from '../../../gateway/log/verify/verify.js';
import { erasedIn } from '../../../gateway/operate/backup/erased.js';
import { type RestoreOptions, type RestoreReport, restoreBackup } from '../../../gateway/operate/backup/restore.js';
import { fill, journalOf, ORIGIN, sequencerOf, signersOf } from '../../log/filled.js';
import { runWitness } from '../../log/witnesses.js';
import { backUp, QUEUE, smallFolder } from './folder.js';

t.setTimeout(180_000);
const dir = t.testdir();
const data = join(dir, 'data');
const backup = join(dir, 'backup');
const receipts = await smallFolder(data);
await backUp(data, backup);
const atBackup = readFileSync(join(data, 'log/checkpoint'));
const smaller = await (async () => {
  const early = join(dir, 'early');
  cpSync(data, early, { recursive: true });
  return early;
})();
/** What came after the backup. */
const later = await fill(data, 40, 'w1', 1000);
{
  const sequencer = sequencerOf(data);
  await sequencer.runOnce();
  await sequencer.stop();
}
const newest = readFileSync(join(data, 'log/checkpoint'));

let count = 0;
async function restore(
  more: Partial<RestoreOptions>,
): Promise<{ readonly to: string; readonly report: RestoreReport }> {
  const to = join(dir, `to-${String(++count)}`);
  return {
    to,
    report: await restoreBackup({
      backup,
      dataDir: to,
      knowledge: { kind: 'unknown' },
      erased: [],
      incomplete: false,
      now: Date.now,
      ...more,
    }),
  };
}
/** As a gateway with this origin in its settings. */
async function sequence(to: string, origin: string): Promise<void> {
  const sequencer = startSequencer({
    dataDir: to,
    signer: openAuditSigners(to, { origin, replica: 'replica-1.test' }).log,
    origin,
    now: Date.now,
    interval: 0,
    onAlert: (alert) => t.fail(JSON.stringify(alert)),
  });
  await sequencer.runOnce();
  await sequencer.stop();
}
const restoredEntry = (to: string, index: number): Record<string, unknown> => {
  const file = join(
    to,
    'audit/index',
    readdirSync(join(to, 'audit/index')).find((name) => name.startsWith('sequencer-')) ?? '',
  );
  t.ok(existsSync(file));
  const text = readFileSync(join(to, 'audit/bodies/00000000.dat'), 'latin1');
  const at = text.lastIndexOf('{"type":"administration"');
  const body = JSON.parse(text.slice(at, text.indexOf('}}', at) + 2)) as Record<string, unknown>;
  t.equal((body['detail'] as { size: number }).size, index);
  return body;
};

t.test(
  'nothing is known: the log goes on under another name and key, and all that was in it is still proved',
  async (t) => {
    const { to, report } = await restore({});
    const origin = report.log?.origin ?? '';
    t.match(report.log, { renamed: true, size: 300, lost: undefined });
    t.match(origin, new RegExp(`^${ORIGIN}/2-[0-9a-f]{8}$`));
    t.not(
      readFileSync(join(to, 'keys/log.key'), 'utf8'),
      readFileSync(join(data, 'keys/log.key'), 'utf8'),
      'the key that could sign under the old name is not put back',
    );
    t.match(await verifyLog({ logDir: join(to, 'log'), dataDir: to }), { ok: true, size: 301, origin });
    const before = parseVkey(readFileSync(join(data, 'log/vkey'), 'utf8'));
    const earlier = join(to, 'log/earlier', before.keyId.toString(16).padStart(8, '0'));
    t.same(readFileSync(join(earlier, 'checkpoint')), atBackup, 'what was published stays to be read');
    t.equal(parseVkey(readFileSync(join(earlier, 'vkey'), 'utf8')).vkey, before.vkey);
    t.throws(
      () => signersOf(to),
      { code: 'bad_config', message: /audit\.origin/ },
      'and nobody goes on under the old name by accident',
    );
    t.match(restoredEntry(to, 300), {
      action: 'restored',
      target: ORIGIN,
      detail: { renamed: true, known: 'unknown', key: before.vkey },
    });

    await sequence(to, origin);
    for (const id of [receipts[0] ?? '', receipts[150] ?? '', receipts.at(-1) ?? ''])
      t.match(lookupReceipt(to, id), { kind: 'logged', proof: new RegExp(origin) });
    for (const id of later) t.equal(lookupReceipt(to, id).kind, 'not_yet');
    const journal = await journalAs(to, origin);
    const { id } = await journal.append({ clear: '{"type":"administration","action":"x","by":"x"}' });
    await journal.close();
    const names = new Set([...receipts, ...later].map((one) => one.split(':')[0]));
    t.notOk(names.has(id.split(':')[0]), 'a receipt id never comes twice: the worker has a journal of another name');
    await sequence(to, origin);
    t.match(await verifyLog({ logDir: join(to, 'log'), dataDir: to }), { ok: true, size: 302, newer: 0 });
    const twice = await restore({});
    t.not(twice.report.log?.origin, origin, 'restored twice, the two have not one name');
  },
);

const journalAs = async (to: string, origin: string) => {
  const { openJournal } = await import('../../../gateway/log/journal/journal.js');
  return openJournal({
    dir: join(to, 'journal'),
    name: 'w1',
    keys: { dir: auditLayout(to).subjectKeys },
    signer: openAuditSigners(to, { origin, replica: 'replica-1.test' }).replica,
    now: Date.now,
    segmentBytes: 65_536,
  });
};

t.test(
  'the newest checkpoint is known: covered by the backup the log keeps its name; otherwise what is lost is counted',
  async (t) => {
    const same = await restore({ knowledge: { kind: 'checkpoint', note: atBackup } });
    t.match(same.report.log, { renamed: false, origin: ORIGIN, lost: 0 });
    await sequence(same.to, ORIGIN);
    t.match(
      await verifyLog({
        logDir: join(same.to, 'log'),
        dataDir: same.to,
        vkey: readFileSync(join(data, 'log/vkey'), 'utf8'),
      }),
      { ok: true, size: 301, publishedSize: 301 },
    );
    const newer = await restore({ knowledge: { kind: 'checkpoint', note: newest } });
    t.match(newer.report.log, { renamed: true, lost: 40 });
    t.match(restoredEntry(newer.to, 300), { detail: { lost: 40, newestSize: 340, known: 'checkpoint' } });
    const chosen = await restore({ origin: 'log.test/city-2027', knowledge: { kind: 'checkpoint', note: newest } });
    t.equal(chosen.report.log?.origin, 'log.test/city-2027');
    await t.rejects(
      restore({ origin: ORIGIN, knowledge: { kind: 'checkpoint', note: newest } }),
      { code: 'restore_fork' },
      'not the old name',
    );
  },
);

t.test("the operator's word goes on record", async (t) => {
  const { to, report } = await restore({ knowledge: { kind: 'none', word: 'stopped before the backup' } });
  t.match(report.log, { renamed: false, origin: ORIGIN });
  t.match(restoredEntry(to, 300), { detail: { known: 'none', word: 'stopped before the backup', renamed: false } });
  const journals = new Set(receipts.map((one) => one.split(':')[0]));
  const journal = await journalOf(to);
  t.notOk(journals.has(journal.id), 'journals have new names also then: a word can be wrong');
  await journal.close();
  await sequence(to, ORIGIN);
  t.match(await verifyLog({ logDir: join(to, 'log'), dataDir: to }), { ok: true });
});

t.test('a checkpoint of another log, of another key, or of another tree is refused', async (t) => {
  // the same folder went on in two ways: two trees under one key
  await fill(smaller, 5, 'w1', 5000);
  const sequencer = sequencerOf(smaller);
  await sequencer.runOnce();
  await sequencer.stop();
  const forked = join(dir, 'forked-backup');
  await backUp(smaller, forked);
  const other = join(dir, 'other');
  await fill(other, 10);
  const others = sequencerOf(other);
  await others.runOnce();
  await others.stop();
  for (const [name, note] of [
    ['another key', readFileSync(join(other, 'log/checkpoint'))],
    ['no note', Buffer.from('hello')],
  ] as const)
    await t.rejects(restore({ knowledge: { kind: 'checkpoint', note } }), { code: 'restore_fork' }, name);
  t.match(
    (await restore({ backup: forked, knowledge: { kind: 'checkpoint', note: atBackup } })).report.log,
    { renamed: false, size: 305 },
    'an older one that it covers',
  );
  const size305 = readFileSync(join(smaller, 'log/checkpoint'));
  const longer = join(dir, 'longer-backup');
  await backUp(data, longer);
  await t.rejects(restore({ backup: longer, knowledge: { kind: 'checkpoint', note: size305 } }), {
    code: 'restore_fork',
    message: /two logs/,
  });
  t.notOk(existsSync(join(dir, `to-${String(count)}`)), 'and nothing is written');
});

t.test('witnesses refuse what the backup alone would have signed, and cosign the log under its new name', async (t) => {
  const log = parseVkey(readFileSync(join(data, 'log/vkey'), 'utf8'));
  const old = await runWitness(join(dir, 'witnesses'), 'w1', log);
  t.teardown(() => old.stop());
  const cosigned = async (to: string, origin: string, witness: typeof old): Promise<string> => {
    const troubles: string[] = [];
    const sequencer = startSequencer({
      dataDir: to,
      signer: openAuditSigners(to, { origin, replica: 'replica-1.test' }).log,
      origin,
      now: Date.now,
      interval: 0,
      witnesses: { witnesses: [witness.address], required: 1 },
      onAlert: (alert) => void ('reason' in alert && troubles.push(alert.reason)),
    });
    await sequencer.runOnce();
    await sequencer.stop(5000);
    const published = existsSync(join(to, 'log/checkpoint')) ? readFileSync(join(to, 'log/checkpoint'), 'utf8') : '';
    return published.includes(witness.cosigner.name) ? 'cosigned' : troubles.join();
  };
  // the witness has seen all of it
  rmSync(join(data, 'log/checkpoint'));
  t.equal(await cosigned(data, ORIGIN, old), 'cosigned');

  const wrong = await restore({ knowledge: { kind: 'none', word: 'mistaken' } });
  t.match(await cosigned(wrong.to, ORIGIN, old), /340|fork|grow/, 'a word that was wrong is found out by the witness');
  const right = await restore({});
  const fresh = await runWitness(join(dir, 'witnesses'), 'w2', parseVkey(right.report.log?.vkey ?? ''));
  t.teardown(() => fresh.stop());
  t.equal(await cosigned(right.to, right.report.log?.origin ?? '', fresh), 'cosigned');
  t.match(await verifyLog({ logDir: join(right.to, 'log'), dataDir: right.to }), { ok: true, publishedSize: 301 });
});

t.test(
  'an erasure of after the backup is carried out again: key, salts and ciphertext; the order is on record',
  async (t) => {
    const live = join(dir, 'live');
    cpSync(data, live, { recursive: true });
    const keys = openSubjectKeys({ dir: auditLayout(live).subjectKeys });
    const pseudonym = keys.get('uscc:3')?.pseudonym ?? '';
    const journal = await journalOf(live, 'w2');
    t.ok(
      await orderErasure(
        { keys, journal, now: Date.now },
        { subject: 'uscc:3', reason: 'a court said so', legalBasis: 'PIPL Art.47', by: 'operator' },
      ),
    );
    await journal.close();
    await keys.close();
    const sequencer = sequencerOf(live);
    await sequencer.runOnce();
    await sequencer.stop();
    t.ok(erasedBy(live, pseudonym) !== undefined);

    const list = join(dir, 'pseudonyms.txt');
    writeFileSync(list, `${pseudonym}\n`);
    const newer = join(dir, 'newer-backup');
    await backUp(live, newer);
    for (const from of [live, newer, list, join(live, 'audit/erasures')])
      t.strictSame(erasedIn(from), [pseudonym], from);
    t.throws(() => erasedIn(join(dir, 'nowhere')), { code: 'bad_request' });
    t.throws(() => erasedIn(join(backup, 'manifest.json')), { code: 'bad_request' });

    const { to, report } = await restore({ erased: [pseudonym] });
    t.equal(report.erased, 1);
    const again = openSubjectKeys({ dir: auditLayout(to).subjectKeys });
    t.equal(again.get('uscc:3'), undefined);
    t.ok(again.get('uscc:2'), 'others stay');
    await again.close();
    t.match(
      await verifyLog({ logDir: join(to, 'log'), dataDir: to }),
      { ok: true, erased: 60, size: 302 },
      'each of its entries is erased, by an entry that says so',
    );
    t.ok(erasedBy(to, pseudonym) !== undefined);
    // and what was erased before a backup stays erased in what is restored from it
    const plain = await restore({ backup: newer });
    t.match(await verifyLog({ logDir: join(plain.to, 'log'), dataDir: plain.to }), { ok: true, erased: 68 });
    t.ok(erasedBy(plain.to, pseudonym) !== undefined);
  },
);

t.test('records that waited for the bus still wait, and a suspended grant stays suspended', async (t) => {
  const { to } = await restore({});
  const spool = Spool.open({ dataDir: to, maxBytes: 1_000_000, now: Date.now });
  t.match(spool.head(QUEUE), { records: [{ subject: 'uscc:1', value: Buffer.from('a record that waits') }] });
  t.match(spool.size(), { records: 1 });
  await spool.close();
  t.strictSame([...readSuspensions(suspensionsDir(to)).grants.keys()], ['g1']);
});

t.test(
  'a replica that keeps no log has its restoring in its journal; a folder of a connector has no log to speak of',
  async (t) => {
    const replica = join(dir, 'replica');
    await fill(replica, 7);
    const one = join(dir, 'replica-backup');
    t.match((await backUp(replica, one)).manifest.log, undefined);
    const { to, report } = await restore({ backup: one });
    t.match(report, { retired: 1, log: undefined });
    t.ok(readdirSync(join(to, 'journal')).some((id) => id.startsWith('restore-')));
    t.equal(readState(auditLayout(to).state), undefined);
    t.notOk(
      existsSync(join(to, 'keys/log.key')),
      'a log that had no entry then may have some now: its key is not put back',
    );

    const office = join(dir, 'office');
    const spool = Spool.open({ dataDir: office, maxBytes: 1_000_000, now: Date.now });
    await spool.close();
    const two = join(dir, 'office-backup');
    t.match(await backUp(office, two), { complete: true, files: 1 });
    t.match((await restore({ backup: two })).report, { retired: 0, log: undefined, files: 1 });
  },
);
