import { lookupReceipt } from '../../audit/receipts.js';
import type { Command } from '../command.js';
import { workspaceOption, dataOption, folders } from '../places.js';

/** What the log proves about one receipt. Exit 1 while it is not in the log. */
const command: Command = {
  summary: 'what the log proves about one receipt',
  usage: '<id> [--data D] [--proof] [--json]',
  examples: ['yitong audit receipt w1-5f3a9c01:1042', 'yitong audit receipt w1-5f3a9c01:1042 --proof > entry.tlog-proof'],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    proof: { type: 'boolean', describe: 'only the tlog-proof' },
  },
  async run(call) {
    const id = call.positionals[0];
    if (id === undefined) {
      console.error('name the receipt, `<journal>:<seq>`');
      return 2;
    }
    const found = lookupReceipt(folders(call.values).data, id);
    if (found.kind === 'not_yet') {
      call.json({ status: 'not_yet' });
      call.say(`\`${id}\` is not in the log`);
      return 1;
    }
    const { index, body, salt, erasedBy, proof } = found;
    call.json({ status: 'logged', index, body, ...(salt === undefined ? { erasedBy } : { salt: salt.toString('base64') }), proof });
    if (call.values['proof'] === true) {
      call.say(proof.replace(/\n$/, ''));
      return 0;
    }
    call.say(`entry ${index} of the log${erasedBy === undefined ? '' : `, salt erased by entry ${erasedBy}`}`);
    call.say(body);
    if (salt !== undefined) call.say(`salt ${salt.toString('base64')}`);
    call.say(proof);
    return 0;
  },
};
export default command;
