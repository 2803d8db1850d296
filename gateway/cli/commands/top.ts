import { setTimeout as wait } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import { dataOption, text, workspaceOption } from '../../ground/files/places.js';
import type { Command, Invocation } from '../command.js';
import { lineFree } from '../progress.js';
import { healthOf, healthOption, type Look, look } from '../top/asking.js';
import { figuresOf } from '../top/figures.js';
import { topLines } from '../top/lines.js';

/** Clears the terminal and goes to its first place. */
const CLEAR = '\u001b[H\u001b[2J';

const command: Command = {
  summary: 'live figures of a running city: answers, processes, datasets, the log',
  zh: '实时查看运行情况：答复、进程、数据集与审计日志',
  group: 'running',
  usage: '[--once] [--every S] [--health URL] [--workspace D] [--data D] [--json]',
  examples: [
    'yitong top',
    'yitong top --once --json',
    'yitong top --health http://127.0.0.1:8445',
    'kubectl port-forward pod/yitong-0 8445 & yitong top --health http://127.0.0.1:8445',
  ],
  options: {
    once: {
      type: 'boolean',
      zh: '只显示一次；不在终端时总是如此',
      describe: 'show it once and end; always so where stdout is no terminal',
    },
    every: { type: 'string', zh: '间隔秒数，1 至 60', describe: 'seconds between two looks, 1 to 60', default: '2' },
    health: healthOption,
    workspace: workspaceOption,
    data: dataOption,
  },
  async run(call) {
    const health = healthOf(call.values);
    const every = Number(text(call.values['every']) ?? '2');
    if (!Number.isFinite(every) || every < 1 || every > 60)
      throw new YitongError('bad_request', '`--every` is a number of seconds from 1 to 60');
    const live = call.values['once'] !== true && !call.asJson && process.stdout.isTTY;
    let before = await look(health);
    do {
      await wait(every * 1000, undefined, { signal: call.signal }).catch(() => undefined);
      if (call.signal.aborted) break;
      const now = await look(health);
      show(call, health, before, now, live);
      before = now;
    } while (live);
    return 0;
  },
};
export default command;

function show(call: Invocation, health: string, before: Look, now: Look, live: boolean): void {
  const figures = figuresOf(before.samples, now.samples);
  const { reasons, warnings } = now;
  call.json({ health, reasons, warnings, ...figures });
  if (call.asJson) return;
  const lines = topLines(
    { figures, reasons, warnings, health, at: now.samples.at },
    call.language,
    process.stdout.isTTY ? process.stdout.columns : undefined,
  );
  if (!live) return lines.forEach((line) => call.say(line));
  lineFree();
  const end = call.words({ zh: '按 Ctrl-C 结束', en: 'Ctrl-C ends' });
  process.stdout.write(`${CLEAR}${[...lines, '', end].slice(0, process.stdout.rows - 1).join('\n')}\n`);
}
