/** The same city on a real Apache Kafka, as a workspace of its own that extends the reference. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { kafkaForTest } from '../support/servers/kafka.js';
import { cli } from './city.js';
import { decodesInPython } from './decodes.js';
import { citySuite } from './suite.js';

t.setTimeout(300_000);
const broker = kafkaForTest(t);
if (broker !== undefined) {
  void t.test('a city on Kafka, from source to receipt', async (t) => {
    const workspace = join(t.testdir(), 'city');
    execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
    // topics of an earlier run must not be met
    const prefix = `e2e-x${randomBytes(4).toString('hex')}`;
    const bus = {
      driver: 'kafka',
      brokers: [broker],
      clientId: prefix,
      groupId: prefix,
      replication: 1,
      minInsyncReplicas: 1,
    };
    const file = join(workspace, 'yitong.json');
    const made = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...made, prefix, bus }));
    await citySuite(t, { prefix, options: { workspace } }, async (t, town) => {
      await decodesInPython(t, town, broker);
      t.notOk(existsSync(join(town.city.data, 'bus')), 'no part of it has used a bus of its own beside Kafka');
    });
  });
}
