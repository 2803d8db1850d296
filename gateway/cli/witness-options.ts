/** Options of commands that check cosignatures: which witnesses count, and how many must have signed. */
import { YitongError } from '../../contracts/errors.js';
import { list, text } from '../ground/files/places.js';
import { type WitnessPolicy, witnessPolicy } from '../log/proof/cosignature.js';

export const witnessFlags = {
  witness: {
    type: 'string',
    zh: '其共签有效的见证方公钥，可多次给出',
    multiple: true,
    describe: 'vkey of a witness whose cosignature counts; may be given several times',
  },
  required: {
    type: 'string',
    zh: '须有多少个见证方共签；默认：全部',
    describe: 'how many of them must have cosigned; default: all',
  },
} as const;

/** Undefined where none is named. @throws YitongError `bad_config`, `log_invalid` */
export function witnessesNamed(
  values: Readonly<Record<string, string | boolean | string[] | undefined>>,
): WitnessPolicy | undefined {
  const vkeys = list(values['witness']);
  const required = text(values['required']);
  if (required !== undefined && !/^[1-9]\d?$/.test(required))
    throw new YitongError('bad_config', '`--required` is a whole number above 0');
  if (vkeys.length === 0) {
    if (required !== undefined)
      throw new YitongError('bad_config', '`--required` needs the witnesses: `--witness VKEY`');
    return undefined;
  }
  return witnessPolicy(vkeys, required === undefined ? vkeys.length : Number(required));
}
