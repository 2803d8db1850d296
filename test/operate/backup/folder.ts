/** A small data folder with something of most kinds, without a city. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TopicName } from '../../../connectors/bus/port.js';
import { Spool } from '../../../connectors/spool/index.js';
import { changeSuspensions, suspensionsDir } from '../../../gateway/answer/inforce/suspensions.js';
import { type BackupOptions, type BackupReport, writeBackup } from '../../../gateway/operate/backup/write.js';
import { fill, sequencerOf } from '../../log/filled.js';

export const QUEUE = 'office.shops';

/** @returns ids of the receipts of its entries, all of them in the log */
export async function smallFolder(data: string, entries = 300): Promise<readonly string[]> {
  const receipts = await fill(data, entries);
  const sequencer = sequencerOf(data);
  await sequencer.runOnce();
  await sequencer.stop();
  const spool = Spool.open({ dataDir: data, maxBytes: 1_000_000, now: Date.now });
  await spool.append(QUEUE, 'yitong.office.shops' as TopicName, [
    { subject: 'uscc:1', recordId: 'r1', value: Buffer.from('a record that waits'), headers: {} },
  ]);
  await spool.close();
  changeSuspensions(suspensionsDir(data), (grants) =>
    grants.set('g1', { at: '2026-01-01T00:00:00Z', by: 'sharing-officer', reason: 'misuse', entry: receipts[0] ?? '' }),
  );
  return receipts;
}

export function put(root: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

export const backUp = (dataDir: string, to: string, more: Partial<BackupOptions> = {}): Promise<BackupReport> =>
  writeBackup({ dataDir, to, program: 'test', now: Date.now, ...more });
