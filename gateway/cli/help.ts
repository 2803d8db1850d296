/** What `yitong --help`, `yitong <group> --help` and `yitong <command> --help` say. */
import type { Localised } from '../../contracts/localised.js';
import { optionsOf } from './arguments.js';
import type { Command, Group, Language, Option } from './command.js';
import { commandNames, loadCommand, spoken } from './names.js';

/** In the order in which they are shown; a command stands in the first that names it, or its first word. */
const GROUPS: readonly { readonly id: Group; readonly title: Localised; readonly of: readonly string[] }[] = [
  {
    id: 'start',
    title: { zh: '开始使用', en: 'first steps' },
    of: ['up', 'demo', 'init', 'feed', 'query', 'catalogue', 'guide'],
  },
  {
    id: 'registers',
    title: { zh: '数据接入', en: 'registers' },
    of: ['contracts', 'bundles', 'connector', 'quarantine', 'mends', 'withdrawals'],
  },
  { id: 'rights', title: { zh: '授权与策略', en: 'who may have what' }, of: ['policies', 'subscriptions', 'file'] },
  { id: 'reports', title: { zh: '报告', en: 'reports' }, of: ['report'] },
  { id: 'audit', title: { zh: '审计日志', en: 'the audit log' }, of: ['audit', 'witness'] },
  {
    id: 'running',
    title: { zh: '运行维护', en: 'running it' },
    of: [
      'gateway',
      'status',
      'top',
      'logs',
      'trends',
      'doctor',
      'backup',
      'restore',
      'config',
      'state',
      'pki',
      'bus',
      'bench',
    ],
  },
  { id: 'line', title: { zh: '关于命令行', en: 'about the command line' }, of: ['errors', 'completion', 'version'] },
];

/** Where a command stands: with those of its first word, or where it says itself. -1: among the others. */
export function groupOf(name: string, { group }: Pick<Command, 'group'>): number {
  const listed = GROUPS.findIndex(({ of }) => of.includes(name) || of.includes(name.split('-')[0] ?? ''));
  return listed < 0 ? GROUPS.findIndex(({ id }) => id === group) : listed;
}

/** The one rule, as every help says it; `docs/cli.md` says more. */
const EXITS: Localised = {
  zh: '退出码：0 完成；1 所问的答案是“否”（仅限有此说明的命令）；2 未能执行',
  en: 'exit codes: 0 done; 1 the answer is no (only of commands that say so); 2 could not run',
};

const summaryOf = (command: Command, language: Language): string =>
  language === 'zh' ? (command.zh ?? command.summary) : command.summary;

async function lines(names: readonly string[], language: Language): Promise<string[]> {
  return Promise.all(
    names.map(async (name) => `  ${spoken(name).padEnd(20)} ${summaryOf(await loadCommand(name), language)}`),
  );
}

/** Every command, by what it is for. */
export async function overview(language: Language): Promise<string> {
  const zh = language === 'zh';
  const out = zh
    ? ['yitong：各部门保留自己的系统，对外如同一家作答', '', '用法：yitong <命令> [选项]']
    : ['yitong — every department keeps its own system, all answer as one', '', 'usage: yitong <command> [options]'];
  const groups = new Map<string, number>();
  for (const name of commandNames) groups.set(name, groupOf(name, await loadCommand(name)));
  for (const [i, { title, of }] of GROUPS.entries()) {
    const rank = (name: string): number => {
      const listed = of.findIndex((one) => one === name || name.startsWith(`${one}-`));
      return listed < 0 ? of.length : listed;
    };
    const names = commandNames.filter((name) => groups.get(name) === i).sort((a, b) => rank(a) - rank(b));
    out.push('', title[language], ...(await lines(names, language)));
  }
  const others = commandNames.filter((name) => groups.get(name) === -1);
  if (others.length > 0) out.push('', zh ? '其他' : 'others', ...(await lines(others, language)));
  out.push(
    '',
    zh
      ? '`yitong help <命令>` 列出选项和示例；`yitong completion` 为终端补全命令'
      : '`yitong help <command>` shows options and examples; `yitong completion` completes commands in your shell',
    EXITS[language],
  );
  return out.join('\n');
}

/** The commands below a first word, as `audit`. */
export async function familyOf(first: string, names: readonly string[], language: Language): Promise<string> {
  return [
    language === 'zh' ? `用法：yitong ${first} <命令> [选项]` : `usage: yitong ${first} <command> [options]`,
    '',
    ...(await lines(names, language)),
  ].join('\n');
}

const shown = (name: string, { type, short }: Option): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${type === 'string' ? ' …' : ''}`;

/** What `yitong <command> --help` says. @param name of the command's file, as `contracts-check` */
export function helpOf(name: string, command: Command, language: Language = 'en'): string {
  const zh = language === 'zh';
  const out = [
    summaryOf(command, language),
    '',
    `${zh ? '用法：' : 'usage: '}yitong ${spoken(name)} ${command.usage}`.trimEnd(),
  ];
  const options = Object.entries(optionsOf(command));
  out.push('', zh ? '选项：' : 'options:');
  for (const [option, declared] of options) {
    const { describe, zh: chinese, default: given } = declared;
    const unless = given === undefined ? '' : zh ? `（默认：${String(given)}）` : ` (default: ${String(given)})`;
    out.push(`  ${shown(option, declared).padEnd(22)} ${zh ? (chinese ?? describe) : describe}${unless}`);
  }
  out.push(
    '',
    zh ? '示例：' : command.examples.length > 1 ? 'examples:' : 'example:',
    ...command.examples.map((example) => `  ${example}`),
  );
  out.push('', EXITS[language]);
  const { wanting } = command;
  if (wanting !== undefined)
    out.push(`${zh ? '退出码 1：' : 'exit 1: '}${typeof wanting === 'string' ? wanting : wanting[language]}`);
  return out.join('\n');
}
