import type { Contract, Localised, Workspace } from '../../../contracts/types.js';
import { durationInWords } from '../../../contracts/duration.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { CLASSES } from '../../../policies/explain.js';
import { deliveryNames, unitName } from '../../../policies/words.js';
import type { CatalogueEntry } from '../../client/index.js';
import { sharing as sharingNames, state as stateNames } from '../../console/pages/home.js';
import { localMinute } from '../../console/time.js';
import { tableOption } from '../arguments.js';
import type { Command, Invocation } from '../command.js';
import { gatewayAs, gatewayOptions, someClient } from '../gateway-options.js';
import { folders, runningFor, text } from '../places.js';
import { knownDataset } from '../values.js';

type State = CatalogueEntry['state'];

/** How fresh each is, by the city that runs on the workspace; empty where none does. */
async function statesOf(call: Invocation, ids: readonly string[]): Promise<ReadonlyMap<string, State>> {
  const up = runningFor(call.values);
  const [api, pki] = [text(call.values['api']) ?? up?.api, text(call.values['pki']) ?? up?.pki];
  if (api === undefined || pki === undefined) return new Map();
  const client = text(call.values['as']) ?? someClient(pki);
  if (client === undefined) return new Map();
  const gateway = await gatewayAs(client, { ...call.values, api, pki });
  try {
    const found = await Promise.all(ids.map(async (id): Promise<[string, State]> => [id, (await gateway.catalogueEntry(id)).state]));
    return new Map(found);
  } finally {
    gateway.close();
  }
}

const providerOf = (workspace: Workspace, { authority }: Contract): Localised => workspace.authorities.get(authority)?.name ?? { zh: authority, en: authority };

function listed(call: Invocation, workspace: Workspace, contracts: readonly Contract[], states: ReadonlyMap<string, State>): void {
  const { language, words } = call;
  const zh = language === 'zh';
  const some = states.size > 0;
  const rows = contracts.map((contract) => {
    const state = states.get(contract.id);
    return {
      id: contract.id, name: words(contract.name), provider: words(providerOf(workspace, contract)), sharing: words(sharingNames[contract.sharing.attribute]),
      updated: durationInWords(contract.updateFrequencyText)?.[language] ?? contract.updateFrequencyText,
      status: state === undefined ? undefined : words(stateNames[state.status]), seen: state?.sourceTime, records: state?.records,
    };
  });
  call.json(contracts.map((contract) => ({
    id: contract.id, name: contract.name, provider: { id: contract.authority, name: providerOf(workspace, contract) }, sharing: contract.sharing.attribute, updateFrequency: contract.updateFrequencyText,
    ...(states.has(contract.id) ? { state: states.get(contract.id) } : {}),
  })));
  if (call.form === 'lines') for (const row of rows) call.say([row.id, row.name, row.provider, row.sharing, ...(some ? [row.status ?? '', row.seen ?? '', row.records ?? ''] : [])].join('  '));
  call.table({
    columns: [...(zh && call.form === 'table' ? [] : [zh ? '编号' : 'dataset']), ...(zh ? ['名称', '提供单位', '共享属性', '更新周期'] : ['name', 'provider', 'sharing', 'updated every']), ...(some ? (zh ? ['状态', '数据时间（北京时间）', '记录数'] : ['state', 'seen up to (UTC+8)', 'records']) : [])],
    rows: rows.map(({ id, name, provider, sharing, updated, status, seen, records }) => [...(zh && call.form === 'table' ? [] : [id]), name, provider, sharing, updated, ...(some ? [status, seen === undefined ? '' : localMinute(seen), records] : [])]),
  });
  if (!some && call.form !== 'csv') call.say(zh ? '系统未运行，故不列状态' : 'no city runs on the workspace, so that nothing is said of how fresh they are');
}

function described(call: Invocation, workspace: Workspace, contract: Contract, state: State | undefined): void {
  const { language, words } = call;
  const zh = language === 'zh';
  const { fields } = contract.latest;
  call.json({
    id: contract.id, name: contract.name, description: contract.description, provider: { id: contract.authority, name: providerOf(workspace, contract) }, subject: contract.subject, sharing: contract.sharing,
    updateFrequency: contract.updateFrequencyText, grading: contract.grading, fields: fields.map(({ path, title, classification, type, codelist, unit }) => ({ path, title, classification, type, ...(codelist === undefined ? {} : { codelist }), ...(unit === undefined ? {} : { unit }) })),
    ...(state === undefined ? {} : { state }),
  });
  const scheme = workspace.schemes.get(contract.subject.scheme)?.name;
  call.say(zh ? `${contract.name.zh}（${providerOf(workspace, contract).zh}）` : `${contract.id}: ${contract.name.en} (${providerOf(workspace, contract).en})`);
  call.say(words(contract.description));
  call.say(zh ? `主体：${scheme?.zh ?? contract.subject.scheme}；${sharingNames[contract.sharing.attribute].zh}；提供方式：${contract.sharing.delivery.map((one) => deliveryNames[one].zh).join('、')}` : `asked about by: ${contract.subject.scheme} (${scheme?.en ?? ''}); ${sharingNames[contract.sharing.attribute].en}; given by ${contract.sharing.delivery.join(', ')}`);
  if (state !== undefined) call.say(`${words(stateNames[state.status])}${state.sourceTime === undefined ? '' : zh ? `，数据截至 ${localMinute(state.sourceTime)}（北京时间）` : `, seen up to ${localMinute(state.sourceTime)} (UTC+8)`}${zh ? `；${state.records} 条记录` : `; ${state.records} records`}`);
  call.say('');
  const rows = fields.map(({ path, title, classification, type, codelist, unit }) => [
    ...(zh && call.form === 'table' ? [] : [path]), words(title), zh ? CLASSES[classification] : classification,
    ...(zh && call.form === 'table' ? [] : [type]), codelist === undefined ? '' : workspace.codelists.get(codelist)?.name[language] ?? codelist, unit === undefined ? '' : words(unitName(unit)),
  ]);
  if (call.form === 'lines') for (const row of rows) call.say(row.join('  ').trimEnd());
  call.table({ columns: zh ? [...(call.form === 'table' ? [] : ['字段']), '名称', '分类', ...(call.form === 'table' ? [] : ['类型']), '代码表', '单位'] : ['field', 'name', 'classification', 'type', 'code list', 'unit'], rows });
}

const command: Command = {
  summary: 'what the workspace shares: datasets, or the fields of one',
  zh: '数据目录：列出数据集，或一个数据集的字段',
  usage: '[<dataset>] [-o table|json|csv] [--workspace D]',
  takes: 1,
  examples: ['yitong catalogue', 'yitong catalogue samr.company-register', 'yitong catalogue -o csv > catalogue.csv'],
  options: {
    ...tableOption,
    ...gatewayOptions,
    as: { type: 'string', describe: 'the client by which a running city is asked how fresh they are; default: the first that has a certificate' },
  },
  async run(call) {
    const workspace = await loadWorkspace(folders(call.values).workspace, { allowUnregistered: true });
    const known: ReadonlyMap<string, Contract> = workspace.contracts;
    const [wanted] = call.positionals;
    if (wanted === undefined) {
      const contracts = [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
      listed(call, workspace, contracts, await statesOf(call, contracts.map(({ id }) => id)));
      return 0;
    }
    const contract = known.get(knownDataset(workspace, wanted));
    if (contract === undefined) return 0;
    described(call, workspace, contract, (await statesOf(call, [contract.id])).get(contract.id));
    return 0;
  },
};
export default command;
