/**
 * A gateway as it restarts: supervisor, writer and workers on a data folder that is there, without feeds. argv[2]: `{
 * workspace, data, port }`; prints a line once the view has all that the bus has. Never for production: it uses the
 * development CA of the folder.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isOfThisBuild } from '../../../gateway/ground/files/one-file.js';

const { workspace, data, port } = JSON.parse(process.argv[2] ?? '{}') as {
  workspace: string;
  data: string;
  port: number;
};
// as a user's command starts it
const { startGroup } = await (isOfThisBuild()
  ? (
      createRequire(import.meta.url)('../../../bundle/load.js') as {
        open(program: string): {
          modules: Record<string, () => Promise<typeof import('../../../gateway/operate/process/supervisor.js')>>;
        };
      }
    ).open('gateway/cli/run.js').modules['gateway/operate/process/supervisor.js']!()
  : import('../../../gateway/operate/process/supervisor.js'));
const group = startGroup({
  args: {
    workspace,
    data,
    bus: { driver: 'embedded', dir: join(data, 'bus') },
    flags: { port, peoplePort: 0 },
    developmentPki: join(data, 'pki'),
    options: {},
  },
  workers: 1,
  feeds: false,
  log: (level, message) => process.stderr.write(`${level}: ${message}\n`),
});
process.once('SIGTERM', () => void group.stop().then(() => process.exit(0)));
await group.ready;
process.stdout.write('ready\n');
