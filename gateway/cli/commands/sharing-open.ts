import { present } from '../../../contracts/present.js';
import { list, text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asking, contentIn, fieldsIn, officerIn, sayMatter, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'begin a matter of sharing that is no application: a dispute, a widening, …',
  zh: '发起共享申请以外的共享事项，如共享争议、扩大范围',
  group: 'rights',
  usage: '<machine> <act> --as client [--content FILE] [--subject S] [--field name=words …] [--officer ID --role R]',
  takes: 2,
  wanting: { zh: '不能发起', en: 'where it may not begin so' },
  examples: ['yitong sharing open dispute raise --as transport-licensing --content dispute.json --field about=范围'],
  options: {
    content: { type: 'string', zh: '事项内容的文件', describe: 'a file with what it is about: `{ "grant": … }`' },
    subject: { type: 'string', zh: '校核纠错：记录所属的主体', describe: 'of a correction: whose record it is' },
    field: { type: 'string', zh: '填写的内容：名称=文字', describe: 'what is said: `name=words`', multiple: true },
    ...sharingOptions,
  },
  run: (call) => {
    const [machine, act] = call.positionals;
    if (machine === undefined || act === undefined) throw new WrongUsage('name the kind of matter and the act');
    const { values } = call;
    return asking(call, async (gateway) => {
      const made = await gateway.openMatter({
        machine,
        act,
        ...fieldsIn(list(values['field'])),
        ...(await contentIn(text(values['content']))),
        ...present({ officer: officerIn(values), subject: text(values['subject']) }),
      });
      call.json(made);
      sayMatter(call, made);
    });
  },
};
export default command;
