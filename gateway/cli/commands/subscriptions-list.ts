import { foldersThere, text } from '../../ground/files/places.js';
import { localMinute } from '../../ground/language/time.js';
import { tableOption } from '../arguments.js';
import type { Command } from '../command.js';
import { askingAs } from '../gateway-options.js';
import { withStateOf } from '../state.js';
import { clientOptions, sayOf, wayName } from '../subscription-options.js';
import { type Column, tabled } from '../table.js';

interface Row {
  readonly client: string;
  readonly id: string;
  readonly way: string;
  readonly purpose: string;
  readonly datasets: readonly string[];
  readonly createdAt: string;
  readonly behindSince?: string;
  readonly askedAt?: string;
}

const iso = (at: number): string => new Date(at).toISOString();
const columns: readonly Column<Row>[] = [
  { zh: '接入系统', en: 'client', cell: ({ client }) => client },
  { zh: '订阅', en: 'id', cell: ({ id }) => id },
  { zh: '方式', en: 'way', cell: ({ way }) => wayName(way).zh },
  { zh: '数据集', en: 'datasets', cell: ({ datasets }) => datasets.join(' ') },
  { zh: '用途', en: 'purpose', cell: ({ purpose }) => purpose },
  { zh: '建立时间（北京时间）', en: 'since (UTC+8)', cell: ({ createdAt }) => localMinute(createdAt) },
  {
    zh: '未被接收起始（北京时间）',
    en: 'not taken since (UTC+8)',
    cell: ({ behindSince }) => (behindSince === undefined ? '' : localMinute(behindSince)),
  },
  {
    zh: '最近查询（北京时间）',
    en: 'last asked (UTC+8)',
    cell: ({ askedAt }) => (askedAt === undefined ? '' : localMinute(askedAt)),
  },
];

async function all(workspace: string, data: string): Promise<readonly Row[]> {
  const { subscriptionsStanding } = await import('../../procedures/subscriptions/store.js');
  const found = await withStateOf(workspace, data, (state) => subscriptionsStanding(state));
  return (found?.all ?? []).map(({ client, name, way, purpose, datasets, createdAt, told }) => ({
    client,
    id: name,
    way,
    purpose,
    datasets,
    createdAt: iso(createdAt),
    ...(told.behindSince === undefined ? {} : { behindSince: iso(told.behindSince) }),
    ...(told.askedAt === undefined ? {} : { askedAt: iso(told.askedAt) }),
  }));
}

/** Of one client by its gateway, with what is decided; of all from the state, for whoever runs it. */
const command: Command = {
  summary: 'subscriptions to changes: of one client with what is decided of them, or of all as they stand in the state',
  group: 'rights',
  zh: '列出变更订阅：某一接入系统的，或业务状态库中的全部',
  usage: '[--as CLIENT] [-o table|json|csv] [--workspace D] [--data D]',
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: ['yitong subscriptions list', 'yitong subscriptions list --as transport-licensing --json'],
  options: { ...tableOption, ...clientOptions },
  async run(call) {
    const client = text(call.values['as']);
    const none = call.language === 'zh' ? '暂无订阅' : 'none';
    if (client !== undefined)
      return await askingAs(client, call, async (gateway) => {
        const { subscriptions } = await gateway.subscriptions();
        call.json({ subscriptions });
        for (const one of subscriptions) sayOf(call, one);
        if (subscriptions.length === 0) call.say(none);
        return 0;
      });
    const { workspace, data } = foldersThere(call.values);
    const rows = await all(workspace, data);
    call.json({ subscriptions: rows });
    if (call.form === 'lines')
      for (const { client: whose, id, way, datasets, behindSince } of rows)
        call.say(
          `${whose}  ${id}  ${way}  ${datasets.join(' ')}` +
            (behindSince === undefined ? '' : `  not taken since ${behindSince}`),
        );
    else if (call.form === 'csv' || rows.length > 0) call.table(tabled(columns, rows, call));
    if (rows.length === 0) call.say(none);
    return 0;
  },
};
export default command;
