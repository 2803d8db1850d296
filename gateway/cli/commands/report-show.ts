import { text } from '../../ground/files/places.js';
import { tableOption } from '../arguments.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { gatewayOptions } from '../gateway-options.js';
import { askingFor, reportNamed, reportOption, sayModel, showModel } from '../report-options.js';

const command: Command = {
  summary: 'an issued report, as it was issued',
  zh: '查看已出具的报告，内容与出具时一致',
  usage: '<id> --for COMPANY [-o table|json|csv]',
  takes: 1,
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: ['yitong report show 29e668442f1bc32876215ccc325911db --for uscc:91…'],
  options: {
    ...tableOption,
    report: { ...reportOption, describe: 'any report of the client that issued it' },
    for: { type: 'string', zh: '申请报告的企业', describe: 'the company that asked for it, `uscc:91…`' },
    ...gatewayOptions,
  },
  async run(call) {
    const [id] = call.positionals;
    const subject = text(call.values['for']);
    if (id === undefined || subject === undefined)
      throw new WrongUsage('name the report by its id, and the company with --for');
    return askingFor(call, await reportNamed(call.values), async (gateway) => {
      const shown = await gateway.showReport(id, subject);
      call.json(shown);
      if (call.form === 'lines') sayModel(shown.model, call.say);
      else if (call.form !== 'json') showModel(shown.model, call);
      return 0;
    });
  },
};
export default command;
