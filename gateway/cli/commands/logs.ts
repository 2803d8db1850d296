import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import { text } from '../../ground/files/places.js';
import { localSecond } from '../../ground/language/time.js';
import type { Command, Invocation } from '../command.js';
import { momentOf } from '../moment.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
/** -1: not a level that we know. */
const rankOf = (level: unknown): number => (LEVELS as readonly unknown[]).indexOf(level);
const EVERY_MS = 300;
const CHUNK = 65_536;
/** Shown first, or not worth a column. */
const OWN = new Set(['level', 'time', 'process', 'msg', 'err']);

/** The process log, which a gateway writes on stderr, a JSON line an event, for people. */
const command: Command = {
  summary: 'the process log of a gateway for people: from a file, or from what is piped in',
  zh: '以便于阅读的方式查看网关运行日志：读取文件或管道内容',
  group: 'running',
  usage: '[<file>] [--follow] [--level L] [--process P] [--since T] [--json]',
  takes: 1,
  examples: [
    'yitong gateway 2> gateway.log & yitong logs gateway.log --follow',
    'kubectl logs -f yitong-0 | yitong logs --level warn',
    'journalctl -u yitong -o cat | yitong logs --since 2h',
    'yitong logs gateway.log --process writer --since 2026-01-31T08:00:00Z --json',
  ],
  options: {
    follow: {
      type: 'boolean',
      short: 'f',
      zh: '持续显示文件中新增的内容',
      describe: 'go on with what is written to the file',
    },
    level: { type: 'string', zh: '最低级别', values: LEVELS, describe: 'this level and above', default: 'info' },
    process: { type: 'string', zh: '仅限该进程', describe: 'only of this process: writer, worker-1 …' },
    since: {
      type: 'string',
      zh: '自该时间起',
      describe: 'only from this date or time on, or so long ago: 10m, 2h, 3d',
    },
  },
  async run(call) {
    const [file] = call.positionals;
    if (file === undefined && process.stdin.isTTY)
      throw new YitongError('bad_request', 'name a file, or pipe the log in: `kubectl logs yitong-0 | yitong logs`');
    if (file === undefined && call.values['follow'] === true)
      throw new YitongError('bad_request', '`--follow` follows a file; what is piped in is followed until it ends');
    const wanted = filterOf(call);
    const kept: object[] = [];
    for await (const line of file === undefined ? piped() : linesOf(file, call)) {
      const said = read(line);
      if (said === undefined || !wanted(said)) continue;
      if (call.asJson) kept.push(said);
      else call.say(inWords(said));
    }
    call.json(kept);
    return 0;
  },
};
export default command;

type Line = Readonly<Record<string, unknown>>;

/** What is no JSON stands as it is: a message of Node.js, or of what runs beside. */
function read(line: string): Line | undefined {
  if (line.trim() === '') return undefined;
  try {
    const said: unknown = JSON.parse(line);
    if (typeof said === 'object' && said !== null) return said as Line;
  } catch {
    // text, as a gateway in a terminal writes it
  }
  return { msg: line };
}

function filterOf({ values }: Invocation): (line: Line) => boolean {
  const least = rankOf(values['level']);
  const [of, from] = [text(values['process']), text(values['since'])];
  const since = from === undefined ? undefined : momentOf(from, 'since');
  return ({ level, process, time }) => {
    const rank = rankOf(level);
    return (
      (rank < 0 || rank >= least) &&
      (of === undefined || process === of) &&
      (since === undefined || (typeof time === 'string' && Date.parse(time) >= since))
    );
  };
}

function inWords(line: Line): string {
  const { level, time, process, msg, err } = line;
  const said = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  const rest = Object.entries(line)
    .filter(([name]) => !OWN.has(name))
    .map(([name, value]) => `${name}=${said(value)}`);
  const why = typeof err === 'object' && err !== null ? said((err as Line)['message'] ?? err) : said(err);
  const parts = [
    typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? localSecond(time) : '',
    typeof level === 'string' ? level.toUpperCase().padEnd(5) : '',
    typeof process === 'string' ? process.padEnd(10) : '',
    said(msg),
    err === undefined ? '' : `: ${why}`,
    ...rest,
  ];
  // what was logged may not move the cursor
  return parts
    .filter((part) => part !== '')
    .join('  ')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

const piped = (): AsyncIterable<string> => createInterface({ input: process.stdin, crlfDelay: Infinity });

/** A file that was cut or replaced is read from its beginning. */
async function* linesOf(file: string, { values, signal }: Invocation): AsyncGenerator<string, void, undefined> {
  const follows = values['follow'] === true;
  let rest = Buffer.alloc(0);
  let at = 0;
  for (;;) {
    const handle = await open(file, 'r').catch(() => {
      throw new YitongError('bad_request', `there is no file \`${file}\` that can be read`);
    });
    try {
      if ((await handle.stat()).size < at) [at, rest] = [0, Buffer.alloc(0)];
      for (;;) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
          yield rest.subarray(0, end).toString('utf8');
          rest = rest.subarray(end + 1);
        }
      }
    } finally {
      await handle.close();
    }
    if (!follows || signal.aborted) break;
    await wait(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  if (rest.length > 0) yield rest.toString('utf8');
}
