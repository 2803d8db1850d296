import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { gatewayOptions } from '../gateway-options.js';
import { askingFor, reportNamed, reportOption } from '../report-options.js';

const command: Command = {
  summary: 'revoke an issued report with its credentials, for good',
  zh: '撤销已出具的报告及其凭证，不可恢复',
  usage: '<id> --reason TEXT [--json]',
  takes: 1,
  wanting: 'where the gateway refuses',
  examples: ['yitong report revoke 29e668442f1bc32876215ccc325911db --reason "issued to somebody else"'],
  options: {
    report: { ...reportOption, describe: 'any report of the client that issued it' },
    reason: { type: 'string', describe: 'why; stands in the log, for the company and auditors' },
    ...gatewayOptions,
  },
  async run(call) {
    const [id] = call.positionals;
    const reason = text(call.values['reason']);
    if (id === undefined || reason === undefined)
      throw new WrongUsage('name the report by its id, and say why with --reason');
    return askingFor(call, await reportNamed(call.values), async (gateway) => {
      const done = await gateway.revokeReport(id, reason);
      call.json(done);
      call.say(
        `revoked since ${done.revokedAt}: its code says so at once, verifiers of its credentials ` +
          `(${String(done.credentials)}) see it within a minute`,
      );
      return 0;
    });
  },
};
export default command;
