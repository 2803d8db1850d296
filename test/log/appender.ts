/**
 * A process that appends until it is killed; prints each acknowledged seq and leaf. Arguments: data folder, appenders.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openJournal } from '../../gateway/log/journal/journal.js';
import { openSigner } from '../../gateway/log/store/signer.js';

const [data = '', appenders = '8', segmentBytes = '65536'] = process.argv.slice(2);
const journal = await openJournal({
  dir: join(data, 'journal'),
  name: 'w1',
  keys: { dir: join(data, 'audit', 'keys') },
  signer: openSigner(join(data, 'keys', 'replica.key'), 'replica.test'),
  now: Date.now,
  segmentBytes: Number(segmentBytes),
});
/** A pipe whose reader is slow says EAGAIN: that is no fault. A line is shorter than what a pipe takes in one piece. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

let n = 0;
async function go(): Promise<void> {
  for (;;) {
    const marker = `e${n++}`;
    const receipt = await journal.append({
      clear: `{"type":"administration","what":"${marker}"}`,
      subject: { subject: `uscc:${n % 7}`, json: '{}' },
    });
    const { seq, leaf } = JSON.parse(receipt.json) as { seq: number; leaf: string };
    // synchronous, so that what was acknowledged is known outside before anything else happens here
    say(`${seq} ${leaf} ${marker}\n`);
  }
}
await Promise.all(Array.from({ length: Number(appenders) }, go));
