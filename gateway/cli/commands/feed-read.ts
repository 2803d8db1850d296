import { setTimeout as pause } from 'node:timers/promises';
import { progressReporter } from '../../../connectors/progress.js';
import type { Client, ReadingAnswer } from '../../client/index.js';
import { localMinute } from '../../ground/language/time.js';
import { endedWords } from '../../http/publishing/reading-words.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { askingAs } from '../gateway-options.js';
import { clientIn, mendOptions, officerIn, officerOptions } from '../mend-options.js';
import { lineFree } from '../progress.js';

const EVERY = 1_000;
/** ms within which a run that is asked for begins, where something runs feeds at all. */
const BEGINS = 60_000;

type Last = NonNullable<ReadingAnswer['last']>;

function sayReading(call: Invocation, { asked, running, last, wait }: ReadingAnswer): void {
  const zh = call.language === 'zh';
  if (running !== undefined)
    call.say(
      zh
        ? `${localMinute(running.began)} 起正在读取，已读 ${String(running.rows)} 行`
        : `it is being read since ${localMinute(running.began)}, ${String(running.rows)} rows so far`,
    );
  if (asked !== undefined)
    call.say(
      zh
        ? `${localMinute(asked)} 已要求读取，尚未开始`
        : `it was asked for at ${localMinute(asked)}, and has not begun`,
    );
  call.say(last === undefined ? (zh ? '尚未读取过' : 'it was never read') : endedWords(last, call.language));
  if (wait > 0) call.say(zh ? `${String(wait)} 秒后可以再次要求` : `it may be asked for again in ${String(wait)} s`);
}

/** Until the run that was asked for has ended; undefined where nobody begins it, or nobody waits any more. */
async function untilRead(call: Invocation, gateway: Client, dataset: string, asked: string): Promise<Last | undefined> {
  lineFree();
  const progress = progressReporter({
    label: dataset,
    output: process.stderr,
    quiet: call.asJson,
    now: () => performance.now(),
  });
  let idle = performance.now();
  try {
    while (!call.signal.aborted) {
      const { running, last } = await gateway.reading(dataset);
      if (last !== undefined && last.began >= asked) return last;
      if (running !== undefined) {
        idle = performance.now();
        progress.update({ rows: running.rows });
      }
      if (performance.now() - idle > BEGINS) return undefined;
      await pause(EVERY, undefined, { signal: call.signal }).catch(() => undefined);
    }
    return undefined;
  } finally {
    progress.end();
  }
}

async function readNow(call: Invocation, gateway: Client, dataset: string): Promise<0 | 1> {
  const zh = call.language === 'zh';
  const reading = await gateway.readAgain(dataset, { officer: officerIn(call.values, 'who asks is on record') });
  if (call.values['no-wait'] === true) {
    call.json(reading);
    call.say(zh ? '已要求立即读取，几秒内开始' : 'a run is asked for; it begins within seconds');
    return 0;
  }
  const last = await untilRead(call, gateway, dataset, reading.asked ?? '');
  call.json(last === undefined ? reading : { ...reading, last });
  if (last !== undefined) call.say(endedWords(last, call.language));
  else
    call.say(
      zh
        ? '已要求读取，但尚未开始：读取数据源的进程是否在运行？'
        : 'a run is asked for and has not begun: does something run the feeds of this data folder?',
    );
  return last === undefined || last.state === 'failed' || last.state === 'refused' ? 1 : 0;
}

/** What data officers press on pages, as a client of their department. */
const command: Command = {
  summary: 'have a source read again now, once it was corrected there, and wait for what comes of it',
  zh: '来源更正后立即重新读取，并等待结果',
  takes: 1,
  usage: '<dataset> --as CLIENT (--officer ID [--name N] [--no-wait] | --status) [--json]',
  wanting: {
    zh: '网关拒绝、读取失败或一分钟内没有开始时',
    en: 'where the gateway refuses, it cannot be read, or nothing begins within a minute',
  },
  examples: [
    'yitong feed read samr.business-licence --as food-inspector --officer chen-officer --name 陈专员',
    'yitong feed read samr.business-licence --as food-inspector --officer chen-officer --no-wait --json',
    'yitong feed read samr.business-licence --as food-inspector --status',
  ],
  options: {
    status: {
      type: 'boolean',
      zh: '仅查看读取情况',
      describe: 'asks for nothing: how it is read, and how the last run ended',
    },
    'no-wait': { type: 'boolean', zh: '不等待结果', describe: 'ends once it is asked for' },
    ...officerOptions,
    ...mendOptions,
  },
  run: (call) => {
    const [dataset] = call.positionals;
    if (dataset === undefined) throw new WrongUsage('name a dataset, as in `yitong feed read samr.business-licence`');
    const status = call.values['status'] === true;
    if (!status) officerIn(call.values, 'who asks is on record');
    return askingAs(clientIn(call.values), call, async (gateway) => {
      if (!status) return readNow(call, gateway, dataset);
      const reading = await gateway.reading(dataset);
      call.json(reading);
      sayReading(call, reading);
      return 0;
    });
  },
};
export default command;
