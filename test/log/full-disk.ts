/**
 * A process whose files may not grow beyond a limit (`ulimit -f`): appends until the system refuses, and says what it
 * saw.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isYitongError } from '../../contracts/errors.js';
import { openJournal } from '../../gateway/log/journal/journal.js';
import { openSigner } from '../../gateway/log/store/signer.js';

process.on('SIGXFSZ', () => undefined); // so that the write fails with EFBIG instead
const data = process.argv[2] ?? '';
const journal = await openJournal({
  dir: join(data, 'journal'),
  name: 'w1',
  keys: { dir: join(data, 'keys') },
  signer: openSigner(join(data, 'replica.key'), 'replica.test'),
  now: Date.now,
  // the segment ends below the limit, and the first group does not fit below it
  segmentBytes: 8192,
  backoff: 60_000,
});
const small = await journal.append({ clear: '{"n":1}' });
const refused = await journal.append({ clear: `{"n":"${'x'.repeat(150_000)}"}` }).then(
  () => 'acknowledged',
  (error: unknown) => (isYitongError(error) ? error.code : 'other'),
);
const after = await journal.append({ clear: '{"n":3}' }).then(
  () => 'acknowledged',
  (error: unknown) => (isYitongError(error) ? error.code : 'other'),
);
console.log(
  JSON.stringify({
    small: small.id.split(':')[1],
    refused,
    after,
    healthy: journal.healthy,
    segments: readdirSync(join(data, 'journal', journal.id)).filter((name) => name.endsWith('.seg')).length,
  }),
);
process.exit(0);
