import { runningFor, text, workspaceOption } from '../../ground/files/places.js';
import { revoke } from '../../operate/pki/authority.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

const command: Command = {
  summary: 'revoke a certificate of a development CA, or renew its revocation list',
  zh: '吊销开发用证书，或更新吊销列表',
  usage: '[<client> | <serial>] [--dir D] [--workspace W]',
  takes: 1,
  examples: [
    'yitong pki revoke credit-platform',
    'yitong pki revoke credit-platform --dir pki',
    'yitong pki revoke --dir pki',
  ],
  options: {
    dir: { type: 'string', describe: 'folder of the CA; default: that of the city that runs on the workspace' },
    workspace: workspaceOption,
  },
  async run({ values, positionals, say, json }) {
    const dir = text(values['dir']) ?? runningFor(values)?.pki;
    if (dir === undefined)
      throw new WrongUsage('`--dir` says where the CA stands; without it, that of a city that runs here');
    const revoked = await revoke(dir, positionals[0]);
    say(
      positionals.length === 0
        ? 'the list is renewed'
        : revoked.length === 0
          ? 'it was revoked already; the list is renewed'
          : `revoked: ${revoked.join(', ')}`,
    );
    json({ revoked });
    return 0;
  },
};
export default command;
