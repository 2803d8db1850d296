import { present } from '../../../contracts/present.js';
import { list, text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asking, contentIn, fieldsIn, officerIn, sayMatter, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'take the next step of a matter of sharing',
  zh: '办理一个共享事项的下一步',
  group: 'rights',
  usage: '<matter> <act> --as client [--officer ID --role R] [--part D] [--field name=words …] [--content FILE]',
  takes: 2,
  wanting: { zh: '该步骤不能办理', en: 'where the step may not be taken' },
  examples: [
    'yitong sharing act 3f0c2d9a41e87b36 approve --as transport-licensing --officer yu --role sharing-head',
    'yitong sharing act 3f0c2d9a41e87b36 propose --as food-inspector --part samr.abnormal-list --content reply.json',
  ],
  options: {
    part: { type: 'string', zh: '该步骤针对的目录', describe: 'of an application with several datasets: which' },
    field: { type: 'string', zh: '填写的内容：名称=文字', describe: 'what is said: `name=words`', multiple: true },
    content: { type: 'string', zh: '申请或者答复的文件', describe: 'a file with the application or the reply' },
    clock: { type: 'string', zh: '延长的期限', describe: 'of `extend` and `consent`: which term' },
    days: { type: 'string', zh: '延长的天数', describe: 'of `extend`: how many days more' },
    ...sharingOptions,
  },
  run: (call) => {
    const [id, act] = call.positionals;
    if (id === undefined || act === undefined) throw new WrongUsage('name the matter and the act');
    const { values } = call;
    const days = text(values['days']);
    if (days !== undefined && !/^[1-9]\d{0,2}$/.test(days)) throw new WrongUsage('`--days` is a number from 1');
    return asking(call, async (gateway) => {
      const [part, clock] = [text(values['part']), text(values['clock'])];
      const made = await gateway.actOnMatter(id, {
        act,
        ...fieldsIn(list(values['field'])),
        ...(await contentIn(text(values['content']))),
        ...present({ officer: officerIn(values), part, clock, days: days === undefined ? undefined : Number(days) }),
      });
      call.json(made);
      sayMatter(call, made);
    });
  },
};
export default command;
