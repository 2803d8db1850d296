/**
 * Very many rows held back, two in five of them for one cause: the first page costs the same whatever there is, and one
 * mend makes all of the cause good. `YITONG_TEST_ROWS=100000` is the measure of docs/performance.md.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { mendedMapping, proposeMend } from '../../connectors/propose/mend.js';
import { previewHeld } from '../../connectors/propose/mend-preview.js';
import { readTerms } from '../../connectors/propose/terms.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { digit9, feed as makeFeed } from './fixtures.js';
import { openOffice } from './office.js';

t.setTimeout(600_000);

const ROWS = Number(process.env['YITONG_TEST_ROWS'] ?? 5000);
const MENDED = ROWS * 0.4;
const { signal } = new AbortController();

t.test('one decision for many rows', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  let text = 'code,name,status,since,staff\n';
  for (let n = 0; n < ROWS; n++)
    text +=
      n < MENDED
        ? `${digit9.make(n)},n${String(n)},,2024/03/${String((n % 28) + 1).padStart(2, '0')},7\n`
        : `${digit9.make(n)},n${String(n)},,2024-03-01,many\n`;
  writeFileSync(join(dir, 'in.csv'), text);
  const fields = {
    since: { from: 'since', steps: [{ date: 'yyyy-MM-dd' }] },
    staff: { from: 'staff', steps: [{ integer: true }] },
  };
  const feed = makeFeed({ kind: 'csv', path: 'in.csv' }, {}, fields);
  /** ms of CPU, of this process. */
  async function spent<T>(name: string, work: () => Promise<T>): Promise<T> {
    const [cpu, wall] = [process.cpuUsage(), performance.now()];
    const result = await work();
    const { user, system } = process.cpuUsage(cpu);
    t.comment(`${name}: ${((user + system) / 1000).toFixed(0)} ms of CPU, ${(performance.now() - wall).toFixed(0)} ms`);
    return result;
  }

  const first = await spent('the run that holds them back', () => office.run({ mapping: feed.mapping }));
  t.equal(first.quarantined, ROWS);
  const cause = { code: 'bad_value', field: 'since' };
  const ground = { feed, contract: office.contract, workspace: office.workspace };
  const terms = await readTerms(join(packageRoot(), 'connectors/propose/terms.json'));
  const now = (): Date => new Date();

  const look = async <T>(work: (quarantine: Quarantine) => Promise<T>): Promise<T> => {
    const quarantine = Quarantine.open(office.dataDir, office.contract.id, now);
    try {
      return await work(quarantine);
    } finally {
      await quarantine.close();
    }
  };
  await spent('the first page of the feed', () =>
    look(async (quarantine) => {
      t.strictSame(await quarantine.causes(), [
        { code: 'bad_value', field: 'staff', rows: ROWS - MENDED },
        { ...cause, rows: MENDED },
      ]);
      t.equal((await quarantine.page('', 51)).length, 51);
      t.equal(quarantine.count(), ROWS);
    }),
  );
  const mend = await spent('the first page of the cause, with its mend', () =>
    look(async (quarantine) => {
      t.equal((await quarantine.rowsOf(cause, { after: '', limit: 50 })).rows.length, 50);
      return proposeMend(ground, cause, (await quarantine.rowsOf(cause, { after: '', limit: 400 })).rows, terms);
    }),
  );
  t.match(mend, { looked: 400, left: 0, parts: [{ kind: 'date', good: 400 }] });
  const mapping = mendedMapping(feed.mapping, 'since', mend.parts);
  if (mapping === undefined) throw new Error('there is no mend');
  const told: number[] = [];
  const held = await spent('the preview over all that is held', () =>
    look((quarantine) =>
      previewHeld(ground, { mapping, cause }, quarantine, { signal, onProgress: (rows) => told.push(rows) }),
    ),
  );
  t.match(held, { looked: ROWS, good: MENDED, same: 0, otherwise: 0, goodOfOthers: 0 });
  t.ok(told.length >= ROWS / 250 - 1 && told.at(-1) === ROWS, 'its progress is told');
  const report = await spent('the run that reads them', () => office.run({ mapping }));
  t.match(report, { published: MENDED, inQuarantine: ROWS - MENDED });
  t.strictSame(await look((quarantine) => quarantine.causes()), [
    { code: 'bad_value', field: 'staff', rows: ROWS - MENDED },
  ]);
  await office.close();
});
