import { writeFile } from 'node:fs/promises';
import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asking, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'what is attached to a matter of sharing; one of it into a file, or removed',
  zh: '查看共享事项的附件；保存或者删除其中一件',
  group: 'rights',
  usage: '<matter> [<attachment>] --as client [--out FILE] [--remove] [--json]',
  takes: 2,
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: [
    'yitong sharing files 3f0c2d9a41e87b36 --as food-inspector',
    'yitong sharing files 3f0c2d9a41e87b36 8b1f0c2d9a41e87b36d2a0c4b8e1f907 --as food-inspector --out basis.pdf',
  ],
  options: {
    out: { type: 'string', zh: '保存到文件', describe: 'where to write it; a file that is there is not overwritten' },
    remove: { type: 'boolean', zh: '删除本部门添加的附件', describe: 'removes one that you attached' },
    ...sharingOptions,
  },
  run: (call) => {
    const [matter, file] = call.positionals;
    const out = text(call.values['out']);
    if (matter === undefined) throw new WrongUsage('name the matter');
    if (file !== undefined && (out === undefined) !== (call.values['remove'] === true))
      throw new WrongUsage('say with `--out` where to write the attachment, or `--remove`');
    return asking(call, async (gateway) => {
      if (file !== undefined && out !== undefined) {
        await writeFile(out, await gateway.attachment(matter, file), { flag: 'wx' });
        call.say(out);
        return;
      }
      const found = file === undefined ? await gateway.attachments(matter) : await gateway.detach(matter, file);
      call.json(found);
      for (const { id, to, kind, type, size, digest } of found.attachments)
        call.say(`${id} ${to} ${kind} ${type} ${String(size)} SHA-256 ${digest}`);
      if (found.attachments.length === 0) call.say(call.language === 'zh' ? '没有附件' : 'none');
    });
  },
};
export default command;
