import { moveSlice, SLICES } from '../../answer/view/postgres/index.js';
import { text, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { declaredView } from '../view-options.js';

const command: Command = {
  summary: 'move a slice of the view to another server, while questions are answered',
  zh: '将数据视图的一个分片迁移到另一台服务器，期间照常应答',
  group: 'running',
  usage: '<slice> --to SERVER [--from SERVER] [--workspace D] [--json]',
  takes: 1,
  examples: ['yitong view move 17 --to south --workspace my-city'],
  options: {
    to: { type: 'string', describe: 'name of the server that is to have it, as `view.servers` names it' },
    from: { type: 'string', describe: 'name of the server that has it; default: as `view.slices` says' },
    workspace: workspaceOption,
  },
  async run(call) {
    const [word = ''] = call.positionals;
    const slice = /^\d{1,4}$/.test(word) ? Number(word) : SLICES;
    const to = text(call.values['to']);
    if (slice >= SLICES || to === undefined)
      throw new WrongUsage(`name the slice, 0 to ${String(SLICES - 1)}, and the server that is to have it with --to`);
    const { declared } = await declaredView(text(call.values['workspace']), 'write');
    try {
      const from = text(call.values['from']) ?? declared.serverOf(slice);
      const named = (name: string) => {
        const found = declared.servers.find((server) => server.name === name);
        if (found === undefined) throw new WrongUsage(`\`view.servers\` names no server \`${name}\``);
        return found;
      };
      if (from === to) throw new WrongUsage(`the server \`${to}\` has the slice already, as \`view.slices\` says`);
      const began = Date.now();
      await moveSlice(slice, named(from), named(to));
      const ms = Date.now() - began;
      call.json({ slice, from, to, ms });
      call.say(
        `slice ${String(slice)} is on \`${to}\` (${String(ms)} ms); questions find it there by themselves. Say so in ` +
          '`view.slices` before the gateways start anew',
      );
      return 0;
    } finally {
      await declared.close();
    }
  },
};
export default command;
