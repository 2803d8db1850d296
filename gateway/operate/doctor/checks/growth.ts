/** What grows in the data folder: how large it is, for how long it is kept, and what waits for somebody. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { auditLayout } from '../../../log/entries/layout.js';
import { journalFolders } from '../../../log/journal/folders.js';
import { readPruned } from '../../../log/journal/pruned.js';
import { pruneable } from '../../../log/sequencer/prune.js';
import { openAlerts } from '../../../procedures/watch/store.js';
import { partSizes } from '../../metrics/parts.js';
import { type Check, type Finding, note, ok, warn } from '../port.js';

const MIB = 1_048_576;
const DAY = 86_400_000;
/** Alerts that nobody has acknowledged, beyond which nobody seems to look. */
const MANY = 1000;

const size = (bytes: number): string => `${(bytes / MIB).toLocaleString('en', { maximumFractionDigits: 1 })} MiB`;
const term = (ms: number): string =>
  ms >= DAY ? `${String(Math.round(ms / DAY))} days` : `${String(Math.round(ms / 1000))} s`;

const check: Check = {
  about: 'what grows in the data folder, and when it goes',
  order: 8,
  async run({ data, settings, now }) {
    if (!existsSync(data)) return [note('there is no data folder yet')];
    const { keep } = await settings();
    const findings: Finding[] = [];
    const sizes = [...(await partSizes(data))].filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a);
    findings.push(ok(`on disk: ${sizes.map(([part, bytes]) => `${part} ${size(bytes)}`).join(', ')}`));
    findings.push(
      note(
        `kept for: ${Object.entries(keep)
          .map(([kind, ms]) => `${kind} ${term(ms)}`)
          .join(', ')} (section \`keep\`); bodies of the log as \`audit.keep\` says, until \`yitong audit expire\``,
      ),
    );
    let [given, journals] = [0, 0];
    for (const { dir } of journalFolders(data).values()) {
      given += readPruned(dir)?.given ?? 0;
      journals += 1;
    }
    if (journals > 0)
      findings.push(
        note(`of ${String(journals)} journals ${size(given)} went after their term; the log holds what was in them`),
      );
    for (const { journal, segment, why } of pruneable({ dataDir: data, keep: keep.journals, now })) {
      findings.push(
        warn(
          `the journal \`${journal}\` is not shortened, its segment ${String(segment)} stays: ${why}`,
          '`yitong audit verify` says what is wrong with it; while it stays the journal grows',
        ),
      );
    }
    if (existsSync(join(auditLayout(data).alerts, 'alerts'))) {
      const alerts = openAlerts(auditLayout(data).alerts);
      const waiting = alerts.list().filter(({ acknowledged }) => acknowledged === undefined).length;
      await alerts.close();
      if (waiting > MANY)
        findings.push(
          warn(
            `${waiting.toLocaleString('en')} alerts wait for somebody who acknowledges them: only then they ` +
              'go, after their term',
            'look at /console/alerts; raise the thresholds of a rule that says too much (docs/watching.md)',
          ),
        );
      else if (waiting > 0) findings.push(note(`${String(waiting)} alerts are not acknowledged`));
    }
    return findings;
  },
};
export default check;
