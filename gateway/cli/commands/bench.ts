import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { YitongError } from '../../../contracts/errors.js';
import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { AlreadyTold } from '../failure.js';

const command: Command = {
  summary: 'the figures, each beside its reference in the same run',
  zh: '性能指标，每项与同次运行的参照并列',
  usage: '[--quick] [--only ID] [--records N] [--entries N] [--minutes N] [--json]',
  wanting: 'where a figure is below its floor',
  examples: [
    'yitong bench',
    'yitong bench --quick',
    'yitong bench --only query --json',
    'yitong bench --only flatness --records 10000000',
    'yitong bench --only pages --records 20000 --entries 20000',
  ],
  options: {
    only: {
      type: 'string',
      describe:
        'one figure: query, query-peer, publish, freshness, audit, audit-added-p99, memory, flatness, restart, ' +
        'rebuild, limits, held, integrate, replay, search, report-compute, report-single, report-batch, cases, ' +
        'cases-inbox, pages, file, steady (an hour, only where it is asked for)',
    },
    quick: {
      type: 'boolean',
      describe:
        'query, query-peer, freshness, audit, restart and report-compute in two minutes: fewer rounds, smaller cities',
    },
    records: {
      type: 'string',
      describe:
        'of the city of memory, flatness, restart, rebuild and file, default 1000000; of that of pages, default ' +
        '100000, with `--only pages` 1000000; rows of held, default 100000; entries of search, default 1000000, ' +
        'with `--only search` 10000000',
    },
    entries: {
      type: 'string',
      describe: 'of the log of the city of pages, default 100000, with `--only pages` 1000000',
    },
    minutes: { type: 'string', describe: 'how long `steady` takes, default 60' },
  },
  async run(call) {
    const [only, records, entries, minutes] = ['only', 'records', 'entries', 'minutes'].map((name) =>
      text(call.values[name]),
    );
    // the source stands in test/tools/bench: the product does not import its tests, so it starts them
    const main = fileURLToPath(new URL('../../../test/tools/bench/main.js', import.meta.url));
    if (!existsSync(main))
      throw new YitongError(
        'bad_config',
        'the figures are measured in a clone of the repository; this build is without its tests',
      );
    const child = spawn(
      process.execPath,
      [
        main,
        ...(call.values['quick'] === true ? ['--quick'] : []),
        ...(call.asJson ? ['--json'] : []),
        ...(only === undefined ? [] : ['--only', only]),
        ...(records === undefined ? [] : ['--records', records]),
        ...(entries === undefined ? [] : ['--entries', entries]),
        ...(minutes === undefined ? [] : ['--minutes', minutes]),
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    call.signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    if (code !== 0 && code !== 1) throw new AlreadyTold();
    return code;
  },
};
export default command;
