import { keepHeld } from '../../../connectors/publish/index.js';
import { busOption } from '../bus.js';
import type { Command } from '../command.js';
import { idsOf, withHeld } from '../held.js';
import { dataOption, workspaceOption } from '../places.js';

const command: Command = {
  summary: 'records by name stay on record: somebody looked, and they are still on the register',
  usage: '<dataset> <id…> | --all [--workspace D] [--data D] [--bus kafka]',
  examples: ['yitong withdrawals keep samr.company-register Xv3kQ0aPz1LM', 'yitong withdrawals keep samr.company-register --all'],
  options: {
    all: { type: 'boolean', describe: 'all that are held of the dataset' },
    workspace: workspaceOption,
    data: dataOption,
    bus: busOption,
  },
  async run(call) {
    const ids = idsOf(call, call.positionals.slice(1));
    const done = await withHeld(call, (options) => keepHeld({ ...options, ids, turn: { signal: call.signal } }));
    call.say(`${done} ${done === 1 ? 'record' : 'records'} kept until the rows that hold them are mended or go`);
    call.json({ kept: done });
    return 0;
  },
};
export default command;
