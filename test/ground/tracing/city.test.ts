/** One trace from a department's source to the view, and from a service's question to the log. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { cli } from '../../e2e/city.js';
import { kafkaForTest } from '../../support/servers/kafka.js';
import { tracedCity } from './city.js';

t.setTimeout(240_000);
void t.test('a traced city on the embedded bus', (t) => tracedCity(t, 'yitong', {}));

const broker = kafkaForTest(t);
if (broker !== undefined) {
  void t.test('a traced city on Kafka', async (t) => {
    const workspace = join(t.testdir(), 'city');
    execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
    const prefix = `trace-x${randomBytes(4).toString('hex')}`;
    const file = join(workspace, 'yitong.json');
    const bus = {
      driver: 'kafka',
      brokers: [broker],
      clientId: prefix,
      groupId: prefix,
      replication: 1,
      minInsyncReplicas: 1,
    };
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), prefix, bus }));
    await tracedCity(t, 'kafka', { workspace });
  });
}
