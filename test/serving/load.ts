/**
 * Kept-alive mTLS connections that ask without a pause, as a service's connection pool does: what failed is told,
 * request by request.
 */
import { readFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface Asked {
  readonly path: string;
  readonly body?: object;
}

export interface LoadReport {
  /** Answered whole, with the status that was expected. */
  readonly answered: number;
  /** Each in words: no answer, an answer that ended early, another status. */
  readonly failed: readonly string[];
  /** Requests that found nobody listening: none of a gateway's connections had taken them. */
  readonly refused: number;
  /** Connections that were made. */
  readonly connections: number;
  /** Answers that asked for their connection to be closed. */
  readonly closing: number;
}

export interface Load {
  /** Answered so far. */
  count(): number;
  /** Ends once each request under way has its answer. */
  stop(): Promise<LoadReport>;
}

export const identityOf = (pki: string, client: string) => {
  const read = (...names: string[]): Buffer => readFileSync(join(pki, ...names));
  return { ca: read('ca.pem'), cert: read('clients', client, 'cert.pem'), key: read('clients', client, 'key.pem') };
};

export interface LoadOptions {
  readonly api: string;
  readonly pki: string;
  readonly client: string;
  readonly asked: Asked;
  /** Connections at once. */
  readonly connections: number;
  readonly status?: number;
  /** ms between an answer and the next request of its connection */
  readonly pause?: number;
  /** What else an answer must be; undefined where all is well. */
  readonly check?: (text: string) => string | undefined;
}

/**
 * Each of the connections is an agent's own. A request is refused, and not failed, where its connection was never made.
 */
export function load(options: LoadOptions): Load {
  const { api, pki, client, asked, status: expected = 200, pause = 0, check = () => undefined } = options;
  const url = new URL(api);
  const payload = asked.body === undefined ? undefined : Buffer.from(JSON.stringify(asked.body));
  const identity = identityOf(pki, client);
  const failed: string[] = [];
  let [answered, refused, connections, closing, going] = [0, 0, 0, 0, true];

  const once = (agent: Agent): Promise<void> =>
    new Promise((resolve) => {
      const headers =
        payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length };
      const given: RequestOptions = {
        host: url.hostname,
        port: url.port,
        path: asked.path,
        method: payload === undefined ? 'GET' : 'POST',
        agent,
        headers,
      };
      let connected = false;
      const fail = (why: string): void => {
        failed.push(why);
        resolve();
      };
      const sent = request(given, (response) => {
        if (response.headers.connection === 'close') closing++;
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', (error) => fail(`cut off: ${error.message}`));
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const wrong =
            response.statusCode === expected ? check(text) : `${String(response.statusCode)} ${text.slice(0, 200)}`;
          if (wrong !== undefined) return fail(wrong);
          answered++;
          resolve();
        });
      });
      sent.once('socket', (socket) => {
        connected = !socket.connecting;
        if (!connected) {
          connections++;
          // before that nothing of the request has left
          socket.once('secureConnect', () => (connected = true));
        }
      });
      sent.once('error', (error: NodeJS.ErrnoException) => {
        if (connected)
          return fail(`no answer${sent.reusedSocket ? ' on a kept connection' : ''}: ${error.code ?? error.message}`);
        refused++;
        resolve();
      });
      sent.end(payload);
    });

  const lines = Array.from({ length: options.connections }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ...identity, maxCachedSessions: 0 });
    while (going) {
      const before = refused;
      await once(agent);
      await wait(refused > before ? 20 : pause);
    }
    agent.destroy();
  });
  return {
    count: () => answered,
    async stop() {
      going = false;
      await Promise.all(lines);
      return { answered, failed, refused, connections, closing };
    },
  };
}
