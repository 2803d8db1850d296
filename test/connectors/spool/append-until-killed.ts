/** Run as its own process by `spool.test.ts`: spools numbers and says which are acknowledged, until it is killed. */
import { Spool } from '../../../connectors/spool/index.js';
import { record } from '../../support/conformance/bus.js';

const spool = Spool.open({ dataDir: process.argv[2] ?? '', maxBytes: 10_000_000, now: Date.now });
for (let n = 0; ; n++) {
  await spool.append('a.b', 'x.a.b', [record('uscc:A', String(n))]);
  process.send?.(n);
}
