import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { LogBody } from '../../gateway/log/entries/body.js';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { readErasures } from '../../gateway/log/erasure/carry-out.js';
import { orderErasure } from '../../gateway/log/erasure/order.js';
import { openCosigner, witnessPolicy } from '../../gateway/log/proof/cosignature.js';
import { eraseInArchive } from '../../gateway/log/search/archive/erase.js';
import { verifyArchive } from '../../gateway/log/search/archive/verify.js';
import { orderLines, writeArchive } from '../../gateway/log/search/archive/write.js';
import { openSearch } from '../../gateway/log/search/index.js';
import { ephemeralSigner } from '../../gateway/log/store/signer.js';
import { fill, journalOf, ORIGIN, sequencerOf, signersOf } from './filled.js';
import { runWitness } from './witnesses.js';

t.test('an archive verifies without the log, and not with a line changed, left out, moved or cut off', async (t) => {
  const data = t.testdir();
  await fill(data, 60); // times 1_700_000_000_000 + n
  const sequencer = sequencerOf(data);
  await sequencer.runOnce();
  await sequencer.stop();
  await fill(data, 5, 'w2'); // not in the log yet
  const search = openSearch(data);
  t.teardown(() => search.close());
  const file = join(data, 'archive.ndjson');
  const { vkey } = signersOf(data).log;
  const report = await writeArchive(data, search, { file, before: 1_700_000_000_040, origin: ORIGIN });
  t.match(report, { entries: 40, erased: 0 });
  t.equal(statSync(file).mode & 0o077, 0);
  t.same(await verifyArchive(file, vkey), { ...report, cosignedBy: [] });
  t.notMatch(readFileSync(file, 'utf8'), /uscc:/);

  const lines = readFileSync(file, 'utf8').split('\n');
  const refused = async (what: string, changed: readonly string[]) => {
    writeFileSync(file, changed.join('\n'));
    await t.rejects(verifyArchive(file, vkey), { code: 'log_invalid' }, what);
  };
  await refused(
    'a word changed',
    lines.map((line, i) => (i === 7 ? line.replace('credit-report', 'credit-Report') : line)),
  );
  await refused(
    'left out',
    lines.filter((_, i) => i !== 7),
  );
  await refused('moved', [...lines.slice(0, 7), lines[8] ?? '', lines[7] ?? '', ...lines.slice(9)]);
  await refused('cut off', lines.slice(0, 20));
  await refused('longer', [...lines.slice(0, -1), lines[7] ?? '', '']);
  writeFileSync(file, lines.join('\n'));
  await t.rejects(verifyArchive(file, ephemeralSigner(ORIGIN).vkey), { code: 'log_invalid' }, "another log's key");
  await t.rejects(writeArchive(data, search, { file: join(data, 'none'), before: 1, origin: ORIGIN }), {
    code: 'bad_request',
  });
});

const SUBJECT = 'uscc:3';

async function sequence(data: string, more: Parameters<typeof sequencerOf>[1] = {}): Promise<void> {
  const sequencer = sequencerOf(data, more);
  await sequencer.runOnce();
  await sequencer.stop(10_000);
}

async function erase(data: string): Promise<{ readonly pseudonym: string; readonly key: Buffer }> {
  const keys = openSubjectKeys({ dir: auditLayout(data).subjectKeys });
  const { pseudonym = '', key } = keys.get(SUBJECT) ?? {};
  const bytes = key?.export() ?? Buffer.alloc(0);
  const journal = await journalOf(data, 'w9');
  await orderErasure(
    { keys, journal, now: Date.now },
    { subject: SUBJECT, reason: 'a court said so', legalBasis: 'PIPL Art.47', by: 'data-officer' },
  );
  await journal.close();
  await keys.close();
  await sequence(data);
  return { pseudonym, key: bytes };
}

async function archive(data: string, file: string) {
  const search = openSearch(data);
  try {
    return await writeArchive(data, search, { file, before: 1_800_000_000_000, origin: ORIGIN });
  } finally {
    await search.close();
  }
}

const bodiesIn = (
  file: string,
): readonly { readonly text: string; readonly salt?: string; readonly erasedBy?: number }[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { text?: string; salt?: string; erasedBy?: number })
    .flatMap(({ text, ...rest }) => (text === undefined ? [] : [{ text, ...rest }]));

t.test('the cosignatures of witnesses stand in an archive and are checked without asking anybody', async (t) => {
  const dir = t.testdir();
  const data = join(dir, 'data');
  await fill(data, 30);
  const witnesses = await Promise.all(['w1', 'w2'].map((name) => runWitness(dir, name, signersOf(data).log)));
  await sequence(data, { witnesses: { witnesses: witnesses.map(({ address }) => address), required: 2 } });
  const file = join(dir, 'archive.ndjson');
  await archive(data, file);
  await Promise.all(witnesses.map((one) => one.stop()));
  const { vkey } = signersOf(data).log;
  rmSync(data, { recursive: true });
  const vkeys = witnesses.map(({ cosigner }) => cosigner.vkey);
  t.match(await verifyArchive(file, vkey, witnessPolicy(vkeys)), { entries: 30, cosignedBy: ['w1.test', 'w2.test'] });
  t.match(await verifyArchive(file, vkey), { cosignedBy: [] });
  const other = openCosigner('w3.test', generateKeyPairSync('ed25519').privateKey);
  await t.rejects(verifyArchive(file, vkey, witnessPolicy([...vkeys, other.vkey])), {
    code: 'log_invalid',
    message: /cosigned by 2/,
  });
  // a cosignature whose bytes were changed, in a file whose digest was made anew
  const lines = readFileSync(file, 'utf8').split('\n');
  const [head = '', first = '', ...rest] = lines.slice(0, -2);
  const entry = JSON.parse(first) as { checkpoint: string };
  const note = entry.checkpoint.split('\n');
  note[note.length - 2] = `${(note.at(-2) ?? '').slice(0, -8)}AAAAAAA=`;
  const changed = [head, JSON.stringify({ ...entry, checkpoint: note.join('\n') }), ...rest];
  const sha256 = createHash('sha256')
    .update(changed.map((line) => `${line}\n`).join(''))
    .digest('hex');
  writeFileSync(file, [...changed, JSON.stringify({ entries: 30, sha256 }), ''].join('\n'));
  await t.rejects(verifyArchive(file, vkey, witnessPolicy(vkeys)), { code: 'log_invalid', message: /cosignature/ });
});

t.test(
  'what an archive of before an erasure has of the subject cannot be opened, and goes from it when it is told so',
  async (t) => {
    const data = t.testdir();
    await fill(data, 60);
    await sequence(data);
    const file = join(data, 'archive.ndjson');
    const { vkey } = signersOf(data).log;
    const before = await archive(data, file);
    const salts = bodiesIn(file)
      .filter((_, i) => i % 5 === 3)
      .map(({ salt }) => salt ?? '');
    t.equal(salts.length, 12);
    const { pseudonym, key } = await erase(data);

    // the file is as it was: it names the pseudonym, and nothing anywhere has the key
    const mine = bodiesIn(file).filter(({ text }) => text.includes(pseudonym));
    t.equal(mine.length, 12);
    const keys = openSubjectKeys({ dir: auditLayout(data).subjectKeys });
    t.equal(keys.byPseudonym(pseudonym), undefined);
    await keys.close();
    const holding = (what: Buffer) =>
      readdirSync(data, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .map((one) => join(one.parentPath, one.name))
        .filter((one) => readFileSync(one).includes(what));
    t.same(holding(key), []);
    t.same(holding(Buffer.from(key.toString('base64'))), []);

    const search = openSearch(data);
    t.teardown(() => search.close());
    const carryOut = () =>
      eraseInArchive(file, {
        origin: ORIGIN,
        erased: new Map(Object.entries(readErasures(data).erased)),
        orders: (indices) => orderLines(data, search, indices),
      });
    const carried = await carryOut();
    t.equal(carried.erased, 12);
    const after = await verifyArchive(file, vkey);
    t.match(after, { entries: 60, erased: 12, sha256: carried.sha256, before: before.before });
    const text = readFileSync(file, 'utf8');
    t.notOk(
      salts.some((salt) => text.includes(salt)),
      'no salt of the subject',
    );
    t.notOk(
      bodiesIn(file).some((one) => (JSON.parse(one.text) as LogBody).subject?.pseudonym === pseudonym),
      'no ciphertext either',
    );
    t.ok(
      bodiesIn(file)
        .filter(({ erasedBy }) => erasedBy === 60)
        .every(({ text: body }) => /"client":"(tax|bank)-app"/.test(body)),
      'that somebody asked stays',
    );
    t.same(await carryOut(), { erased: 0, sha256: carried.sha256 }, 'once');
    t.notOk(existsSync(`${file}.erasing`));
    t.equal(statSync(file).mode & 0o077, 0);

    // an archive made now says the same by itself
    const fresh = join(data, 'fresh.ndjson');
    await archive(data, fresh);
    t.match(await verifyArchive(fresh, vkey), { erased: 12 });

    // a line whose salt is gone without its order is none
    const lines = text.split('\n').slice(0, -2);
    const withTail = (kept: readonly string[]): string =>
      [
        ...kept,
        JSON.stringify({
          entries: 60,
          sha256: createHash('sha256')
            .update(kept.map((line) => `${line}\n`).join(''))
            .digest('hex'),
        }),
        '',
      ].join('\n');
    writeFileSync(file, withTail(lines.filter((line) => !line.startsWith('{"order"'))));
    await t.rejects(verifyArchive(file, vkey), {
      code: 'log_invalid',
      message: /erased by entry 60, which is not in it/,
    });
    writeFileSync(file, withTail(lines.map((line, i) => (i === 2 ? line.replace(/"salt":"[^"]*",?/, '') : line))));
    await t.rejects(verifyArchive(file, vkey), { code: 'log_invalid', message: /neither salt nor commitment/ });
  },
);

t.test(
  'an erasure in an archive that dies leaves the old file or the new one, and the next call ends it',
  async (t) => {
    const data = t.testdir();
    await fill(data, 20);
    await sequence(data);
    const file = join(data, 'archive.ndjson');
    const { vkey } = signersOf(data).log;
    await archive(data, file);
    const old = readFileSync(file);
    await erase(data);
    const search = openSearch(data);
    t.teardown(() => search.close());
    const how = {
      origin: ORIGIN,
      erased: new Map(Object.entries(readErasures(data).erased)),
      orders: (indices: Iterable<number>) => orderLines(data, search, indices),
    };
    await eraseInArchive(file, how);
    const made = readFileSync(file);
    // died while it wrote the new one
    writeFileSync(file, old);
    writeFileSync(`${file}.erasing`, made.subarray(0, made.length - 100));
    t.equal((await eraseInArchive(file, how)).erased, 4);
    t.same(readFileSync(file), made);
    // died while it overwrote the old one
    writeFileSync(file, Buffer.alloc(old.length));
    writeFileSync(`${file}.erasing`, made);
    t.equal((await eraseInArchive(file, how)).erased, 0);
    t.match(await verifyArchive(file, vkey), { erased: 4 });
    await t.rejects(eraseInArchive(file, { ...how, origin: 'another.test/log' }), { code: 'log_invalid' });
    writeFileSync(file, 'no archive\n');
    await t.rejects(eraseInArchive(file, how), { code: 'log_invalid' });
    t.equal(readFileSync(file, 'utf8'), 'no archive\n');
  },
);
