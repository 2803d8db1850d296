/**
 * Poison straight onto a dataset's topic, past every connector, while a real group follows it; and what its writer held
 * of memory meanwhile.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openBus } from '../../../connectors/bus/open.js';
import { dataTopic, HEADER, type OutRecord } from '../../../connectors/bus/port.js';
import { encodeFramed } from '../../../contracts/avro.js';
import { datasetId } from '../../../contracts/ids.js';
import { frame } from '../../../contracts/wire.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { openLmdbViewReader } from '../../../gateway/answer/view/lmdb/index.js';
import { until } from '../../e2e/ask.js';
import { childrenOf } from '../../tools/bench/servers.js';
import { cli, DATASET, endsWithUs, key, watchMemory } from './city.js';

/** Below what the bus takes of one record. */
const RECORD = 900_000;

/** Bodies that a careless reader would make much of. */
const bodies: readonly ((bytes: number) => Buffer)[] = [
  (bytes) => Buffer.alloc(bytes, 0xff),
  (bytes) => Buffer.alloc(bytes),
  // a text that claims 2^40 bytes
  (bytes) => Buffer.concat([Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02]), Buffer.alloc(bytes, 0x61)]),
  () => Buffer.alloc(0),
];

export interface TopicOutcome {
  readonly sent: number;
  readonly poisoned: number;
  /** Records of the dataset once the good one behind the poison is there. */
  readonly records: number;
  /** Bytes of RssAnon of the writer, above what it held before. */
  readonly grown: number;
}

export async function poisonTopic(workspaceDir: string, data: string, bytes: number): Promise<TopicOutcome> {
  const dataset = datasetId(DATASET);
  const workspace = await loadWorkspace(workspaceDir);
  const contract = workspace.contracts.get(dataset);
  if (contract === undefined) throw new Error(`there is no ${DATASET}`);
  const group = spawn(
    process.execPath,
    [cli, 'up', '--json', '--port', '0', '--workspace', workspaceDir, '--data', data],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const outlived = endsWithUs(group);
  const ended = new Promise<void>((resolve) => group.once('exit', () => resolve()));
  try {
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: group.stdout }).once('line', () => resolve());
      group.once('exit', (code) => reject(new Error(`the group ended with ${code}`)));
    });
    const [writer] = childrenOf(group.pid ?? 0, 'writer.js');
    if (writer === undefined) throw new Error('no writer process was found');
    const view = openLmdbViewReader({ dir: join(data, 'view'), workspace });
    const bus = await openBus({ driver: 'embedded', dir: join(data, 'bus') });
    const producer = await bus.producer();
    const subject = `uscc:${key(77)}`;
    const headers = { [HEADER.sourceTime]: new Date().toISOString(), [HEADER.contractVersion]: '1' };
    const record = (value: Buffer, position: string): OutRecord => ({
      subject,
      recordId: '',
      value,
      headers: { ...headers, [HEADER.position]: position },
    });
    const before = view.datasetState(dataset);
    const watch = watchMemory(writer);
    const held = watch();
    const stop = watchMemory(writer);
    const topic = dataTopic(workspace.prefix, dataset);
    let sent = 0;
    for (let left = bytes; left > 0; left -= RECORD) {
      for (const body of bodies)
        await producer.send(topic, [record(frame(contract.latest.schemaId, body(RECORD)), `poison ${sent++}`)]);
    }
    const good = encodeFramed(
      contract.latest,
      { uscc: key(77), name: 'behind the poison', district: null, openedOn: null, seats: null },
      { codelists: workspace.codelists },
    );
    if (!good.ok) throw new Error('the good record is none');
    await producer.send(topic, [record(good.body, 'good')]);
    const after = await until(
      'the record behind the poison',
      async () => view.datasetState(dataset),
      ({ records }) => records > before.records,
      120_000,
    );
    await producer.close();
    await bus.close();
    await view.close();
    return {
      sent,
      poisoned: after.poisoned - before.poisoned,
      records: after.records - before.records,
      grown: stop() - held,
    };
  } finally {
    group.kill('SIGTERM');
    await ended;
    outlived();
  }
}
