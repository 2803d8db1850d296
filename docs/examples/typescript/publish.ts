/** node publish.js DATASET < records.ndjson, each line {"position","value"} */
import { createInterface } from 'node:readline';
import { type PublishBody, retry } from 'yitong/client';
import { run } from './connecting.js';

type Records = PublishBody['records'];

async function* chunks(size: number): AsyncGenerator<Records> {
  let chunk: Records[number][] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    chunk.push(JSON.parse(line) as Records[number]);
    if (chunk.length === size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

await run({ line: 'node publish.js DATASET < records.ndjson', least: 1 }, async (gateway, [dataset = '']) => {
  let bad = 0;
  for await (const records of chunks(500)) {
    const body = { sourceTime: new Date().toISOString(), records };
    // positions make it safe to send again
    const { results } = await retry(() => gateway.publish(dataset, body));
    for (const { position, status, code } of results) {
      console.log(`${position}: ${status}${code === undefined ? '' : ` (${code})`}`);
      if (status === 'quarantined') bad++;
    }
  }
  // nothing is lost: these rows wait in the quarantine until they are mended
  if (bad > 0) process.exitCode = 1;
});
