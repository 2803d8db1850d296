/**
 * The kernel's own word: the journal's fdatasync had returned before the first byte of the answer was handed to the
 * socket.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { city } from '../e2e/city.js';
import { companies, stories } from '../e2e/stories.js';

t.setTimeout(300_000);
const REQUESTS = 20;

interface Call {
  readonly pid: string;
  readonly name: string;
  readonly args: string;
  /** Lines at which it began and returned. */
  readonly begun: number;
  readonly returned: number;
  readonly result: number;
}

/** System calls of a trace of `strace -f -yy`, with calls that were interrupted by other threads' put together. */
function callsOf(trace: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, { readonly name: string; readonly args: string; readonly begun: number }>();
  trace.split('\n').forEach((line, at) => {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const whole = /^(\w+)\((.*)\) += (-?\d+)/.exec(rest);
    const begun = /^(\w+)\((.*) <unfinished \.\.\.>$/.exec(rest);
    const resumed = /^<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/.exec(rest);
    if (whole !== null)
      calls.push({
        pid,
        name: whole[1] ?? '',
        args: whole[2] ?? '',
        begun: at,
        returned: at,
        result: Number(whole[3]),
      });
    else if (begun !== null) open.set(pid, { name: begun[1] ?? '', args: begun[2] ?? '', begun: at });
    else if (resumed !== null) {
      const first = open.get(pid);
      if (first !== undefined && first.name === resumed[1])
        calls.push({
          pid,
          ...first,
          args: `${first.args}${resumed[2] ?? ''}`,
          returned: at,
          result: Number(resumed[3]),
        });
      open.delete(pid);
    }
  });
  return calls;
}

t.test('the entry is on disk before the answer leaves', async (t) => {
  if (spawnSync('strace', ['-V']).status !== 0) {
    const missing = 'strace: not installed here';
    if (process.env['CI'] === 'true') t.fail(missing);
    else t.pass(missing, { skip: missing });
    return;
  }
  const trace = join(t.testdir(), 'trace');
  const running = await city(t, {
    args: ['--companies', '20'],
    env: { YITONG_GATEWAY_WORKERS: '1' },
    under: [
      'strace',
      '-f',
      '--seccomp-bpf',
      '-yy',
      '-s',
      '0',
      '-o',
      trace,
      '-e',
      'trace=fdatasync,pwrite64,read,write,sendto,writev',
    ],
  });
  const [subject = ''] = await companies(running.data);
  const { allowed } = stories;
  // one connection, and one request more than is looked at: behind the first, what is left of the handshake leaves
  const client = await running.as(allowed.client);
  for (let n = 0; n <= REQUESTS; n++)
    await client.query({ purpose: allowed.purpose, subject, datasets: allowed.datasets.map((id) => ({ id })) });
  await running.stop();

  const port = new URL(running.api).port;
  const calls = callsOf(readFileSync(trace, 'utf8'));
  const socket = new RegExp(`^\\d+<TCP(?:v6)?:\\[.*:${port}->[^\\]]*\\]>`);
  const segment = /^\d+<[^>]*\/journal\/w1-[0-9a-f]+\/\d{8}\.seg>/;
  const synced = calls.filter(({ name, args, result }) => name === 'fdatasync' && segment.test(args) && result === 0);
  t.ok(synced.length >= REQUESTS, `${synced.length} syncs of the journal`);
  const written = calls.filter(({ name, args }) => name === 'pwrite64' && segment.test(args));
  const connections = new Map<string, Call[]>();
  for (const call of calls) {
    const which = socket.exec(call.args)?.[0];
    if (which === undefined) continue;
    const of = connections.get(which) ?? [];
    of.push(call);
    connections.set(which, of);
  }
  let answers = 0;
  for (const of of connections.values()) {
    /** When a request was read, and the first byte behind it was written. */
    const pairs: { readonly read: number; readonly left: number }[] = [];
    let asked: Call | undefined;
    for (const call of of.sort((a, b) => a.begun - b.begun)) {
      if (call.result <= 0) continue;
      if (call.name === 'read') asked = call;
      else if (asked !== undefined) {
        // what ends a connection is shorter than any answer
        if (call.result > 100) pairs.push({ read: asked.returned, left: call.begun });
        asked = undefined;
      }
    }
    if (pairs.length <= REQUESTS) continue; // a connection that asked nothing of us
    for (const { read, left } of pairs.slice(-REQUESTS)) {
      answers++;
      const syncs = synced.filter(({ begun, returned }) => begun > read && returned < left);
      t.ok(
        syncs.length > 0,
        'an fdatasync of the journal began after the request was read, and had returned before the first byte ' +
          'was written',
      );
      // the first of them may be that of an earlier group, which was under way when the request came
      t.ok(
        syncs.some((sync) => written.some(({ begun, returned }) => begun > read && returned <= sync.begun)),
        'and the entry was written before one of them',
      );
    }
  }
  t.equal(answers, REQUESTS);
});
