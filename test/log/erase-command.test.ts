/**
 * However `yitong audit erase` ends, whoever ran it can read whether the erasure is ordered, and whether it was carried
 * out.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadWorkspace } from '../../contracts/workspace.js';
import { readSettings, signerNames } from '../../gateway/ground/config/index.js';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { erasedBy } from '../../gateway/log/erasure/order.js';
import { openJournal } from '../../gateway/log/journal/journal.js';
import { startSequencer } from '../../gateway/log/sequencer/sequencer.js';
import { openAuditSigners } from '../../gateway/log/store/signer.js';
import { until } from '../e2e/ask.js';
import { cli } from '../e2e/city.js';
import type { Ended } from '../e2e/command.js';
import { QUESTION, SHOP, serve } from '../http/api/serve.js';

t.setTimeout(240_000);
const served = await serve(t);
const workspace = join(served.dir, 'workspace');
const { origin } = readSettings((await loadWorkspace(workspace)).settings, { file: 'yitong.json' }, {}).audit;
const layout = auditLayout(served.data);
const signers = openAuditSigners(served.data, signerNames(origin));
const sequencer = () =>
  startSequencer({
    dataDir: served.data,
    signer: signers.log,
    origin,
    now: Date.now,
    interval: 0,
    onAlert: () => undefined,
  });

/** The command under way, and its end. */
function erase(...more: readonly string[]): { readonly kill: () => void; readonly ended: Promise<Ended> } {
  const args = [
    cli,
    'audit',
    'erase',
    SHOP.subject,
    '--reason',
    'a court said so',
    '--legal-basis',
    'PIPL Art.47',
    '--data',
    served.data,
    '--workspace',
    workspace,
    ...more,
  ];
  let kill = (): void => undefined;
  const ended = new Promise<Ended>((resolve) => {
    const child = execFile(process.execPath, args, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    );
    kill = () => void child.kill('SIGTERM');
  });
  return { kill: () => kill(), ended };
}
const asked = async (): Promise<void> => {
  const { status } = await served.ask({ method: 'POST', path: '/v1/query', body: QUESTION });
  if (status !== 200) throw new Error(`the question was answered ${String(status)}`);
};
const orders = (): number => {
  const folders = readdirSync(layout.journals).filter((name) => name.startsWith('erasure-'));
  const text = folders
    .flatMap((name) =>
      readdirSync(join(layout.journals, name))
        .filter((file) => file.endsWith('.seg'))
        .map((file) => readFileSync(join(layout.journals, name, file), 'latin1')),
    )
    .join('');
  return text.split('"action":"erasure"').length - 1;
};

t.test('an order that cannot be put on record is none, and that is said', async (t) => {
  await asked();
  const keys = openSubjectKeys({ dir: layout.subjectKeys });
  const held = await openJournal({
    dir: layout.journals,
    name: 'erasure',
    keys,
    signer: signers.replica,
    now: Date.now,
  });
  const { code, stderr } = await erase('--json').ended;
  await held.close();
  await keys.close();
  t.equal(code, 2);
  t.match(stderr, /nothing was ordered/);
  t.match(stderr, /\[audit_unavailable\]/);
  t.equal(orders(), 0);
});

t.test(
  'an order that a sequencer which fails does not carry out: it is on record, and why it went no further is said',
  async (t) => {
    const own = sequencer();
    await own.runOnce();
    await own.stop();
    rmSync(layout.staged, { recursive: true });
    writeFileSync(layout.staged, 'no folder');
    const { code, stdout, stderr } = await erase('--json').ended;
    rmSync(layout.staged);
    t.equal(orders(), 1);
    t.equal(code, 1);
    t.match(stderr, /EEXIST|ENOTDIR/, 'why');
    t.match(stderr, /the order is on record as `erasure-[0-9a-f]+:1`, and is carried out/);
    t.match(JSON.parse(stdout), { erased: false, ordered: /^erasure-[0-9a-f]+:1$/, why: [/EEXIST|ENOTDIR/] });
  },
);

t.test(
  'an order that is not carried out in time, or whose command is told to end: it is on record, with words ' +
    'under `--json` as well, and is carried out',
  async (t) => {
    const busy = sequencer();
    for (const [number, json] of [
      [2, ['--json']],
      [3, []],
    ] as const) {
      const running = erase(...json);
      await until(
        'the order',
        () => Promise.resolve(orders()),
        (count) => count === number,
      );
      running.kill();
      const { code, stdout, stderr } = await running.ended;
      t.equal(code, 1);
      t.match(
        stderr,
        new RegExp(`the order is on record as \`erasure-[0-9a-f]+:${String(number)}\`, and is carried out as soon as`),
      );
      if (json.length > 0) t.match(JSON.parse(stdout), { erased: false, ordered: /^erasure-[0-9a-f]+:2$/ });
    }
    const keys = openSubjectKeys({ dir: layout.subjectKeys });
    const pseudonym = keys.get(SHOP.subject)?.pseudonym ?? '';
    t.match(pseudonym, /^[0-9a-f]{32}$/, 'nothing is destroyed so far');
    await busy.runOnce();
    await busy.stop();
    t.type(erasedBy(served.data, pseudonym), 'number', 'as it was said');
    keys.refresh();
    t.equal(keys.get(SHOP.subject), undefined);
    await keys.close();
  },
);

t.test('an archive that cannot be read: what the log did is said all the same', async (t) => {
  await asked();
  const { code, stdout, stderr } = await erase('--archive', join(served.dir, 'nowhere'), '--json').ended;
  t.equal(code, 1);
  t.match(stderr, /the log has erased it by entry \d+, and not every archive has/);
  t.match(JSON.parse(stdout), { erased: true, by: Number, ordered: String, why: [/ENOENT/] });
  const again = await erase('--json').ended;
  t.match({ code: again.code, ...(JSON.parse(again.stdout) as object) }, { code: 0, erased: false });
});
