/** Whether the peer answers as the gateway does: the same JSON of datasets and records, or the same denial. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { credentialFiles } from '../../../../gateway/client/connection.js';
import { stories } from '../../../e2e/stories.js';
import { question, spreadOver } from '../question.js';
import type { Asked } from './answer.js';

/** One who asks over mTLS and takes whatever answer comes. */
export interface Asker {
  ask(body: Asked): Promise<{ readonly status: number; readonly answer: { readonly [member: string]: unknown } }>;
  close(): void;
}

/** @param api `https://host:port` */
export function askerOf(api: string, pki: string, client: string): Asker {
  const files = credentialFiles(pki, client);
  const agent = new Agent({
    keepAlive: true,
    servername: 'localhost',
    ca: readFileSync(files.ca),
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
  });
  return {
    ask: (body) =>
      new Promise((resolve, reject) => {
        const text = JSON.stringify(body);
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
        const sent = request(`${api}/v1/query`, { method: 'POST', agent, headers }, (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.once('error', reject);
          response.once('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              answer: JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, unknown>,
            }),
          );
        });
        sent.once('error', reject);
        sent.end(text);
      }),
    close: () => agent.destroy(),
  };
}

/** The datasets that the peer is filled with: those of the questions below. */
export const PEER_DATASETS: readonly string[] = [...new Set([...stories.allowed.datasets, ...stories.denied.datasets])];

/** Questions of each kind about these subjects: in part or in full answered or denied, also of nobody. */
export function sampleQuestions(
  subjects: readonly string[],
  count: number,
): readonly { readonly client: string; readonly body: Asked }[] {
  const { client, purpose, datasets } = stories.allowed;
  const of = (...ids: readonly string[]): Asked['datasets'] => ids.map((id) => ({ id }));
  const [register, ...others] = datasets;
  return [...spreadOver(subjects, count), stories.missing].flatMap((subject) => [
    { client, body: question(subject) as Asked },
    // all that is granted, in another order
    { client, body: { purpose, subject, datasets: of(...others, register) } },
    { client, body: { purpose, subject, datasets: of(register, 'tax.tax-arrears') } },
    { client, body: { purpose, subject, datasets: [{ id: register, fields: ['status', 'noSuchField', 'name'] }] } },
    { client, body: { purpose: 'no-such-purpose', subject, datasets: of(register) } },
    {
      client: stories.denied.client,
      body: { purpose: stories.denied.purpose, subject, datasets: of(...stories.denied.datasets) },
    },
  ]);
}

/** The first that differs, in words; undefined where all are the same. */
export async function differing(
  gateway: string,
  peer: string,
  pki: string,
  questions: ReturnType<typeof sampleQuestions>,
): Promise<string | undefined> {
  const askers = new Map<string, readonly [Asker, Asker]>();
  try {
    for (const { client, body } of questions) {
      let both = askers.get(client);
      if (both === undefined)
        askers.set(client, (both = [askerOf(gateway, pki, client), askerOf(peer, pki, client)] as const));
      const [ours, theirs] = await Promise.all(both.map((asker) => asker.ask(body)));
      const told = (one: typeof ours): string => `${String(one?.status)} ${JSON.stringify(one?.answer['datasets'])}`;
      if (told(ours) !== told(theirs))
        return `to ${client}, ${JSON.stringify(body)}: the gateway says ${told(ours)}, the peer ${told(theirs)}`;
    }
    return undefined;
  } finally {
    for (const both of askers.values()) for (const asker of both) asker.close();
  }
}
