import { releaseHeld } from '../../../connectors/publish/index.js';
import { busOption } from '../bus.js';
import type { Command } from '../command.js';
import { idsOf, withHeld } from '../held.js';
import { dataOption, workspaceOption } from '../places.js';

const command: Command = {
  summary: 'withdraw records by name that left their register, whatever its guards say',
  usage: '<dataset> <id…> | --all [--workspace D] [--data D] [--bus kafka]',
  examples: ['yitong withdrawals release samr.company-register Xv3kQ0aPz1LM', 'yitong withdrawals release samr.company-register --all'],
  options: {
    all: { type: 'boolean', describe: 'all that are held of the dataset' },
    workspace: workspaceOption,
    data: dataOption,
    bus: busOption,
  },
  async run(call) {
    const ids = idsOf(call, call.positionals.slice(1));
    const done = await withHeld(call, (options) => releaseHeld({ ...options, ids, turn: { signal: call.signal } }));
    call.say(`${done} ${done === 1 ? 'record' : 'records'} withdrawn`);
    call.json({ withdrawn: done });
    return 0;
  },
};
export default command;
