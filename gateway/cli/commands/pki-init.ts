import { initPki, issueServer } from '../../operate/pki/authority.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

const command: Command = {
  summary: 'make a development CA with its revocation list and a server certificate',
  zh: '建立开发用证书机构、吊销列表和服务器证书',
  usage: '--dir D [--name HOST …]',
  examples: ['yitong pki init --dir pki', 'yitong pki init --dir pki --name gateway.city.example'],
  options: {
    dir: { type: 'string', describe: 'folder of the CA' },
    name: { type: 'string', multiple: true, describe: 'a further name or address of the server, beside localhost' },
  },
  async run({ values, say, json }) {
    const { dir, name } = values;
    if (typeof dir !== 'string') {
      throw new WrongUsage('`--dir` says where the CA is to stand');
    }
    const made = await initPki(dir);
    const server = await issueServer(dir, Array.isArray(name) ? name : []);
    say(
      made
        ? `a development CA stands in ${dir}; production brings its own`
        : `the CA in ${dir} was there already; the server certificate is new`,
    );
    json({ dir, made, server });
    return 0;
  },
};
export default command;
