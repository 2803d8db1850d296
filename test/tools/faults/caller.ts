/** Requests as one client over mutual TLS, kept alive, with the answer's own bytes: what a digest is over. */
import { Agent, request } from 'node:https';
import { connectionOf } from '../../../gateway/client/index.js';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

export interface Caller {
  /** @throws Error where no whole answer came within 60 s */
  post(path: string, body: unknown): Promise<Reply>;
  close(): void;
}

const WITHIN = 60_000;

export async function callerOf(api: string, pki: string, client: string): Promise<Caller> {
  const { ca, cert, key } = await connectionOf(api, pki, client);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, cert, key });
  return {
    post: (path, body) =>
      new Promise((resolve, reject) => {
        const payload = Buffer.from(JSON.stringify(body));
        const sent = request(
          new URL(path, api),
          {
            method: 'POST',
            agent,
            timeout: WITHIN,
            headers: { 'content-type': 'application/json', 'content-length': payload.length },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('error', reject);
            response.on('aborted', () => reject(new Error('the answer was cut off')));
            response.on('end', () => {
              if (response.complete)
                resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
            });
          },
        );
        sent.on('timeout', () => sent.destroy(new Error('no answer came in time')));
        sent.on('error', reject);
        sent.end(payload);
      }),
    close: () => agent.destroy(),
  };
}
