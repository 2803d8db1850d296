import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import t from 'tap';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { fill, sequencerOf } from './filled.js';

t.test('two sequencers at once, their lock taken away again and again, make one log', async (t) => {
  const data = t.testdir();
  await fill(data, 10);
  const child = new URL('./sequence-until-stopped.js', import.meta.url).pathname;
  const children = [1, 2].map(() => spawn(process.execPath, [child, data], { stdio: ['pipe', 'pipe', 'inherit'] }));
  t.teardown(() => children.forEach((one) => one.kill('SIGKILL')));
  const lines = children.map(({ stdout }) => createInterface({ input: stdout })[Symbol.asyncIterator]());
  for (const line of lines) t.equal((await line.next()).value, 'ready');
  const steal = setInterval(() => rmSync(auditLayout(data).lock, { force: true }), 7);
  for (let round = 0; round < 8; round++) {
    await fill(data, 250, `w${(round % 3) + 1}`, round * 1000);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  clearInterval(steal);
  const said: { ran: boolean; failed: number; committed: number }[] = [];
  for (const [i, one] of children.entries()) {
    one.kill('SIGTERM');
    said.push(
      JSON.parse(String((await lines[i]?.next())?.value)) as { ran: boolean; failed: number; committed: number },
    );
  }
  t.ok(
    said.every(({ ran }) => ran),
    'both were sequencers',
  );
  t.comment(`runs committed and lost: ${said.map(({ committed, failed }) => `${committed} and ${failed}`).join(', ')}`);
  const last = sequencerOf(data);
  await last.runOnce();
  await last.stop();
  const report = await verifyLog({ logDir: auditLayout(data).log, dataDir: data });
  t.match(report, { ok: true, size: 2010, journalEntries: 2010, declaredMissing: 0, newer: 0 }, report.fault ?? '');
});
