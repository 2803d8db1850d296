/**
 * A journal segment that is damaged after the log took it: backup and doctor say so, and the way back that they name
 * leads back.
 */
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { segmentName } from '../../../gateway/log/proof/journal.js';
import { lookupReceipt } from '../../../gateway/log/store/receipts.js';
import { verifyLog } from '../../../gateway/log/verify/verify.js';
import { restoreBackup } from '../../../gateway/operate/backup/restore.js';
import { run } from '../../e2e/command.js';
import { fill, sequencerOf } from '../../log/filled.js';
import { backUp } from './folder.js';

t.setTimeout(180_000);

const check = (data: string) => verifyLog({ logDir: auditLayout(data).log, dataDir: data });
const flip = (file: string, at: number): void => {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(file, bytes);
};

async function sequenced(data: string): Promise<void> {
  const sequencer = sequencerOf(data);
  await sequencer.runOnce();
  await sequencer.stop();
}

const ways: Readonly<Record<string, (dir: string) => void>> = {
  'a bit of a group is flipped': (dir) => flip(join(dir, segmentName(1)), 5000),
  'the header is flipped': (dir) => flip(join(dir, segmentName(1)), 20),
  'it is cut': (dir) => truncateSync(join(dir, segmentName(1)), 6000),
  'it is emptied': (dir) => truncateSync(join(dir, segmentName(1)), 0),
  'it is removed': (dir) => rmSync(join(dir, segmentName(1))),
  'the newest is flipped': (dir) => flip(join(dir, segmentName(2)), 5000),
};

for (const [way, damage] of Object.entries(ways)) {
  t.test(`${way}: the backup says so, mending declares it, and the next backup restores`, async (t) => {
    const dir = t.testdir();
    const data = join(dir, 'data');
    const receipts = [...(await fill(data, 60)), ...(await fill(data, 60))];
    await sequenced(data);
    const [id = ''] = readdirSync(auditLayout(data).journals);
    damage(join(auditLayout(data).journals, id));
    const first = await backUp(data, join(dir, 'first'));
    t.match(
      first.fault,
      new RegExp(
        `journal/${id}/0000000[12]\\.seg: seq \\d+ to \\d+ of journal .* cannot be read .* \`yitong audit mend\``,
      ),
    );
    await t.rejects(
      restoreBackup({
        backup: join(dir, 'first'),
        dataDir: join(dir, 'back'),
        knowledge: { kind: 'unknown' },
        erased: [],
        incomplete: false,
        now: Date.now,
      }),
      { code: 'log_invalid' },
    );

    const command = await run('backup', join(dir, 'again'), '--data', data);
    t.equal(command.code, 1, 'the command fails');
    t.match(command.stdout, /cannot be restored as it is: journal\/.*\.seg/);
    const planned = await run('audit', 'mend', '--data', data, '--json');
    t.equal(planned.code, 1);
    t.match(JSON.parse(planned.stdout), { done: false, journals: [{ journal: id }] });
    const mended = await run('audit', 'mend', '--data', data, '--yes');
    t.equal(mended.code, 0, mended.stdout + mended.stderr);
    await sequenced(data);
    const report = await check(data);
    t.equal(report.fault, undefined);
    t.ok(report.declaredMissing > 0);
    for (const receipt of receipts)
      if (lookupReceipt(data, receipt).kind !== 'logged') t.fail(`${receipt} is not in the log any more`);
    // a worker of that name writes on, in this journal or in a new one
    await fill(data, 5);
    await sequenced(data);
    const second = await backUp(data, join(dir, 'second'));
    t.equal(second.fault, undefined);
    await restoreBackup({
      backup: join(dir, 'second'),
      dataDir: join(dir, 'back'),
      knowledge: { kind: 'unknown' },
      erased: [],
      incomplete: false,
      now: Date.now,
    });
    t.match(await check(join(dir, 'back')), { ok: true });
  });
}
