import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AUDIT, dataOption, foldersThere, list, runningFor, text, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { offerOf } from '../region-offer.js';

const command: Command = {
  summary: 'the file by which another region comes to trust this installation',
  zh: '导出供其他地区建立互信的文件',
  group: 'running',
  usage: '[--workspace D] [--data D] [--purpose P …] [--dataset D …] [--out FILE]',
  examples: [
    'yitong region export --out yunzhou.region.json',
    'yitong region export --purpose licence-review --dataset samr.company-register',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    purpose: { type: 'string', multiple: true, describe: 'a purpose for which it may be asked; default: all' },
    dataset: { type: 'string', multiple: true, describe: 'a dataset that is offered; default: all that is shared' },
    out: { type: 'string', describe: 'where the file is written; default: on stdout' },
  },
  async run(call) {
    const there = foldersThere(call.values, AUDIT);
    const offer = await offerOf(there, runningFor(call.values), {
      purposes: list(call.values['purpose']),
      datasets: list(call.values['dataset']),
    });
    const written = `${JSON.stringify(offer, null, 2)}\n`;
    const out = text(call.values['out']);
    if (out === undefined) {
      call.json(offer);
      call.say(written.trimEnd());
      return 0;
    }
    await writeFile(out, written, { mode: 0o644 });
    call.json({ file: resolve(out) });
    call.say(resolve(out));
    call.say(`key of the log: ${offer.log.vkey}`);
    call.say('Tell the other side this key by another way than the file: by it they see that nobody changed it.');
    return 0;
  },
};
export default command;
