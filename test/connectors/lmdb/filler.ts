/**
 * A process of `room.test.ts`. `bus DIR TOPIC NAME BYTES`: publishes to an embedded bus until it is refused, and says
 * what was acknowledged. `map FILE NAME WRITES`: writes to a store whose map begins far smaller than what comes.
 * `read FILE ROWS`: reads such a store until it has so many rows, and says whether any was not what was written.
 */
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { isYitongError } from '../../../contracts/errors.js';

export interface Filled {
  readonly acked: readonly string[];
  readonly code: string;
}
/** Bytes that a map begins with. */
const SMALL = 1 << 20;

async function fillBus(dir: string, topic: string, name: string, maxBytes: number): Promise<Filled> {
  const bus = await openEmbeddedBus({ dir, maxBytes });
  const producer = await bus.producer();
  const acked: string[] = [];
  for (let i = 0; i < 5000; i++) {
    const recordId = `${name}-${String(i)}`;
    try {
      await producer.send(topic, [{ subject: 'uscc:1', recordId, value: Buffer.alloc(3000, i), headers: {} }]);
      acked.push(recordId);
    } catch (error) {
      await bus.close();
      return { acked, code: isYitongError(error) ? error.code : String(error) };
    }
  }
  return { acked, code: 'never refused' };
}

async function fillMap(file: string, name: string, writes: number): Promise<void> {
  const env = openEnv<Buffer, Buffer>({ file, encoding: 'binary', keyEncoding: 'binary', mapSize: SMALL });
  for (let i = 0; i < writes; i++) {
    const put = (): void => {
      env.root.putSync(Buffer.from(`${name}-${String(i)}`), Buffer.alloc(5000, i));
    };
    if (i % 2 === 0) env.writeSync(put);
    else await env.write(put);
  }
  await env.close();
}

async function readMap(file: string, rows: number): Promise<number> {
  const env = openEnv<Buffer, Buffer>({
    file,
    readOnly: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    mapSize: SMALL,
  });
  const early: { readonly value: Buffer; readonly byte: number }[] = [];
  let wrong = 0;
  for (let seen = 0; seen < rows; ) {
    env.root.resetReadTxn();
    seen = 0;
    for (const { value } of env.root.getRange({})) {
      seen++;
      const byte = value[0] ?? 0;
      if (value.length !== 5000 || value[4999] !== byte) wrong++;
      // held while the map moves
      if (early.length < 50) early.push({ value, byte });
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  wrong += early.filter(({ value, byte }) => value[0] !== byte || value[4999] !== byte).length;
  await env.close();
  return wrong;
}

const [what, path = '', ...rest] = process.argv.slice(2);
if (what === 'bus') process.send?.(await fillBus(path, rest[0] ?? '', rest[1] ?? '', Number(rest[2])));
if (what === 'map') await fillMap(path, rest[0] ?? '', Number(rest[1]));
if (what === 'read') process.send?.(await readMap(path, Number(rest[0])));
