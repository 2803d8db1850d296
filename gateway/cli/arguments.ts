/** Words of the command line → options and what stands beside them, or what is wrong with them. */

import { parseArgs } from 'node:util';
import { present } from '../../contracts/present.js';
import type { Command, Form, Language, Option } from './command.js';
import { WrongUsage } from './failure.js';
import { didYouMean } from './near.js';

/** What every command takes. */
const commonOptions = {
  help: {
    type: 'boolean',
    zh: '命令的作用、选项和示例',
    short: 'h',
    describe: 'what the command does, its options and examples',
  },
  json: { type: 'boolean', zh: '在标准输出给出一份 JSON', describe: 'one JSON document on stdout' },
  zh: { type: 'boolean', describe: 'in Chinese', zh: '使用中文' },
  en: {
    type: 'boolean',
    zh: '使用英文，即使终端为中文环境',
    describe: 'in English, also where the terminal is Chinese',
  },
} as const satisfies Readonly<Record<string, Option>>;

/** Of commands whose result is rows. */
export const tableOption = {
  output: {
    type: 'string',
    zh: '表格、JSON 或 CSV；默认：终端上为表格，否则与无此选项时相同',
    short: 'o',
    values: ['table', 'json', 'csv'],
    describe: 'table, json or csv; default: a table on a terminal, else lines as without it',
  },
} as const satisfies Readonly<Record<string, Option>>;

export const optionsOf = (command: Pick<Command, 'options'>): Readonly<Record<string, Option>> => ({
  ...command.options,
  ...commonOptions,
});

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly positionals: readonly string[];
}

/** @throws WrongUsage */
export function parse(command: Command, args: readonly string[]): Parsed {
  const options = optionsOf(command);
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...present({ short, multiple }) },
    ]),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options: config,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values: Record<string, string | boolean | string[]> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    else if (token.kind === 'option') {
      const { name, rawName, value, inlineValue } = token;
      const option = Object.hasOwn(options, name) ? options[name] : undefined;
      if (option === undefined)
        throw new WrongUsage(
          `there is no option \`${rawName}\`${didYouMean(name, Object.keys(options), (one) => `\`--${one}\``)}`,
        );
      if (option.type === 'boolean') {
        if (value !== undefined) throw new WrongUsage(`\`${rawName}\` takes no value`);
        values[name] = true;
        continue;
      }
      if (value === undefined || (!inlineValue && value.startsWith('-') && value.length > 1))
        throw new WrongUsage(
          `\`${rawName}\` needs a value` +
            (value === undefined ? '' : `; one that begins with \`-\` is written \`${rawName}=${value}\``),
        );
      if (option.values !== undefined && !option.values.includes(value))
        throw new WrongUsage(
          `\`${rawName}\` is one of ${option.values.map((one) => `\`${one}\``).join(', ')}, ` +
            `not \`${value}\`${didYouMean(value, option.values)}`,
        );
      if (option.multiple === true) values[name] = [...((values[name] as string[] | undefined) ?? []), value];
      else values[name] = value;
    }
  }
  for (const [name, { default: given }] of Object.entries(options))
    if (given !== undefined && values[name] === undefined) values[name] = given;
  if (values['help'] === true) return { values, positionals };
  const takes = command.takes ?? 0;
  if (positionals.length > takes) {
    const surplus = positionals[takes] ?? '';
    throw new WrongUsage(
      `nothing is known to do with \`${surplus}\`: the command takes ` +
        (takes === 0
          ? 'options only'
          : takes === 1
            ? 'one word beside its options'
            : `${String(takes)} words beside its options`),
    );
  }
  if (values['json'] === true && values['output'] !== undefined && values['output'] !== 'json')
    throw new WrongUsage(`\`--json\` and \`-o ${String(values['output'])}\` exclude each other`);
  if (values['zh'] === true && values['en'] === true) throw new WrongUsage('`--zh` and `--en` exclude each other');
  return { values, positionals };
}

/** A Chinese terminal is spoken to in Chinese; what a program reads is English unless `--zh` says otherwise. */
export function languageFor(
  { zh, en }: { readonly zh?: unknown; readonly en?: unknown },
  terminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Language {
  if (zh === true) return 'zh';
  if (en === true || !terminal) return 'en';
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find((one) => one !== undefined && one !== '') ?? '';
  return /^zh(?:[_.@-]|$)/i.test(locale) ? 'zh' : 'en';
}

/** @param rows whether the command has `-o` @param people whether people read it: in a terminal, or Chinese */
export function formFor(values: Parsed['values'], rows: boolean, people: boolean): Form {
  if (values['json'] === true) return 'json';
  if (!rows) return 'lines';
  const named = values['output'];
  return named === 'table' || named === 'json' || named === 'csv' ? named : people ? 'table' : 'lines';
}
