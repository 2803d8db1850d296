import { migrateView } from '../../answer/view/postgres/index.js';
import { text, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { declaredView } from '../view-options.js';

const command: Command = {
  summary: 'make the tables of the view on its servers, or bring them to this version',
  zh: '在数据库服务器上建立或升级数据视图的表',
  group: 'running',
  usage: '[--workspace D] [--json]',
  examples: ['yitong view migrate --workspace my-city'],
  options: { workspace: workspaceOption },
  async run(call) {
    const { declared, settings } = await declaredView(text(call.values['workspace']), 'own');
    try {
      const made: Record<string, number> = {};
      for (const { name, pool, schema } of declared.servers) {
        const steps = await migrateView(pool, schema, settings.user);
        made[name] = steps;
        call.say(steps === 0 ? `${name}: the tables are there` : `${name}: ${String(steps)} steps made`);
      }
      call.json({ made });
      return 0;
    } finally {
      await declared.close();
    }
  },
};
export default command;
