/**
 * A load generator on raw TLS sockets: each connection sends its next prepared request when the last answer is whole,
 * and, in an open loop, one is due. It reads nothing of an answer but its status and length, so that its own core is not the limit.
 *
 * argv[2] is a JSON `LoadOptions`; prints one JSON `LoadResult`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';

export interface LoadOptions {
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly connections: number;
  readonly warmupMs: number;
  readonly ms: number;
  readonly path: string;
  /** A file with one request body a line. */
  readonly bodies: string;
  /** PID of the server, whose main thread's CPU time is read at both ends. */
  readonly pid: number;
  /**
   * An open loop: so many requests a second are due, whether answers come or not, and each is measured from when it was
   * due. Default: each connection sends its next one when the last is answered.
   */
  readonly perSecond?: number;
  /** A folder: a file `begun` is made there with the first answer that is no error, and it ends once `end` is there. */
  readonly marks?: string;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Of an open loop. */
  readonly p999?: number;
  readonly longest?: number;
  readonly errors: number;
  /** ms since 1970 when the last answer that was no error had come, be it outside of what is measured; 0: none. */
  readonly lastOkAt: number;
  readonly bytes: number;
  /** µs of the server's main thread a request. */
  readonly serverMicros: number;
}

const TICK = 10_000; // µs; Linux reports CPU time in 1/100 s

/** utime + stime of the main thread, µs. */
function threadMicros(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK;
  } catch {
    return NaN;
  }
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('content-length: ');

async function main(options: LoadOptions): Promise<LoadResult> {
  const requests = readFileSync(options.bodies, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((body) =>
      Buffer.from(
        `POST ${options.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ` +
          `${Buffer.byteLength(body)}\r\n\r\n${body}`,
      ),
    );
  const tls = {
    host: '127.0.0.1',
    port: options.port,
    servername: 'localhost',
    ca: readFileSync(options.ca),
    cert: readFileSync(options.cert),
    key: readFileSync(options.key),
  };
  let measuring = false;
  let done = 0;
  let errors = 0;
  let lastOkAt = 0;
  let bytes = 0;
  let next = 0;
  const latencies = new Float32Array(Math.max(4_000_000, ((options.perSecond ?? 0) * options.ms) / 900));
  /** In an open loop: connections that wait for something to be due, and how much was sent. */
  const idle: (() => void)[] = [];
  let pace: Pace | undefined;
  let taken = 0;

  function drive(socket: TLSSocket): void {
    let sent = 0;
    let need = -1;
    let got = 0;
    let ok = true;
    const send = (): void => {
      const at = options.perSecond === undefined ? performance.now() : pace?.dueAt(taken);
      if (at === undefined) return void idle.push(send);
      taken++;
      const request = requests[next++ % requests.length];
      if (request === undefined) return;
      need = -1;
      got = 0;
      sent = at;
      socket.write(request);
    };
    let held: Buffer | undefined;
    socket.on('data', (chunk: Buffer) => {
      const data = held === undefined ? chunk : Buffer.concat([held, chunk]);
      held = undefined;
      if (need < 0) {
        const end = data.indexOf(HEAD_END);
        if (end < 0) {
          held = data;
          return;
        }
        ok = data[9] === 0x32; // `HTTP/1.1 2`
        let at = data.indexOf(LENGTH);
        if (at < 0) at = data.indexOf('Content-Length: ');
        need = Number(data.toString('latin1', at + LENGTH.length, data.indexOf(13, at))) + end + 4;
        got = data.length;
      } else got += chunk.length;
      if (got < need) return;
      if (ok) {
        if (lastOkAt === 0 && options.marks !== undefined) writeFileSync(join(options.marks, 'begun'), '');
        lastOkAt = Date.now();
      }
      if (measuring) {
        if (done < latencies.length) latencies[done] = performance.now() - sent;
        done++;
        bytes = need;
        if (!ok) errors++;
      }
      send();
    });
    send();
  }

  const sockets = await Promise.all(
    Array.from(
      { length: options.connections },
      () =>
        new Promise<TLSSocket>((resolve, reject) => {
          const socket = connect(tls, () => resolve(socket));
          socket.setNoDelay(true);
          socket.once('error', reject);
        }),
    ),
  );
  for (const socket of sockets) drive(socket);
  if (options.perSecond !== undefined) pace = paced(options.perSecond, () => taken, idle);
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  await wait(options.warmupMs);
  const cpu = threadMicros(options.pid);
  const from = performance.now();
  measuring = true;
  const { marks } = options;
  while (performance.now() - from < options.ms && !(marks !== undefined && existsSync(join(marks, 'end'))))
    await wait(marks === undefined ? options.ms - (performance.now() - from) : 50);
  measuring = false;
  const seconds = (performance.now() - from) / 1000;
  pace?.end();
  const serverMicros = (threadMicros(options.pid) - cpu) / done;
  for (const socket of sockets) socket.destroy();
  const sorted = latencies.subarray(0, Math.min(done, latencies.length)).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  const open = pace === undefined ? {} : { p999: at(0.999), longest: sorted.at(-1) ?? NaN };
  const perSecond = done / seconds;
  return { requests: done, perSecond, p50: at(0.5), p99: at(0.99), ...open, errors, lastOkAt, bytes, serverMicros };
}

interface Pace {
  /** ms of `performance.now` when the n-th was due, from 0; undefined where it is not yet. */
  dueAt(n: number): number | undefined;
  end(): void;
}

/** Makes requests due, each millisecond those that are; a timer that comes late makes up for it. */
function paced(perSecond: number, taken: () => number, idle: (() => void)[]): Pace {
  const began = performance.now();
  let count = 0;
  const timer = setInterval(() => {
    count = Math.floor(((performance.now() - began) * perSecond) / 1000) + 1;
    while (idle.length > 0 && taken() < count) idle.shift()?.();
  }, 1);
  return {
    dueAt: (n) => (n < count ? began + (n * 1000) / perSecond : undefined),
    end: () => clearInterval(timer),
  };
}

main(JSON.parse(process.argv[2] ?? '{}') as LoadOptions).then(
  (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
