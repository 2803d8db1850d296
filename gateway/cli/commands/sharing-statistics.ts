import { present } from '../../../contracts/present.js';
import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { asking, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'figures of sharing over a period, of your department or of the level that it looks after',
  zh: '统计一个期间的共享情况：本部门的，或者主管的本级全部共享事项的',
  group: 'rights',
  usage: '--as client [--period 2026-Q3 | --from DAY --to DAY] [--role sharing-authority] [--json]',
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: [
    'yitong sharing statistics --as transport-licensing --period 2026-Q3',
    'yitong sharing statistics --as one-stop-counter --role sharing-authority --from 2026-07-01 --to 2026-09-30 --json',
  ],
  options: {
    period: {
      type: 'string',
      zh: '年、季度或者月；默认：本季度',
      describe: '`2026`, `2026-Q3`, `2026-09`; default now',
    },
    from: { type: 'string', zh: '自何日', describe: 'a day, with `--to`' },
    to: { type: 'string', zh: '至何日', describe: 'the last day' },
    ...sharingOptions,
  },
  run: (call) =>
    asking(call, async (gateway) => {
      const { values, say, language } = call;
      const [period, from, to, role] = ['period', 'from', 'to', 'role'].map((name) => text(values[name]));
      const found = await gateway.sharingStatistics(present({ period, from, to, role }));
      call.json(found);
      const zh = language === 'zh';
      say(zh ? `${found.from} 至 ${found.to}` : `${found.from} to ${found.to}`);
      for (const { authority, provides, requests, use } of found.departments) {
        const { answers, supplies, corrections } = provides.terms;
        const came = requests.machines['application']?.came ?? 0;
        say(
          zh
            ? `${authority}：按期答复 ${String(answers.inTime)}，逾期 ${String(answers.late)}，逾期未复 ${String(answers.overdue)}；按期提供 ${String(supplies.inTime)}，逾期 ${String(supplies.late)}；按期校核 ${String(corrections.inTime)}，逾期 ${String(corrections.late)}；提出申请 ${String(came)}，授权 ${String(use.grants)}，有使用记录 ${String(use.recorded)}`
            : `${authority}: answered in time ${String(answers.inTime)}, late ${String(answers.late)}, overdue ` +
                `${String(answers.overdue)}; supplied in time ${String(supplies.inTime)}, late ` +
                `${String(supplies.late)}; corrections in time ${String(corrections.inTime)}, late ` +
                `${String(corrections.late)}; applied ${String(came)}, grants ${String(use.grants)}, with a record ` +
                `of use ${String(use.recorded)}`,
        );
      }
    }),
};
export default command;
