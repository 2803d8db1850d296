import { readFile } from 'node:fs/promises';
import { present } from '../../../contracts/present.js';
import type { FileBody } from '../../client/index.js';
import { list, text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asClient, clientOption, sayFile } from '../file-options.js';
import { gatewayOptions } from '../gateway-options.js';

const FORMATS = ['csv', 'ndjson', 'avro'] as const;

const command: Command = {
  summary: 'order a file of what a grant allows',
  zh: '申请提取授权范围内的文件',
  usage: '--dataset D --purpose P --format csv|ndjson|avro --as CLIENT [--fields F] [--subject S …] [--receiver PEM]',
  wanting: 'where the gateway refuses',
  examples: [
    'yitong file order --dataset transport.vehicle-certificates --purpose overload-control --format csv ' +
      '--as transport-licensing',
  ],
  options: {
    dataset: { type: 'string', zh: '数据集', describe: 'the dataset' },
    purpose: { type: 'string', zh: '工作区登记的用途', describe: 'a purpose of the workspace' },
    format: { type: 'string', zh: '文件格式', describe: 'csv, ndjson or avro' },
    fields: {
      type: 'string',
      zh: '字段，以逗号分隔；默认为全部已授权字段',
      describe: 'fields, comma-separated; default all granted',
    },
    subject: {
      type: 'string',
      multiple: true,
      zh: '主体；默认：授权允许的全部主体',
      describe: 'a subject; default: all that the grant lets the client see',
    },
    receiver: {
      type: 'string',
      zh: '接收方公钥或者证书文件（PEM），文件按其加密',
      describe: 'file with the public key or certificate (PEM) for which it is encrypted',
    },
    'case-id': { type: 'string', zh: '办件编号', describe: '办件编号, the case at hand' },
    ...clientOption,
    ...gatewayOptions,
  },
  async run(call) {
    const { values } = call;
    const [dataset, purpose, format] = ['dataset', 'purpose', 'format'].map((name) => text(values[name]));
    if (dataset === undefined || purpose === undefined || !FORMATS.some((one) => one === format))
      throw new WrongUsage('a file names --dataset, --purpose and --format (csv, ndjson or avro)');
    const receiver = text(values['receiver']);
    const caseId = text(values['case-id']);
    const subjects = list(values['subject']);
    const body: FileBody = {
      dataset,
      purpose,
      format: format as FileBody['format'],
      ...present({ fields: text(values['fields'])?.split(',') }),
      ...(subjects.length === 0 ? {} : { subjects }),
      ...(receiver === undefined ? {} : { receiver: await readFile(receiver, 'utf8') }),
      ...(caseId === undefined ? {} : { case: { caseId } }),
    };
    return await asClient(call, async (gateway) => {
      const file = await gateway.orderFile(body);
      call.json(file);
      sayFile(call, file);
      return 0;
    });
  },
};
export default command;
