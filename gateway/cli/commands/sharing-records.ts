import { present } from '../../../contracts/present.js';
import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { asking, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'what is recorded of the use of grants, or of one; those without records first',
  zh: '查看共享数据使用情况记录，没有记录的授权在前',
  group: 'rights',
  usage: '[<grant>] --as client [--lacking] [--role R] [--json]',
  takes: 1,
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: [
    'yitong sharing records --as transport-licensing --lacking',
    'yitong sharing records a-3f0c2d9a41e87b36-0-0 --as transport-licensing',
  ],
  options: {
    lacking: { type: 'boolean', zh: '只列没有使用记录的授权', describe: 'only grants of which nothing is recorded' },
    ...sharingOptions,
  },
  run: (call) =>
    asking(call, async (gateway) => {
      const zh = call.language === 'zh';
      const [grant] = call.positionals;
      if (grant !== undefined) {
        const found = await gateway.useRecordsOf(grant);
        call.json(found);
        for (const { at, status, scenario, effect, storage, destruction } of found.records)
          call.say(`${at} ${status}\n  ${[scenario, effect, storage, destruction].join('\n  ')}`);
        if (found.records.length === 0) call.say(zh ? '没有记录' : 'none');
        return;
      }
      const lacking = call.values['lacking'] === true ? ({ lacking: 'true' } as const) : {};
      const found = await gateway.useRecords({ ...lacking, ...present({ role: text(call.values['role']) }) });
      call.json(found);
      for (const { grant: id, dataset, client, records, at, lacking: lacks } of found.grants) {
        const kept = zh ? `${String(records)} 条，最近 ${at ?? '–'}` : `${String(records)}, newest ${at ?? '–'}`;
        const none = zh ? '没有使用记录' : 'nothing is recorded';
        call.say(`${id} ${client} ${dataset} ${lacks ? none : kept}`);
      }
      if (found.grants.length === 0) call.say(zh ? '没有授权' : 'none');
    }),
};
export default command;
