/**
 * Others read our topics with their own tools: Confluent's Python client, with the gateway as its schema registry over
 * mTLS.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { pythonForTest } from '../support/python.js';
import { stories } from './stories.js';
import { first, query, type Town } from './suite.js';

interface Decoded {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>> | null;
}

/** `value` without the members that the answer was not granted. */
function granted(value: unknown, answer: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(answer)) return value.map((item, i) => granted(item, answer[i]));
  if (typeof value !== 'object' || value === null || typeof answer !== 'object' || answer === null) return value;
  const members = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(answer).map(([name, inner]) => [name, granted(members[name], inner)]));
}

export async function decodesInPython(t: Test, { city, prefix, companies }: Town, broker: string): Promise<void> {
  const python = pythonForTest(t, 'confluent_kafka', 'confluent-kafka');
  if (python === undefined) return;
  const { allowed } = stories;
  const decode = async (dataset: string): Promise<readonly Decoded[]> => {
    const script = join(packageRoot(), 'test/e2e/decode.py');
    const clientDir = join(city.pki, 'clients', allowed.client);
    const settings = {
      broker,
      topic: `${prefix}.${dataset}`,
      registry: `${city.api}/registry`,
      ca: join(city.pki, 'ca.pem'),
      cert: join(clientDir, 'cert.pem'),
      key: join(clientDir, 'key.pem'),
    };
    const { stdout } = await promisify(execFile)(python, [script, JSON.stringify(settings)], {
      maxBuffer: 64 << 20,
      timeout: 90_000,
    });
    return JSON.parse(stdout) as Decoded[];
  };

  await t.test('a Python consumer decodes our topics to what a query answers', async (t) => {
    for (const dataset of ['samr.company-register', 'samr.food-licence']) {
      const messages = await decode(dataset);
      const newest = new Map(messages.map((message) => [message.key, message]));
      t.ok(newest.size > 0, `${dataset} has records`);
      const byVersion = new Map(
        [...newest.values()].map((message) => [`${message.partition}:${message.offset}`, message]),
      );
      let compared = 0;
      for (const subject of companies) {
        const answer = first(
          await query(city, allowed.client, { purpose: allowed.purpose, subject, datasets: [{ id: dataset }] }),
        );
        for (const { record, provenance } of answer.records) {
          const message = byVersion.get(provenance.version);
          t.ok(message?.key.startsWith(`${subject}|`), 'the version that the answer names');
          t.strictSame(granted(message?.value, record), record, 'every field of the answer, at the same value');
          compared++;
        }
      }
      t.equal(compared, newest.size, "and each of the topic's records is answered");
    }
  });
}
