import { join } from 'node:path';
import { durationInWords } from '../../../contracts/duration.js';
import { YitongError } from '../../../contracts/errors.js';
import { toCatalogueCsv } from '../../../contracts/exchange/csv.js';
import { exchanged } from '../../../contracts/exchange/model.js';
import { toDcat } from '../../../contracts/exchange/write-dcat.js';
import { present } from '../../../contracts/present.js';
import type { Contract, FieldInfo, Localised, Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { CLASSES } from '../../../policies/explain.js';
import { deliveryNames, unitName } from '../../../policies/words.js';
import type { CatalogueEntry } from '../../client/index.js';
import { readSettings } from '../../ground/config/index.js';
import { folders, runningFor, text } from '../../ground/files/places.js';
import { localMinute } from '../../ground/language/time.js';
import { sharing as sharingNames, state as stateNames } from '../../http/console/home/page.js';
import { tableOption } from '../arguments.js';
import type { Command, Invocation } from '../command.js';
import { gatewayAs, gatewayOptions, someClient } from '../gateway-options.js';
import { type Column, tabled } from '../table.js';
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
    const found = await Promise.all(
      ids.map(async (id): Promise<[string, State]> => [id, (await gateway.catalogueEntry(id)).state]),
    );
    return new Map(found);
  } finally {
    gateway.close();
  }
}

const providerOf = (workspace: Workspace, { authority }: Contract): Localised =>
  workspace.authorities.get(authority)?.name ?? { zh: authority, en: authority };

interface Listed {
  readonly contract: Contract;
  readonly provider: Localised;
  readonly state: State | undefined;
}

function listColumns({ language, words }: Invocation, some: boolean): readonly Column<Listed>[] {
  const columns: readonly Column<Listed>[] = [
    { zh: '编号', en: 'dataset', id: true, cell: ({ contract }) => contract.id },
    { zh: '名称', en: 'name', cell: ({ contract }) => words(contract.name) },
    { zh: '提供单位', en: 'provider', cell: ({ provider }) => words(provider) },
    { zh: '共享属性', en: 'sharing', cell: ({ contract }) => words(sharingNames[contract.sharing.attribute]) },
    {
      zh: '更新周期',
      en: 'updated every',
      cell: ({ contract: { updateFrequencyText: text } }) => durationInWords(text)?.[language] ?? text,
    },
  ];
  const fresh: readonly Column<Listed>[] = [
    { zh: '状态', en: 'state', cell: ({ state }) => (state === undefined ? '' : words(stateNames[state.status])) },
    {
      zh: '数据时间（北京时间）',
      en: 'seen up to (UTC+8)',
      cell: ({ state }) => (state?.sourceTime === undefined ? '' : localMinute(state.sourceTime)),
    },
    { zh: '记录数', en: 'records', cell: ({ state }) => state?.records },
  ];
  return some ? [...columns, ...fresh] : columns;
}

function listed(
  call: Invocation,
  workspace: Workspace,
  contracts: readonly Contract[],
  states: ReadonlyMap<string, State>,
): void {
  const rows = contracts.map(
    (contract): Listed => ({ contract, provider: providerOf(workspace, contract), state: states.get(contract.id) }),
  );
  call.json(
    rows.map(
      ({ contract: { id, name, authority, sharing, updateFrequencyText: updateFrequency }, provider, state }) => ({
        id,
        name,
        provider: { id: authority, name: provider },
        sharing: sharing.attribute,
        updateFrequency,
        ...present({ state }),
      }),
    ),
  );
  const table = tabled(listColumns(call, states.size > 0), rows, call);
  if (call.form === 'lines') for (const row of table.rows) call.say(row.join('  '));
  call.table(table);
  if (states.size === 0)
    call.say(
      call.words({
        zh: '系统未运行，故不列状态',
        en: 'no city runs on the workspace, so that nothing is said of how fresh they are',
      }),
    );
}

function fieldColumns({ language, words }: Invocation, { codelists }: Workspace): readonly Column<FieldInfo>[] {
  return [
    { zh: '字段编号', en: 'field', id: true, cell: ({ path }) => path },
    { zh: '字段', en: 'name', cell: ({ title }) => words(title) },
    {
      zh: '分类',
      en: 'classification',
      cell: ({ classification }) => (language === 'zh' ? CLASSES[classification] : classification),
    },
    { zh: '类型', en: 'type', id: true, cell: ({ type }) => type },
    {
      zh: '代码表',
      en: 'code list',
      cell: ({ codelist }) => (codelist === undefined ? '' : (codelists.get(codelist)?.name[language] ?? codelist)),
    },
    { zh: '单位', en: 'unit', cell: ({ unit }) => (unit === undefined ? '' : words(unitName(unit))) },
  ];
}

function described(call: Invocation, workspace: Workspace, contract: Contract, state: State | undefined): void {
  const {
    id,
    name,
    description,
    subject,
    sharing,
    updateFrequencyText: updateFrequency,
    grading,
    latest: { fields },
  } = contract;
  const { words } = call;
  const provider = providerOf(workspace, contract);
  call.json({
    id,
    name,
    description,
    provider: { id: contract.authority, name: provider },
    subject,
    sharing,
    updateFrequency,
    grading,
    fields: fields.map(({ path, title, classification, type, codelist, unit }) => ({
      path,
      title,
      classification,
      type,
      ...present({ codelist, unit }),
    })),
    ...present({ state }),
  });
  const scheme = workspace.schemes.get(subject.scheme)?.name;
  const given = sharing.delivery.map((one) => deliveryNames[one]);
  call.say(words({ zh: `${name.zh}（${provider.zh}）`, en: `${id}: ${name.en} (${provider.en})` }));
  call.say(words(description));
  call.say(
    words({
      zh:
        `主体：${scheme?.zh ?? subject.scheme}；` +
        `${sharingNames[sharing.attribute].zh}；提供方式：${given.map(({ zh }) => zh).join('、')}`,
      en:
        `asked about by: ${subject.scheme} (${scheme?.en ?? ''}); ${sharingNames[sharing.attribute].en}; given ` +
        `by ${given.map(({ en }) => en).join(', ')}`,
    }),
  );
  if (state !== undefined) {
    const seen = state.sourceTime === undefined ? undefined : localMinute(state.sourceTime);
    call.say(
      words({
        zh:
          `${stateNames[state.status].zh}` +
          (seen === undefined ? '' : `，数据截至 ${seen}（北京时间）`) +
          `；${String(state.records)} 条记录`,
        en:
          `${stateNames[state.status].en}` +
          (seen === undefined ? '' : `, seen up to ${seen} (UTC+8)`) +
          `; ${String(state.records)} records`,
      }),
    );
  }
  call.say('');
  const table = tabled(fieldColumns(call, workspace), fields, call);
  if (call.form === 'lines') for (const row of table.rows) call.say(row.join('  ').trimEnd());
  call.table(table);
}

/** The whole of it for other catalogues, on stdout. */
function exported(call: Invocation, workspace: Workspace): void {
  const all = exchanged(workspace);
  if (call.values['exchange'] === true) {
    process.stdout.write(toCatalogueCsv(all));
    return;
  }
  const { region, people } = readSettings(
    workspace.settings,
    { file: join(workspace.dir, 'yitong.json') },
    process.env,
  );
  const up = runningFor(call.values);
  const api = text(call.values['api']) ?? (region.address || up?.api);
  if (api === undefined)
    throw new YitongError(
      'address_unknown',
      'set `region.address`, or name the address of the API with `--api`: distributions say where they are asked for',
    );
  const open = people.publicUrl || up?.people || api;
  process.stdout.write(`${JSON.stringify(toDcat(all, { api, people: open }), undefined, 2)}\n`);
}

const command: Command = {
  summary: 'what the workspace shares: datasets, or the fields of one',
  zh: '数据目录：列出数据集，或一个数据集的字段',
  usage: '[<dataset>] [--dcat | --exchange] [-o table|json|csv] [--workspace D]',
  takes: 1,
  examples: [
    'yitong catalogue',
    'yitong catalogue samr.company-register',
    'yitong catalogue --dcat > catalogue.jsonld',
  ],
  options: {
    ...tableOption,
    ...gatewayOptions,
    dcat: {
      type: 'boolean',
      zh: '按欧盟开放数据目录规范导出全部条目',
      describe: 'all of it as DCAT-AP 3 (JSON-LD), for another catalogue',
    },
    exchange: {
      type: 'boolean',
      zh: '导出全部条目，供其他系统导入',
      describe: 'the same as CSV, an entry a row, which `catalogue import` reads back',
    },
    as: {
      type: 'string',
      zh: '以哪个应用的身份询问更新情况；默认：第一个有证书的应用',
      describe:
        'the client by which a running city is asked how fresh they are; default: the first that has a certificate',
    },
  },
  async run(call) {
    const workspace = await loadWorkspace(folders(call.values).workspace, { allowUnregistered: true });
    if (call.values['dcat'] === true || call.values['exchange'] === true) {
      exported(call, workspace);
      return 0;
    }
    const known: ReadonlyMap<string, Contract> = workspace.contracts;
    const [wanted] = call.positionals;
    if (wanted === undefined) {
      const contracts = [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
      listed(
        call,
        workspace,
        contracts,
        await statesOf(
          call,
          contracts.map(({ id }) => id),
        ),
      );
      return 0;
    }
    const contract = known.get(knownDataset(workspace, wanted));
    if (contract === undefined) return 0;
    described(call, workspace, contract, (await statesOf(call, [contract.id])).get(contract.id));
    return 0;
  },
};
export default command;
