import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { loadTour } from '../../../policies/tour.js';
import { folders, program, workspaceFlag } from '../../ground/files/places.js';
import { tableOption } from '../arguments.js';
import type { Command } from '../command.js';
import { clientsThere, gatewayAs, gatewayOptions, sandboxOption } from '../gateway-options.js';
import { canAsk, talk } from '../terminal.js';
import { type Ask, buildQuestion, commandFor, optionsFor } from '../trying/built.js';
import query from './query.js';

/** Asks step by step, shows the command that says the same, and its answer. */
const command: Command = {
  summary: 'a question put together by choices, then asked',
  zh: '逐步选择应用、用途与数据集，组成一次查询并发出',
  group: 'start',
  usage: '[--sandbox] [-o table|json|csv] [--workspace D] [--data D] [--api URL] [--pki D]',
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: ['yitong try', 'yitong try --sandbox', 'yitong try --workspace my-city'],
  options: {
    sandbox: sandboxOption,
    ...tableOption,
    ...gatewayOptions,
  },
  async run(call) {
    if (!canAsk())
      throw new YitongError('bad_request', '`yitong try` asks at a terminal; in a script `yitong query` says it all');
    const { workspace: dir } = folders(call.values);
    const workspace = await loadWorkspace(dir, { allowUnregistered: true });
    const policies = await loadPolicies(workspace);
    const known = clientsThere(call.values);
    const choices = <T extends { readonly name: { zh: string; en: string } }>(all: ReadonlyMap<string, T>) =>
      [...all].map(([id, { name }]) => ({ id, name }));
    const examples = await loadTour(workspace);
    const invented = async (client: string) => {
      const gateway = await gatewayAs(client, call.values);
      try {
        return (await gateway.sandboxSubjects({ signal: call.signal })).subjects;
      } finally {
        gateway.close();
      }
    };
    const question = await talk(call.signal, (terminal) => {
      const ask: Ask = async (lines, prompt, proposed) => {
        for (const line of lines) process.stderr.write(`${line}\n`);
        const said = await terminal.question(`${prompt}${proposed === '' ? '' : ` [${proposed}]`} `, {
          signal: call.signal,
        });
        return said.trim() === '' ? proposed : said.trim();
      };
      return buildQuestion(
        {
          grants: [...policies.grants.values()],
          clients: choices(policies.clients).filter(({ id }) => known.includes(id)),
          purposes: choices(policies.purposes),
          datasets: [...workspace.contracts.values()].map(({ id, name, subject: { scheme } }) => ({
            id,
            name,
            scheme,
          })),
          examples,
          ...present({ invented: call.values['sandbox'] === true ? invented : undefined }),
          now: Date.now(),
        },
        ask,
        call.language,
      );
    });
    if (question === undefined)
      throw new YitongError('bad_config', 'no client with a certificate here has a grant in force for queries');
    call.say('');
    call.say(commandFor(program(), question, workspaceFlag(dir)));
    return await query.run({
      ...call,
      positionals: [question.subject],
      values: { ...call.values, ...optionsFor(question) },
    });
  },
};
export default command;
