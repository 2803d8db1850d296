import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from '../../ground/files/places.js';
import { openCosigner } from '../../log/proof/cosignature.js';
import { openSigner } from '../../log/store/signer.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

/** Makes the key of a witness, or shows the vkey of one that is there. */
const command: Command = {
  summary: 'make the key of a witness and print its vkey',
  zh: '生成见证方密钥并显示其公钥',
  usage: '--key FILE --name NAME [--json]',
  examples: ['yitong witness key --key witness.key --name witness.example/w1'],
  options: {
    key: { type: 'string', describe: 'PEM file of the key; made if it is not there' },
    name: { type: 'string', describe: "key name: a URL without its scheme, as in the witness's configuration" },
  },
  async run({ values, say, json }) {
    const key = text(values['key']);
    const name = text(values['name']);
    if (key === undefined || name === undefined) {
      throw new WrongUsage('`--key` says where the key is to stand, `--name` how the witness is called');
    }
    const made = !existsSync(key);
    const { vkey } = openCosigner(name, openSigner(resolve(key), name).privateKey);
    say(vkey);
    json({ made, key, name, vkey });
    return 0;
  },
};
export default command;
