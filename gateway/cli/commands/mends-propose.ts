import { present } from '../../../contracts/present.js';
import type { Client } from '../../client/index.js';
import { list, text } from '../../ground/files/places.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { askingAs } from '../gateway-options.js';
import { causeNamed, clientIn, mendOptions, officerIn, officerOptions, sayWhole, TRYING } from '../mend-options.js';

/** What there would be to propose. */
async function tell(
  call: Invocation,
  gateway: Client,
  dataset: string,
  cause: { readonly code: string; readonly field: string },
): Promise<0> {
  const zh = call.language === 'zh';
  const found = await gateway.proposedMend(dataset, cause);
  call.json(found);
  for (const { key, words, good } of found.parts)
    call.say(zh ? `${key} ${words.zh}（${String(good)} 行）` : `${key} ${words.en} (${String(good)} rows)`);
  if (found.parts.length === 0)
    call.say(zh ? '没有把握确定的修正，不提建议' : 'nothing can be proposed without a guess');
  return 0;
}

const command: Command = {
  summary: 'make a draft of the mend that is proposed for a cause; with `--dry-run` show what would be proposed',
  zh: '按建议生成映射修正草案，或者仅查看建议',
  takes: 1,
  usage: '<dataset> --cause CODE[:FIELD] --as CLIENT (--officer ID [--name N] [--part KEY …] [--row ID] | --dry-run)',
  wanting: { zh: '网关拒绝时', en: 'where the gateway refuses' },
  examples: [
    'yitong mends propose samr.business-licence --cause not_in_codelist:type --as food-inspector --dry-run',
    'yitong mends propose samr.business-licence --cause not_in_codelist:type --as food-inspector ' +
      '--officer chen-officer --name 陈静',
  ],
  options: {
    cause: { type: 'string', zh: '原因', describe: 'the cause, as `yitong mends list` shows it' },
    part: {
      type: 'string',
      multiple: true,
      zh: '仅取建议中的这一项',
      describe: 'only this part of what is proposed, by its key',
    },
    row: { type: 'string', zh: '仅按这一行提出', describe: 'only what is proposed for this row, by its id' },
    'dry-run': { type: 'boolean', zh: '仅查看建议，不生成草案', describe: 'shows what would be proposed, no more' },
    ...officerOptions,
    ...mendOptions,
  },
  run: (call) => {
    const [dataset] = call.positionals;
    const { values } = call;
    const named = text(values['cause']);
    if (dataset === undefined || named === undefined)
      throw new WrongUsage('name the dataset, and with `--cause` why rows are held back');
    const cause = causeNamed(named);
    const dry = values['dry-run'] === true;
    const officer = dry ? undefined : officerIn(values);
    const parts = list(values['part']);
    return askingAs(clientIn(values), call, async (gateway) => {
      if (officer === undefined) return tell(call, gateway, dataset, cause);
      const asked = { ...cause, officer, ...present({ row: text(values['row']) }) };
      const draft = await gateway.proposeMend(dataset, parts.length === 0 ? asked : { ...asked, parts }, TRYING);
      call.json(draft);
      sayWhole(call, draft);
      return 0;
    });
  },
};
export default command;
