import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { verifyArchive, writeArchive } from '../../gateway/audit/archive.js';
import { openSearch } from '../../gateway/audit/search/index.js';
import { ephemeralSigner } from '../../gateway/audit/signer.js';
import { fill, ORIGIN, sequencerOf, signersOf } from './filled.js';

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
  t.same(await verifyArchive(file, vkey), report);
  t.notMatch(readFileSync(file, 'utf8'), /uscc:/);

  const lines = readFileSync(file, 'utf8').split('\n');
  const refused = async (what: string, changed: readonly string[]) => {
    writeFileSync(file, changed.join('\n'));
    await t.rejects(verifyArchive(file, vkey), { code: 'log_invalid' }, what);
  };
  await refused('a word changed', lines.map((line, i) => (i === 7 ? line.replace('credit-report', 'credit-Report') : line)));
  await refused('left out', lines.filter((_, i) => i !== 7));
  await refused('moved', [...lines.slice(0, 7), lines[8] ?? '', lines[7] ?? '', ...lines.slice(9)]);
  await refused('cut off', lines.slice(0, 20));
  await refused('longer', [...lines.slice(0, -1), lines[7] ?? '', '']);
  writeFileSync(file, lines.join('\n'));
  await t.rejects(verifyArchive(file, ephemeralSigner(ORIGIN).vkey), { code: 'log_invalid' }, 'another log\'s key');
  await t.rejects(writeArchive(data, search, { file: join(data, 'none'), before: 1, origin: ORIGIN }), { code: 'bad_request' });
});
