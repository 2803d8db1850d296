import { relative } from 'node:path';
import { registerSchemas } from '../../../contracts/register.js';
import { folders, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';

/** Gives each new schema version its id of the registry wire format; commit the file that it writes. */
const command: Command = {
  summary: 'gives ids to schema versions that have none',
  zh: '为尚无编号的模式分配编号',
  usage: '[--workspace D]',
  examples: ['yitong contracts register', 'yitong contracts register --workspace city'],
  options: { workspace: workspaceOption },
  async run(call) {
    const { added, file } = await registerSchemas(folders(call.values).workspace);
    for (const { dataset, version, id } of added) call.say(`${dataset} v${version} is ${id}`);
    call.say(added.length === 0 ? 'every schema has its id' : `written to ${relative(process.cwd(), file)}; commit it`);
    call.json({ added, file });
    return 0;
  },
};
export default command;
