import { initPki, issueServer } from '../../pki/authority.js';
import { type Command } from '../command.js';

const command: Command = {
  summary: 'make a development CA with its revocation list and a server certificate',
  usage: '--dir D [--name HOST …]',
  examples: ['yitong pki init --dir pki', 'yitong pki init --dir pki --name gateway.city.example'],
  options: {
    dir: { type: 'string', describe: 'folder of the CA' },
    name: { type: 'string', multiple: true, describe: 'a further name or address of the server, beside localhost' },
  },
  async run({ values, say, json }) {
    const { dir, name } = values;
    if (typeof dir !== 'string') {
      console.error('`--dir` says where the CA is to stand');
      return 2;
    }
    const made = await initPki(dir);
    const server = await issueServer(dir, Array.isArray(name) ? name : []);
    say(made ? `a development CA stands in ${dir}; production brings its own` : `the CA in ${dir} was there already; the server certificate is new`);
    json({ dir, made, server });
    return 0;
  },
};
export default command;
