import type { Command } from '../command.js';
import { asClient, clientOption, sayFile } from '../file-options.js';
import { gatewayOptions } from '../gateway-options.js';

const command: Command = {
  summary: 'how far ordered files are: one, or all of the last 30 days',
  zh: '查看所申请文件的制作进度',
  usage: '[FILE] --as CLIENT',
  takes: 1,
  wanting: 'where the gateway refuses',
  examples: ['yitong file status --as transport-licensing'],
  options: { ...clientOption, ...gatewayOptions },
  async run(call) {
    const [id] = call.positionals;
    return await asClient(call, async (gateway) => {
      const files = id === undefined ? (await gateway.files()).files : [await gateway.file(id)];
      call.json(id === undefined ? { files } : files[0]);
      for (const file of files) sayFile(call, file);
      if (files.length === 0) call.say(call.language === 'zh' ? '没有申请过文件' : 'no file was ordered');
      return 0;
    });
  },
};
export default command;
