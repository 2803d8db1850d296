import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { holderLives } from '../../../contracts/holder.js';
import { dataOption, folders, text, workspaceOption } from '../../ground/files/places.js';
import { PARTS } from '../../ground/state/rows.js';
import { auditLayout } from '../../log/entries/layout.js';
import type { Command } from '../command.js';
import { type ProgressBar, progressBar } from '../progress.js';
import { moveIntoSchema } from '../state.js';

/** Takes what people did from the data folder of a replica into the state on PostgreSQL. */
const command: Command = {
  summary: 'move what people did from a data folder into the state on PostgreSQL, which must be empty, and verify it',
  group: 'running',
  zh: '将数据目录中的业务状态迁入空的 PostgreSQL 业务状态库，并逐条核对',
  usage: '[--workspace D] [--data D] [--json]',
  examples: [
    'yitong state migrate && yitong state move',
    'yitong state move --workspace /etc/yitong/city --data /var/lib/yitong --json',
  ],
  options: { workspace: workspaceOption, data: dataOption },
  async run(call) {
    const { data } = folders(call.values);
    refuseRunning(data);
    let bar: ProgressBar | undefined;
    let shown = '';
    try {
      const { rows, adopted } = await moveIntoSchema(text(call.values['workspace']), data, (what, part, count) => {
        const now = `${what} ${part}`;
        if (now !== shown) {
          bar?.end();
          bar = progressBar(now);
          shown = now;
        }
        bar?.to(count, count);
      });
      bar?.end();
      call.json({ rows, adopted });
      const some = (counts: Readonly<Record<string, number>>): string =>
        Object.entries(counts)
          .filter(([, count]) => count > 0)
          .map(([what, count]) => `${String(count)} ${what}`)
          .join(', ') || 'nothing';
      call.say(`moved and verified, row by row: ${some(Object.fromEntries(PARTS.map((part) => [part, rows[part]])))}`);
      call.say(`taken over from the other stores of the folder: ${some(adopted)}`);
      call.say('set "state": { "driver": "postgres" } in yitong.json before you start; the folder stays as it is');
      return 0;
    } finally {
      bar?.end();
    }
  },
};
export default command;

/** @throws YitongError `bad_request` where a process has the folder open */
function refuseRunning(data: string): void {
  const file = auditLayout(data).lock;
  if (existsSync(file) && holderLives(readFileSync(file, 'utf8')))
    throw new YitongError('bad_request', 'a gateway runs on this data folder; stop it first', {
      place: { file: join(data) },
    });
}
