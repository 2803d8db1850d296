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
        const told = zh
          ? [
              `按期答复 ${answers.inTime}，逾期 ${answers.late}，逾期未复 ${answers.overdue}`,
              `按期提供 ${supplies.inTime}，逾期 ${supplies.late}`,
              `按期校核 ${corrections.inTime}，逾期 ${corrections.late}`,
              `提出申请 ${came}，授权 ${use.grants}，有使用记录 ${use.recorded}`,
            ]
          : [
              `answered in time ${answers.inTime}, late ${answers.late}, overdue ${answers.overdue}`,
              `supplied in time ${supplies.inTime}, late ${supplies.late}`,
              `corrections in time ${corrections.inTime}, late ${corrections.late}`,
              `applied ${came}, grants ${use.grants}, with a record of use ${use.recorded}`,
            ];
        say(zh ? `${authority}：${told.join('；')}` : `${authority}: ${told.join('; ')}`);
      }
    }),
};
export default command;
