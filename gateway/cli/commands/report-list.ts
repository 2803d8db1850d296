import { YitongError } from '../../../contracts/errors.js';
import type { Command } from '../command.js';
import { gatewayOptions } from '../gateway-options.js';
import { text } from '../places.js';
import { askingFor, reportNamed, reportOption } from '../report-options.js';

const command: Command = {
  summary: 'the reports that a company asked for',
  usage: '--for COMPANY [--json]',
  examples: ['yitong report list --for uscc:91…'],
  options: { report: { ...reportOption, describe: 'any report of the client that issues it' }, for: { type: 'string', describe: 'the company, `uscc:91…`' }, ...gatewayOptions },
  async run(call) {
    const subject = text(call.values['for']);
    if (subject === undefined) throw new YitongError('bad_request', 'name the company with --for');
    return askingFor(call, await reportNamed(call.values), async (gateway) => {
      const { reports } = await gateway.listReports(subject);
      call.json({ reports });
      for (const { id, report, issuedAt, purpose, subjects, domains, keptUntil } of reports) call.say(`${id}  ${issuedAt}  ${report}  ${purpose}  ${String(subjects)} ${subjects === 1 ? 'company' : 'companies'}, ${String(domains)} domains  kept until ${keptUntil.slice(0, 10)}`);
      if (reports.length === 0) call.say('none');
      return 0;
    });
  },
};
export default command;
