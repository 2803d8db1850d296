import type { Command } from '../command.js';
import { askingAs } from '../gateway-options.js';
import { clientOptions, namedOf } from '../subscription-options.js';

const command: Command = {
  summary: 'end a subscription of a client: nothing of it is told any more',
  zh: '终止变更订阅，不再告知任何变更',
  usage: '<id> --as CLIENT [--json]',
  takes: 1,
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: ['yitong subscriptions end vehicles --as transport-licensing'],
  options: clientOptions,
  async run(call) {
    const { client, id } = namedOf(call);
    return await askingAs(client, call, async (gateway) => {
      const last = await gateway.unsubscribe(id);
      call.json(last);
      call.say(call.language === 'zh' ? `${id} 已终止` : `${id} has ended`);
      return 0;
    });
  },
};
export default command;
