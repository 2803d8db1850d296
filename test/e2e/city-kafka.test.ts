/** The same city on a real Apache Kafka, as a workspace of its own that extends the reference. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/cli/places.js';
import { kafkaForTest } from '../servers/kafka.js';
import { decodesInPython } from './decodes.js';
import { citySuite } from './suite.js';

t.setTimeout(300_000);
const broker = kafkaForTest(t);
if (broker !== undefined) {
  void t.test('a city on Kafka, from source to receipt', async (t) => {
    const workspace = t.testdir();
    // topics of an earlier run must not be met
    const prefix = `e2e-${randomBytes(4).toString('hex').replace(/^/, 'x')}`;
    const { synthetic } = JSON.parse(await readFile(join(packageRoot(), 'yitong.json'), 'utf8')) as { synthetic: object };
    const bus = { driver: 'kafka', brokers: [broker], clientId: prefix, groupId: prefix, replication: 1, minInsyncReplicas: 1 };
    const settings = { name: { zh: '云州在卡夫卡', en: 'Yunzhou on Kafka' }, prefix, extends: relative(workspace, packageRoot()), synthetic, bus };
    await writeFile(join(workspace, 'yitong.json'), JSON.stringify(settings));
    await citySuite(t, { prefix, options: { workspace } }, (t, town) => decodesInPython(t, town, broker));
  });
}
