/**
 * argv: data folder, log index. Watches the log and dies, by SIGKILL, when an alert of an entry at or behind it is to
 * be put on record.
 */

import { startWatching } from '../../gateway/procedures/watch/follow.js';
import { loadRules, readThresholds } from '../../gateway/procedures/watch/rule.js';

const [, , dataDir = '', at = '0'] = process.argv;
const rules = await loadRules();
const thresholds = readThresholds(
  rules,
  {
    purpose: { learnDays: 0 },
    subject: { clients: 3, minutes: 60 },
    actor: { cases: 5 },
    enumeration: { sequence: 6 },
  },
  { file: 'yitong.json' },
);
const watcher = startWatching({
  dataDir,
  rules,
  thresholds,
  now: Date.now,
  interval: 0,
  settle: 0,
  onError: (error) => console.error(error),
  record: async ({ entries }) => {
    if ((entries.at(-1) ?? 0) >= Number(at)) process.kill(process.pid, 'SIGKILL');
  },
});
await watcher.runOnce();
await watcher.stop();
