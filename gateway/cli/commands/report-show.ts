import { YitongError } from '../../../contracts/errors.js';
import type { Command } from '../command.js';
import { gatewayOptions } from '../gateway-options.js';
import { text } from '../places.js';
import { askingFor, reportNamed, reportOption, sayModel } from '../report-options.js';

const command: Command = {
  summary: 'an issued report, as it was issued',
  usage: '<id> --for COMPANY [--json]',
  examples: ['yitong report show 29e668442f1bc32876215ccc325911db --for uscc:91…'],
  options: { report: { ...reportOption, describe: 'any report of the client that issued it' }, for: { type: 'string', describe: 'the company that asked for it, `uscc:91…`' }, ...gatewayOptions },
  async run(call) {
    const [id] = call.positionals;
    const subject = text(call.values['for']);
    if (id === undefined || subject === undefined) throw new YitongError('bad_request', 'name the report by its id, and the company with --for');
    return askingFor(call, await reportNamed(call.values), async (gateway) => {
      const shown = await gateway.showReport(id, subject);
      call.json(shown);
      sayModel(shown.model, call.say);
      return 0;
    });
  },
};
export default command;
