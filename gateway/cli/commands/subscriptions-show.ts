import type { Command } from '../command.js';
import { askingAs } from '../gateway-options.js';
import { clientOptions, namedOf, sayOf } from '../subscription-options.js';

const command: Command = {
  summary: 'one subscription of a client: what is decided of it now, and since when its receiver does not take it',
  zh: '查看某一变更订阅：当前是否准予，接收方自何时起未接收',
  usage: '<id> --as CLIENT [--json]',
  takes: 1,
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: ['yitong subscriptions show vehicles --as transport-licensing'],
  options: clientOptions,
  async run(call) {
    const { client, id } = namedOf(call);
    return await askingAs(client, call, async (gateway) => {
      const one = await gateway.subscription(id);
      call.json(one);
      sayOf(call, one);
      return 0;
    });
  },
};
export default command;
