/** Whether a server answers, and what time it has. */

import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { present } from '../../../contracts/present.js';
import { Told } from '../../ground/logging/words.js';

export interface Reached {
  readonly status: number;
  readonly body: string;
  /** ms that its clock is ahead of ours; undefined where it told none. A second off for its rounding and the way. */
  readonly ahead?: number;
}

const LIMIT = 262_144;

/** @throws Error of the network in words, or after `ms` */
export function reach(
  url: string,
  { ca, ms = 5000 }: { readonly ca?: string; readonly ms?: number } = {},
): Promise<Reached> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? https : http;
    const asked = get(
      url,
      { ...present({ ca }), timeout: ms, agent: false, signal: AbortSignal.timeout(ms) },
      (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          if (size > LIMIT) response.destroy(new Told('it answers more than was asked for'));
          else parts.push(part);
        });
        response.on('error', reject);
        response.on('end', () => {
          const date = Date.parse(response.headers.date ?? '');
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(parts).toString('utf8'),
            ...(Number.isNaN(date) ? {} : { ahead: date - Date.now() }),
          });
        });
      },
    );
    asked.on('error', (error) =>
      reject(
        error.name === 'TimeoutError' || error.name === 'AbortError'
          ? new Told(`no answer within ${ms / 1000} s`)
          : error,
      ),
    );
    asked.end();
  });
}
