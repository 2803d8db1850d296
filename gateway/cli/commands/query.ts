import { errorWordsOf } from '../../../contracts/error-words.js';
import type { Localised } from '../../../contracts/localised.js';
import { present } from '../../../contracts/present.js';
import { reasonWords } from '../../../policies/words.js';
import { type DatasetAnswer, GatewayError, type QueryBody, receiptId } from '../../client/index.js';
import { folders, text } from '../../ground/files/places.js';
import { localMinute } from '../../ground/language/time.js';
import { state as stateNames } from '../../http/console/home/page.js';
import { tableOption } from '../arguments.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { gatewayAs, gatewayOptions, sandboxOption } from '../gateway-options.js';
import { type Column, type Table, tabled } from '../table.js';
import { type Leaf, leavesOf, type Naming, namingAt } from '../values.js';

interface Valued {
  readonly dataset: string;
  /** Of the answer's records of the dataset, from 1. */
  readonly record: number;
  readonly leaf: Leaf;
}

/** A row a value, with names beside codes. */
function columnsOf(
  naming: Naming,
  { form, language }: Pick<Invocation, 'form' | 'language'>,
): readonly Column<Valued>[] {
  const code = ({ dataset, leaf: { field, value } }: Valued): string | undefined => naming.code(dataset, field, value);
  const columns: readonly Column<Valued>[] = [
    { zh: '记录', en: 'record', cell: ({ record }) => record },
    { zh: '字段编号', en: 'field', id: true, cell: ({ leaf }) => leaf.path },
    { zh: '字段', en: 'name', cell: ({ dataset, leaf: { field, path } }) => naming.field(dataset, field) ?? path },
  ];
  if (form === 'csv') {
    return [
      { zh: '数据集编号', en: 'dataset', cell: ({ dataset }) => dataset },
      { zh: '数据集', en: 'dataset name', cell: ({ dataset }) => naming.dataset(dataset) },
      ...columns,
      { zh: '内容', en: 'value', cell: ({ leaf }) => leaf.value },
      { zh: '内容名称', en: 'value name', cell: code },
    ];
  }
  const beside = (row: Valued): string => {
    const name = code(row);
    return name === undefined ? row.leaf.value : language === 'zh' ? name : `${row.leaf.value}  ${name}`;
  };
  return [...columns, { zh: '内容', en: 'value', cell: beside }];
}

function tabulate(
  answers: readonly DatasetAnswer[],
  naming: Naming,
  call: Pick<Invocation, 'form' | 'language'>,
): Table {
  const rows = answers.flatMap(({ id, records }) =>
    records.flatMap(({ record }, i) => leavesOf(record).map((leaf): Valued => ({ dataset: id, record: i + 1, leaf }))),
  );
  return { ...tabled(columnsOf(naming, call), rows, call), whole: true };
}

/** `current`, or why not, and up to when the source was seen. */
function stateOf({ status, reason, sourceTime }: DatasetAnswer): Localised {
  const words = Object.hasOwn(stateNames, status)
    ? stateNames[status as keyof typeof stateNames]
    : { zh: status === 'denied' ? '不予提供' : '暂不可用', en: status };
  const why = reason === undefined ? undefined : reasonWords(reason);
  const seen = sourceTime === undefined ? undefined : localMinute(sourceTime);
  return {
    zh: `${words.zh}${why === undefined ? '' : `（${why.zh}）`}${seen === undefined ? '' : `，数据截至 ${seen}（北京时间）`}`,
    en:
      `${words.en}` +
      (why === undefined ? '' : ` (${reason ?? ''}: ${why.en})`) +
      (seen === undefined ? '' : `, seen up to ${seen} (UTC+8)`),
  };
}

/** In a terminal: a table a dataset, and what has to be said beside it. */
function showTables(answers: readonly DatasetAnswer[], naming: Naming, call: Invocation): void {
  const zh = call.language === 'zh';
  if (call.form === 'csv') return call.table(tabulate(answers, naming, call));
  for (const answer of answers) {
    const { id, status, records, withheld, cursor } = answer;
    const name = naming.dataset(id) ?? id;
    call.say('');
    call.say(zh ? `${name}：${stateOf(answer).zh}` : `${name} (${id}): ${stateOf(answer).en}`);
    if (status === 'current' && records.length === 0) call.say(zh ? '无记录' : 'none on record');
    if (records.length > 0) call.table(tabulate([answer], naming, call));
    const kept = withheld.map(
      ({ field, reason }) =>
        `${naming.field(id, field) ?? field}` +
        (zh ? `（${reasonWords(reason).zh}）` : ` (${reason}: ${reasonWords(reason).en})`),
    );
    if (kept.length > 0) call.say(zh ? `不予提供：${kept.join('、')}` : `withheld: ${kept.join('; ')}`);
    if (cursor !== undefined) call.say(zh ? `还有记录：--cursor ${cursor}` : `more: --cursor ${cursor}`);
  }
}

function show(answer: DatasetAnswer, say: (line: string) => void): void {
  const time = answer.sourceTime === undefined ? '' : `, source seen up to ${answer.sourceTime}`;
  say(`\n${answer.id}: ${answer.status}${answer.reason === undefined ? '' : ` (${answer.reason})`}${time}`);
  if (answer.status === 'current' && answer.records.length === 0) say('  none on record');
  for (const { record } of answer.records) say(`  ${JSON.stringify(record, null, 2).replaceAll('\n', '\n  ')}`);
  if (answer.withheld.length > 0)
    say(`  withheld: ${answer.withheld.map(({ field, reason }) => `${field} (${reason})`).join(', ')}`);
  if (answer.cursor !== undefined) say(`  more: --cursor ${answer.cursor}`);
}

const INVENTED: Localised = {
  zh: '沙箱中的答复：数据全部虚构，未读取任何部门的登记。',
  en: 'answered in the sandbox: all data are invented, no register was read',
};

/** What the words of the command ask; undefined where a part of it is missing. */
function questionOf({ values, positionals: [subject] }: Invocation): QueryBody | undefined {
  const [datasets, purpose] = [text(values['datasets']), text(values['purpose'])];
  if (subject === undefined || datasets === undefined || purpose === undefined) return undefined;
  const fields = text(values['fields'])?.split(',');
  const cursor = text(values['cursor']);
  const stated = present({
    item: text(values['item']),
    caseId: text(values['case-id']),
    actor: text(values['actor']),
  });
  return {
    purpose,
    subject,
    datasets: datasets.split(',').map((id) => ({ id, ...present({ fields, cursor }) })),
    ...(Object.keys(stated).length === 0 ? {} : { case: stated }),
    ...present({ asOf: text(values['as-of']) }),
  };
}

/** @throws WrongUsage for what has to do with a past or with pages: the sandbox has neither */
function checkSandbox({ asOf, datasets }: QueryBody): void {
  if (asOf !== undefined || datasets.some(({ cursor }) => cursor !== undefined))
    throw new WrongUsage('the sandbox has neither a past nor pages: leave out `--as-of` and `--cursor`');
}

const command: Command = {
  summary: 'ask about a subject across departments, from a shell',
  zh: '从终端跨部门查询一个主体',
  usage: '<subject> --datasets a,b --purpose p --as client [--sandbox] [-o table|json|csv]',
  takes: 1,
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: [
    'yitong query uscc:91… --datasets samr.company-register,tax.registration --purpose licence-review --as one-window',
  ],
  options: {
    datasets: { type: 'string', zh: '数据集，以逗号分隔', describe: 'dataset ids, comma-separated' },
    fields: {
      type: 'string',
      zh: '各数据集的字段，以逗号分隔；默认为全部已授权字段',
      describe: 'fields of every dataset, comma-separated; default all granted',
    },
    purpose: { type: 'string', zh: '工作区登记的用途', describe: 'a purpose of the workspace' },
    as: {
      type: 'string',
      zh: '以哪个应用的身份查询',
      describe: 'the client to ask as; its certificate stands in the PKI folder',
    },
    item: { type: 'string', zh: '事项编码', describe: '事项编码, the administrative item' },
    'case-id': { type: 'string', zh: '办件编号', describe: '办件编号, the case at hand' },
    actor: { type: 'string', zh: '经办人', describe: '经办人, who handles it' },
    'as-of': {
      type: 'string',
      zh: '按截至该时间已发布的内容答复',
      describe: 'answer as published up to this time (ISO 8601)',
    },
    cursor: {
      type: 'string',
      zh: '从上次答复停止处继续',
      describe: 'go on where an earlier answer of one dataset stopped',
    },
    sandbox: sandboxOption,
    ...tableOption,
    ...gatewayOptions,
  },
  async run(call) {
    const client = text(call.values['as']);
    const question = questionOf(call);
    if (question === undefined || client === undefined)
      throw new WrongUsage('a query names a subject, --datasets, --purpose and --as');
    const sandbox = call.values['sandbox'] === true;
    if (sandbox) checkSandbox(question);
    const gateway = await gatewayAs(client, call.values);
    const shown = async (answers: readonly DatasetAnswer[]): Promise<void> => {
      if (sandbox && answers.length > 0) call.say(call.words(INVENTED));
      if (call.form === 'lines') for (const answer of answers) show(answer, call.say);
      else if (call.form !== 'json')
        showTables(answers, await namingAt(folders(call.values).workspace, call.language), call);
    };
    try {
      const answer = sandbox ? await gateway.sandboxQuery(question) : await gateway.query(question);
      call.json(answer);
      await shown(answer.datasets);
      call.say(
        call.language === 'zh' ? `\n回执 ${receiptId(answer.receipt)}` : `\nreceipt ${receiptId(answer.receipt)}`,
      );
      return 0;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      call.json(error.problem);
      if (call.form === 'csv') console.error(`${error.message} [${error.code}]`);
      call.say(call.language === 'zh' ? errorWordsOf(error.code).zh : `${error.code}: ${error.message}`);
      await shown(error.denial?.datasets ?? []);
      return 1;
    } finally {
      gateway.close();
    }
  },
};
export default command;
