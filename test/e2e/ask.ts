/** Speaking to a gateway below the client library: raw bytes and headers, and waiting for what is on its way. */

import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** Where whoever asked keeps them. */
  readonly bytes?: Buffer;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request on a connection of its own, as `client` of the development CA in `pki`. */
export function ask(
  api: string,
  pki: string,
  client: string,
  { method = 'GET', path, body, headers = {} }: RawRequest,
): Promise<RawAnswer> {
  const read = (...names: string[]): Buffer => readFileSync(join(pki, ...names));
  const payload = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const type = payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length };
  const identity = {
    ca: read('ca.pem'),
    cert: read('clients', client, 'cert.pem'),
    key: read('clients', client, 'key.pem'),
  };
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, api),
      { method, agent: false, ...identity, headers: { ...type, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(payload);
  });
}

/** Asks again until the answer is as it should become; a failure names what never came. */
export async function until<T>(
  what: string,
  probe: () => Promise<T>,
  holds: (seen: T) => boolean,
  within = 60_000,
): Promise<T> {
  const end = Date.now() + within;
  for (;;) {
    const seen = await probe();
    if (holds(seen)) return seen;
    if (Date.now() > end)
      throw new Error(
        `${what} did not come within ${within} ms; last seen: ${String(JSON.stringify(seen)).slice(0, 1500)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
