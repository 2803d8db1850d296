/**
 * Clients behind a load balancer. The balancer asks each replica for its readiness and starts no request at one that is
 * not ready; a connection that was answered `connection: close` is not used again. A request is sent once: nothing is
 * retried, and whatever is not answered whole and as expected is a failure.
 */
import { Agent, request } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import type { Connection } from '../../gateway/client/index.js';

export interface Replica {
  readonly name: string;
  /** Its address and a client's identity. */
  readonly connection: Connection;
  /** `http://host:port` */
  readonly health: string;
}

export interface Tally {
  /** By replica: requests that were answered whole. */
  readonly answered: Map<string, number>;
  /** By replica: answers that ended their connection. */
  readonly closed: Map<string, number>;
  /** By replica: what it said why it was not ready, each once. */
  readonly reasons: Map<string, Set<string>>;
  readonly failures: string[];
  /** Of each answer, `<journal>:<seq>` of its receipt. */
  readonly receipts: { readonly replica: string; readonly id: string }[];
}

export interface BalancerOptions {
  readonly replicas: readonly Replica[];
  readonly body: object;
  readonly total: number;
  readonly clients: number;
  /** Ms between two looks at the readiness of a replica. */
  readonly every: number;
  /** Told after each answer. */
  readonly onAnswer?: (all: number) => void;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly closes: boolean;
}

function post(agent: Agent, url: URL, payload: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': payload.length } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          if (response.complete)
            resolve({
              status: response.statusCode ?? 0,
              text: Buffer.concat(chunks).toString('utf8'),
              closes: response.headers.connection === 'close',
            });
          else reject(new Error('the answer was cut off'));
        });
      },
    );
    sent.setTimeout(30_000, () => sent.destroy(new Error('no answer within 30 s')));
    sent.on('error', reject);
    sent.end(payload);
  });
}

/** Sends `total` requests. @throws Error where no replica is ready for 30 s */
export async function balance(options: BalancerOptions): Promise<Tally> {
  const { replicas, total } = options;
  const tally: Tally = { answered: new Map(), closed: new Map(), reasons: new Map(), failures: [], receipts: [] };
  const add = (to: Map<string, number>, name: string): void => void to.set(name, (to.get(name) ?? 0) + 1);
  const payload = Buffer.from(JSON.stringify(options.body));
  const taking = new Set<string>();
  const stop = new AbortController();

  async function look({ name, health }: Replica): Promise<void> {
    const answer = await fetch(`${health}/health/ready`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    if (answer?.status === 200) taking.add(name);
    else taking.delete(name);
    if (answer?.status !== 503) return;
    const { reasons } = (await answer.json()) as { reasons: readonly string[] };
    const said = tally.reasons.get(name) ?? new Set();
    for (const reason of reasons) said.add(reason);
    tally.reasons.set(name, said);
  }
  const looking = Promise.all(
    replicas.map(async (replica) => {
      while (!stop.signal.aborted) {
        await look(replica);
        await wait(options.every, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }),
  );

  let started = 0;
  let done = 0;
  async function client(number: number): Promise<void> {
    const agents = new Map(
      replicas.map(({ name, connection: { ca, cert, key } }) => [
        name,
        new Agent({ keepAlive: true, maxSockets: 1, ca, cert, key }),
      ]),
    );
    try {
      for (let turn = number; started < total; turn++) {
        for (const patience = Date.now() + 30_000; taking.size === 0; await wait(5))
          if (Date.now() > patience) throw new Error('no replica was ready for 30 s');
        const open = replicas.filter(({ name }) => taking.has(name));
        const replica = open[turn % open.length];
        const agent = replica === undefined ? undefined : agents.get(replica.name);
        if (replica === undefined || agent === undefined) continue;
        started++;
        try {
          const { status, text, closes } = await post(agent, new URL('/v1/query', replica.connection.api), payload);
          if (closes) add(tally.closed, replica.name);
          if (status !== 200) tally.failures.push(`${replica.name}: ${status} ${text.slice(0, 200)}`);
          else {
            const { receipt, datasets } = JSON.parse(text) as {
              receipt: { journal: string; seq: number };
              datasets: readonly { records: readonly unknown[] }[];
            };
            if (datasets[0]?.records.length !== 1) tally.failures.push(`${replica.name}: an answer without its record`);
            tally.receipts.push({ replica: replica.name, id: `${receipt.journal}:${receipt.seq}` });
            add(tally.answered, replica.name);
          }
        } catch (error) {
          tally.failures.push(`${replica.name}: ${String(error)}`);
        }
        options.onAnswer?.(++done);
      }
    } finally {
      for (const agent of agents.values()) agent.destroy();
    }
  }
  try {
    await Promise.all(Array.from({ length: options.clients }, (_, number) => client(number)));
  } finally {
    stop.abort();
    await looking;
  }
  return tally;
}
