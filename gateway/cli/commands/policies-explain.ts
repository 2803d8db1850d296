import type { Delivery } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { makeDecider } from '../../../policies/decide.js';
import { explain } from '../../../policies/explain.js';
import { loadPolicies } from '../../../policies/load.js';
import type { Client } from '../../../policies/types.js';
import { deliveryNames } from '../../../policies/words.js';
import { contractNames } from '../../documents/words/names.js';
import { dataOption, folders, workspaceOption } from '../../ground/files/places.js';
import { withApplications } from '../applied.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { didYouMean } from '../near.js';

const DELIVERIES = Object.keys(deliveryNames) as readonly Delivery[];

const command: Command = {
  summary: 'say in words what a client gets of a dataset for a purpose, and why',
  zh: '用文字说明某应用为某用途可得到哪些内容及原因',
  usage:
    '--client C --purpose P --dataset D [--fields a,b] [--delivery query] [--item I] [--case N] [--actor A] ' +
    '[--at ISO] [--zh]',
  wanting: 'where nothing of the dataset is allowed',
  examples: [
    'yitong policies explain --client credit-platform --purpose credit-report --dataset samr.company-register ' +
      '--fields name,address',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    client: { type: 'string', describe: 'who asks' },
    purpose: { type: 'string', describe: 'what for' },
    dataset: { type: 'string', describe: 'of what' },
    fields: { type: 'string', describe: 'which fields, with commas; all granted ones without it' },
    delivery: { type: 'string', values: DELIVERIES, describe: `one of ${DELIVERIES.join(', ')}`, default: 'query' },
    item: { type: 'string', describe: 'the stated item (事项编码)' },
    case: { type: 'string', describe: 'the stated case (办件编号)' },
    actor: { type: 'string', describe: 'the stated actor (经办人)' },
    at: { type: 'string', describe: 'when, ISO 8601; now without it' },
  },
  async run({ values, say, json, language }) {
    const { client: name, purpose, dataset, fields, at, item, case: caseId, actor } = values;
    const delivery = DELIVERIES.find((known) => known === values['delivery']);
    const now = typeof at === 'string' ? Date.parse(at) : Date.now();
    if (
      typeof name !== 'string' ||
      typeof purpose !== 'string' ||
      typeof dataset !== 'string' ||
      delivery === undefined ||
      !Number.isFinite(now)
    ) {
      throw new WrongUsage(
        'say `--client`, `--purpose` and `--dataset`; `--delivery` must be known and `--at` a time in ISO 8601',
      );
    }
    const { workspace: dir, data } = folders(values);
    const workspace = await loadWorkspace(dir);
    const { set } = withApplications(await loadPolicies(workspace), workspace, data);
    const clients: ReadonlyMap<string, Client> = set.clients;
    const client = clients.get(name);
    if (client === undefined) {
      throw new WrongUsage(
        `there is no client \`${name}\`${didYouMean(name, clients.keys()) || ';'} policies/clients/ has ` +
          `${[...clients.keys()].join(', ')}`,
      );
    }
    const input = {
      client,
      purpose,
      dataset,
      delivery,
      now,
      ...(typeof fields === 'string' ? { fields: fields.split(',').map((field) => field.trim()) } : {}),
      case: {
        ...(typeof item === 'string' ? { item } : {}),
        ...(typeof caseId === 'string' ? { caseId } : {}),
        ...(typeof actor === 'string' ? { actor } : {}),
      },
    };
    const decision = makeDecider(set, workspace).decide(input);
    const words = explain(input, decision, set, contractNames(workspace));
    for (const line of words[language]) say(line);
    json({ decision, words });
    return decision.effect === 'allow' ? 0 : 1;
  },
};
export default command;
