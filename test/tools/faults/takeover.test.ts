/** One take-over with the disk of the dead sequencer, one without: every receipt is in the log or declared missing. */
import t from 'tap';
import { TAKEOVERS, takeoverRun } from './takeover.js';

t.setTimeout(300_000);

// drawn anew each time: what is found is found again with its seed
const seed = Math.floor(Math.random() * 1_000_000);

for (const kind of TAKEOVERS) {
  t.test(kind, async (t) => {
    const report = await takeoverRun(kind, seed);
    t.strictSame(
      report.findings.slice(0, 5),
      [],
      `seed ${seed}: ${JSON.stringify({ ...report, findings: report.findings.length })}`,
    );
    t.ok(report.receipts > 0);
  });
}
