import { readFile } from 'node:fs/promises';
import { present } from '../../../contracts/present.js';
import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asking, sharingOptions } from '../sharing-options.js';

const KINDS = ['basis', 'necessity', 'security', 'reply', 'evidence', 'other'] as const;

const command: Command = {
  summary: 'attach a file to an application, a reply or a correction',
  zh: '为共享申请、答复或者数据校核添加附件',
  group: 'rights',
  usage: '<matter> <file> --as client [--to application|reply/DATASET|record] [--kind K] [--json]',
  takes: 2,
  wanting: { zh: '网关不予接收', en: 'where the gateway refuses' },
  examples: [
    'yitong sharing attach 3f0c2d9a41e87b36 basis.pdf --as transport-licensing --kind basis',
    'yitong sharing attach 3f0c2d9a41e87b36 reply.ofd --as food-inspector --to reply/samr.abnormal-list --kind reply',
  ],
  options: {
    to: {
      type: 'string',
      zh: '附于申请、对某一目录的答复或者数据校核；默认：唯一可附之处',
      describe: 'to what: `application`, `reply/<dataset>`, `record`; default: the one place that there is',
    },
    kind: { type: 'string', zh: '附件种类；默认：other', describe: 'what it is of; default `other`', values: KINDS },
    ...sharingOptions,
  },
  run: async (call) => {
    const [matter, file] = call.positionals;
    if (matter === undefined || file === undefined) throw new WrongUsage('name the matter and the file');
    const bytes = await readFile(file).catch(() => {
      throw new WrongUsage('the file cannot be read');
    });
    const kind = KINDS.find((one) => one === text(call.values['kind'])) ?? 'other';
    return asking(call, async (gateway) => {
      const made = await gateway.attach(matter, { ...present({ to: text(call.values['to']) }), kind }, bytes);
      call.json(made);
      call.say(`${made.id} ${made.type} ${String(made.size)} SHA-256 ${made.digest}`);
    });
  },
};
export default command;
