/** What the commands of mends have in common. */
import { present } from '../../contracts/present.js';
import type { MendAct, MendDraft, MendOfficer } from '../client/index.js';
import { text } from '../ground/files/places.js';
import { standingWords } from '../http/publishing/mend-words.js';
import type { Command, Invocation } from './command.js';
import { WrongUsage } from './failure.js';
import { askingAs, gatewayOptions } from './gateway-options.js';

/** ms: a draft is tried on all rows and on the source. */
export const TRYING = { timeoutMs: 130_000 } as const;

export const mendOptions = {
  as: {
    type: 'string',
    zh: '以本单位哪个系统的身份办理',
    describe: 'the client of the publishing authority; its certificate stands in the PKI folder',
  },
  ...gatewayOptions,
} as const;

export const officerOptions = {
  officer: {
    type: 'string',
    zh: '经办人员，按统一身份认证中的编号',
    describe: 'who acts, as the identity provider of the console knows them',
  },
  name: { type: 'string', zh: '经办人员姓名', describe: 'their name, as the draft shows it' },
} as const;

interface Cause {
  readonly code: string;
  readonly field: string;
}

/** `not_in_codelist:type` */
export const causeName = ({ code, field }: Cause): string => (field === '' ? code : `${code}:${field}`);
export function causeNamed(name: string): Cause {
  const [code = '', ...field] = name.split(':');
  return { code, field: field.join(':') };
}

/** @throws WrongUsage */
export function clientIn(values: Invocation['values']): string {
  const client = text(values['as']);
  if (client === undefined) throw new WrongUsage('say with `--as` for which client of your department');
  return client;
}

/** @param why they are to be named. @throws WrongUsage */
export function officerIn(values: Invocation['values'], why = 'two people are needed for a mend'): MendOfficer {
  const id = text(values['officer']);
  if (id === undefined) throw new WrongUsage(`say with \`--officer\` who acts: ${why}`);
  return { id, ...present({ name: text(values['name']) }) };
}

/** How a draft stands, in one line. */
export function sayDraft({ say, language }: Pick<Invocation, 'say' | 'language'>, draft: MendDraft): void {
  const zh = language === 'zh';
  const { id, standing, refused = false, undoes, held } = draft;
  const stands = standingWords(refused, standing)[language];
  const back = undoes === undefined ? '' : zh ? `，恢复 ${undoes} 之前的映射` : `, puts back what was before ${undoes}`;
  say(
    zh
      ? `${id} ${causeName(draft)} ${stands}，可使 ${String(held.good)} 行通过${back}`
      : `${id} ${causeName(draft)} ${stands}, makes ${String(held.good)} rows good${back}`,
  );
}

/** All of a draft, in lines. */
export function sayWhole(call: Pick<Invocation, 'say' | 'language'>, draft: MendDraft): void {
  const { say, language } = call;
  const zh = language === 'zh';
  const { proposed, approved, withdrawn, held, source, parts, acts, elsewhere } = draft;
  sayDraft(call, draft);
  const step = (verb: string, { at, name, via }: MendDraft['proposed']): void =>
    say(`  ${verb} ${at}${name === undefined ? '' : ` ${name}`}${via === undefined ? '' : ` (${via})`}`);
  step(zh ? '提出' : 'proposed', proposed);
  if (approved !== undefined) step(zh ? '批准' : 'approved', approved);
  if (withdrawn !== undefined)
    step(draft.refused === true ? (zh ? '退回' : 'refused') : zh ? '撤销' : 'withdrawn', withdrawn);
  for (const { words } of parts) say(`  ${words[language]}`);
  const left = held.otherwise + held.same;
  say(
    zh
      ? `  未通过校验的行：${String(held.good)} 行将通过，${String(left)} 行仍不能通过`
      : `  rows held back: ${String(held.good)} would be good, ${String(left)} stay`,
  );
  if (source !== undefined)
    say(
      zh
        ? `  已发布的记录：${String(source.changed)} 条内容改变，${String(source.goesOut)} 条不再通过（试算 ` +
            `${String(source.looked)} 行）`
        : `  published records: ${String(source.changed)} change, ${String(source.goesOut)} go out (of ` +
            `${String(source.looked)} rows of the source)`,
    );
  if (elsewhere !== undefined)
    say(zh ? '  配置文件不在此处写入，批准后请按原有流程替换' : '  the feed is not written here: hand its file on');
  if (acts.length > 0) say(zh ? `  可以：${acts.join('、')}` : `  may: ${acts.join(', ')}`);
}

interface Deciding {
  readonly act: MendAct;
  readonly summary: string;
  readonly zh: string;
}

/** `yitong mends approve` and what else is done with a draft. */
export const deciding = ({ act, summary, zh }: Deciding): Command => ({
  summary,
  zh,
  takes: 2,
  usage: '<dataset> <draft> --as CLIENT --officer ID [--name N] [--json]',
  wanting: { zh: '网关拒绝时', en: 'where the gateway refuses' },
  examples: [`yitong mends ${act} samr.business-licence 3f0c2d9a41e87b36 --as food-inspector --officer shen-officer`],
  options: { ...officerOptions, ...mendOptions },
  run: (call) => {
    const [dataset, id] = call.positionals;
    if (dataset === undefined || id === undefined)
      throw new WrongUsage('name the dataset and the draft, as `yitong mends list` shows it');
    const officer = officerIn(call.values);
    return askingAs(clientIn(call.values), call, async (gateway) => {
      const done = await gateway.actOnMend(dataset, id, { act, officer }, TRYING);
      call.json(done);
      sayWhole(call, done);
      return 0;
    });
  },
});
