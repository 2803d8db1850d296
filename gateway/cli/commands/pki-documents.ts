import { text } from '../../ground/files/places.js';
import { issueDocumentSigner } from '../../operate/pki/authority.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

const command: Command = {
  summary: 'issue a certificate for signing documents from a development CA; a second time, the key is changed',
  zh: '由开发用证书机构签发文书签名证书；再次执行则更换密钥',
  usage: '--dir D --name NAME [--rsa]',
  examples: ['yitong pki documents --dir pki --name "Credit Information Centre"'],
  options: {
    dir: { type: 'string', describe: 'folder of the CA' },
    name: { type: 'string', describe: 'who signs, as it stands on documents' },
    rsa: { type: 'boolean', describe: 'an RSA key, for readers that take no other' },
  },
  async run({ values, say, json }) {
    const [dir, name] = [text(values['dir']), text(values['name'])];
    if (dir === undefined || name === undefined) {
      throw new WrongUsage('say `--dir` and `--name`');
    }
    const files = await issueDocumentSigner(dir, name, { rsa: values['rsa'] === true });
    say(`${files.cert}\n${files.key}`);
    json(files);
    return 0;
  },
};
export default command;
