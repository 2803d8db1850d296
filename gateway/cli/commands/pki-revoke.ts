import { revoke } from '../../pki/authority.js';
import { type Command } from '../command.js';

const command: Command = {
  summary: 'revoke a certificate of a development CA, or renew its revocation list',
  usage: '[<client> | <serial>] --dir D',
  examples: ['yitong pki revoke credit-platform --dir pki', 'yitong pki revoke --dir pki'],
  options: { dir: { type: 'string', describe: 'folder of the CA' } },
  async run({ values, positionals, say, json }) {
    const { dir } = values;
    if (typeof dir !== 'string' || positionals.length > 1) {
      console.error('say `--dir`, and at most one client or serial number');
      return 2;
    }
    const revoked = await revoke(dir, positionals[0]);
    say(positionals.length === 0 ? 'the list is renewed' : revoked.length === 0 ? 'it was revoked already; the list is renewed' : `revoked: ${revoked.join(', ')}`);
    json({ revoked });
    return 0;
  },
};
export default command;
