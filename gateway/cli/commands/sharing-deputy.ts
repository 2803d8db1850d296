import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asking, officerIn, sayDeputies, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'hand the acts of a head who will be away to a deputy, or take them back',
  zh: '负责人不在岗时委托他人代行，或者收回',
  group: 'rights',
  usage:
    '[<hand-over to take back>] --as client --officer HEAD --role R ' +
    '[--deputy ID --deputy-name N --name N --from DAY --until DAY --reason WORDS]',
  takes: 1,
  wanting: { zh: '网关不予接收', en: 'where the gateway refuses' },
  examples: [
    'yitong sharing deputy --as transport-licensing --officer yu --role sharing-head --name 于科长 ' +
      '--deputy sun --deputy-name 孙副科长 --from 2026-12-07 --until 2026-12-11 --reason 赴外地培训',
    'yitong sharing deputy 3f0c2d9a41e87b36 --as transport-licensing --officer yu --role sharing-head',
  ],
  options: {
    deputy: { type: 'string', zh: '代行人员编号', describe: 'who stands in, by an id of your own department' },
    'deputy-name': { type: 'string', zh: '代行人员姓名', describe: 'how the department calls the deputy' },
    name: { type: 'string', zh: '负责人姓名', describe: 'how the department calls the head' },
    from: { type: 'string', zh: '第一天', describe: 'the first day, YYYY-MM-DD' },
    until: { type: 'string', zh: '最后一天', describe: 'the last day, YYYY-MM-DD' },
    reason: { type: 'string', zh: '事由（记入日志）', describe: 'why; it goes on record' },
    ...sharingOptions,
  },
  run: (call) => {
    const { values } = call;
    const officer = officerIn(values);
    if (officer === undefined) throw new WrongUsage('say with `--officer` and `--role` which head it is');
    const [id] = call.positionals;
    const given = (name: string): string => text(values[name]) ?? '';
    return asking(call, async (gateway) => {
      const { role } = officer;
      if (id === undefined && role !== 'sharing-head' && role !== 'department-head')
        throw new WrongUsage('`--role` is of a head: sharing-head, department-head');
      const made =
        id !== undefined
          ? await gateway.takeBack(id, { officer })
          : await gateway.handOver({
              officer,
              role: role === 'department-head' ? role : 'sharing-head',
              deputy: { id: given('deputy'), name: given('deputy-name') },
              name: given('name'),
              from: given('from'),
              until: given('until'),
              reason: given('reason'),
            });
      call.json(made);
      sayDeputies(call, made);
    });
  },
};
export default command;
