/**
 * How the endpoint is reached: its certificates and headers, read anew with each connection and export, so that a
 * renewed file counts at once.
 */
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import type { TracingSettings } from '../config/tracing.js';

export interface Endpoint {
  readonly url: string;
  readonly agent: HttpAgent;
  headers(): Record<string, string>;
  /** Nothing is connected any more, and nothing will be. */
  close(): void;
}

const checkHeaders = shape<Record<string, string>>(
  {
    type: 'object',
    additionalProperties: { type: 'string', pattern: '^[\\x20-\\x7e]*$' },
    propertyNames: { pattern: '^[A-Za-z0-9-]{1,100}$' },
  },
  'bad_config',
);

/** @throws YitongError `bad_config` where a file cannot be read */
export function endpointOf(
  { endpoint, caFile, certFile, keyFile, headersFile }: TracingSettings,
  baseDir: string,
): Endpoint {
  const read = (name: 'caFile' | 'certFile' | 'keyFile' | 'headersFile', file: string): string => {
    const path = resolve(baseDir, file);
    try {
      return readFileSync(path, 'utf8');
    } catch (cause) {
      throw new YitongError('bad_config', `\`tracing.${name}\` cannot be read`, { place: { file: path }, cause });
    }
  };
  const tls = () => ({
    ...(caFile === '' ? {} : { ca: read('caFile', caFile) }),
    ...(certFile === '' ? {} : { cert: read('certFile', certFile), key: read('keyFile', keyFile) }),
  });
  const headers = (): Record<string, string> => {
    if (headersFile === '') return {};
    const place = { file: resolve(baseDir, headersFile) };
    const text = read('headersFile', headersFile);
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      // what stands in it is a secret: not even the parser's words
      throw new YitongError('bad_config', '`tracing.headersFile` is not JSON', { place });
    }
    return checkHeaders(given, place);
  };
  tls();
  let last = headers();
  let closed = false;
  const agent = endpoint.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true })
    : new HttpAgent({ keepAlive: true });
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    if (closed) throw new Error('the endpoint is closed');
    return connect({ ...options, ...tls() }, callback);
  };
  return {
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    agent,
    headers() {
      try {
        last = headers();
      } catch {
        // half written: the one before is tried
      }
      return { ...last };
    },
    close() {
      closed = true;
      // with an error of our own, since the exporter would try again after a reset
      for (const sockets of Object.values(agent.sockets))
        for (const socket of sockets ?? []) socket.destroy(new Error('the endpoint is closed'));
      agent.destroy();
    },
  };
}
