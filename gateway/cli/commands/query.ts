import { YitongError } from '../../../contracts/errors.js';
import { GatewayError, receiptId, type DatasetAnswer } from '../../client/index.js';
import { gatewayOptions, gatewayAs } from '../gateway-options.js';
import { text } from '../places.js';
import type { Command } from '../command.js';

function show(answer: DatasetAnswer, say: (line: string) => void): void {
  const time = answer.sourceTime === undefined ? '' : `, source seen up to ${answer.sourceTime}`;
  say(`\n${answer.id}: ${answer.status}${answer.reason === undefined ? '' : ` (${answer.reason})`}${time}`);
  if (answer.status === 'current' && answer.records.length === 0) say('  none on record');
  for (const { record } of answer.records) say(`  ${JSON.stringify(record, null, 2).replaceAll('\n', '\n  ')}`);
  if (answer.withheld.length > 0) say(`  withheld: ${answer.withheld.map(({ field, reason }) => `${field} (${reason})`).join(', ')}`);
  if (answer.cursor !== undefined) say(`  more: --cursor ${answer.cursor}`);
}

const command: Command = {
  summary: 'ask about a subject across departments, from a shell',
  usage: '<subject> --datasets a,b --purpose p --as client [--json]',
  examples: ['yitong query uscc:91… --datasets samr.company-register,tax.registration --purpose licence-review --as one-window'],
  options: {
    datasets: { type: 'string', describe: 'dataset ids, comma-separated' },
    fields: { type: 'string', describe: 'fields of every dataset, comma-separated; default all granted' },
    purpose: { type: 'string', describe: 'a purpose of the workspace' },
    as: { type: 'string', describe: 'the client to ask as; its certificate stands in the PKI folder' },
    item: { type: 'string', describe: '事项编码, the administrative item' },
    'case-id': { type: 'string', describe: '办件编号, the case at hand' },
    actor: { type: 'string', describe: '经办人, who handles it' },
    'as-of': { type: 'string', describe: 'answer as published up to this time (ISO 8601)' },
    cursor: { type: 'string', describe: 'go on where an earlier answer of one dataset stopped' },
    ...gatewayOptions,
  },
  async run(call) {
    const subject = call.positionals[0];
    const datasets = text(call.values['datasets']);
    const purpose = text(call.values['purpose']);
    const client = text(call.values['as']);
    if (subject === undefined || datasets === undefined || purpose === undefined || client === undefined) {
      throw new YitongError('bad_request', 'a query names a subject, --datasets, --purpose and --as; see `yitong query --help`');
    }
    const fields = text(call.values['fields'])?.split(',');
    const cursor = text(call.values['cursor']);
    const item = text(call.values['item']);
    const caseId = text(call.values['case-id']);
    const actor = text(call.values['actor']);
    const asOf = text(call.values['as-of']);
    const gateway = await gatewayAs(client, call.values);
    try {
      const answer = await gateway.query({
        purpose,
        subject,
        datasets: datasets.split(',').map((id) => ({ id, ...(fields === undefined ? {} : { fields }), ...(cursor === undefined ? {} : { cursor }) })),
        ...(item ?? caseId ?? actor) === undefined ? {} : { case: { ...(item === undefined ? {} : { item }), ...(caseId === undefined ? {} : { caseId }), ...(actor === undefined ? {} : { actor }) } },
        ...(asOf === undefined ? {} : { asOf }),
      });
      call.json(answer);
      for (const dataset of answer.datasets) show(dataset, call.say);
      call.say(`\nreceipt ${receiptId(answer.receipt)}`);
      return 0;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      call.json(error.problem);
      call.say(`${error.code}: ${error.message}`);
      for (const dataset of error.denial?.datasets ?? []) show(dataset, call.say);
      return 1;
    } finally {
      gateway.close();
    }
  },
};
export default command;
