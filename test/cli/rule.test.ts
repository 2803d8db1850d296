/** One rule for exit codes, forms and languages, over all commands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { formFor, languageFor, optionsOf, parse } from '../../gateway/cli/arguments.js';
import { groupOf, helpOf } from '../../gateway/cli/help.js';
import { commandNames, loadCommand, spoken } from '../../gateway/cli/names.js';
import { distance, nearest } from '../../gateway/cli/near.js';
import { csvText, tableLines, widthOf } from '../../gateway/cli/table.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { latinIn } from '../http/console/latin.js';

const sourceOf = (name: string): string =>
  readFileSync(join(packageRoot(), 'gateway', 'cli', 'commands', `${name}.ts`), 'utf8');

/** They ask a gateway, which may refuse. */
const ASKS = /^(?:mends|report|sharing|subscriptions)-/;

t.test('a command that can end with 1 says when, and one that lists cannot', async (t) => {
  for (const name of commandNames) {
    const command = await loadCommand(name);
    const help = helpOf(name, command);
    t.match(help, /^exit codes: 0 done; 1 the answer is no .*; 2 could not run$/m, name);
    t.equal(/^exit 1: /m.test(help), command.wanting !== undefined, `${name}: its help says when it ends with 1`);
    if (command.wanting === undefined)
      t.notMatch(sourceOf(name), /return 1\b|\? 0 : 1|\? 1 : 0/, `${name} ends with 0`);
    // 2 is thrown, so that a message goes with it
    t.notMatch(sourceOf(name), /return 2\b|process\.exit/, name);
    if (/-list$|-search$|-show$|^catalogue$|^config$|^errors$|-export$/.test(name) && !ASKS.test(name))
      t.equal(command.wanting, undefined, `${spoken(name)} lists or shows`);
  }
  const page = readFileSync(join(packageRoot(), 'docs', 'cli.md'), 'utf8');
  for (const code of ['0', '1', '2']) t.match(page, new RegExp(`^\\| ${code} \\| `, 'm'), `docs/cli.md: ${code}`);
});

t.test('every command refuses what it does not know, before it does anything', async (t) => {
  for (const name of commandNames) {
    const command = await loadCommand(name);
    t.throws(
      () => parse(command, ['--no-such-thing']),
      { name: 'WrongUsage', message: 'there is no option `--no-such-thing`' },
      name,
    );
    if (Number.isFinite(command.takes ?? 0))
      t.throws(
        () =>
          parse(
            command,
            Array.from({ length: (command.takes ?? 0) + 1 }, (_, i) => `word-${String(i)}`),
          ),
        { name: 'WrongUsage' },
        `${name}: one word too many`,
      );
    for (const [option, { type }] of Object.entries(optionsOf(command))) {
      if (type === 'string')
        t.throws(
          () => parse(command, [`--${option}`]),
          { message: `\`--${option}\` needs a value` },
          `${name} --${option}`,
        );
      else
        t.throws(
          () => parse(command, [`--${option}=x`]),
          { message: `\`--${option}\` takes no value` },
          `${name} --${option}`,
        );
    }
    t.equal(
      parse(command, ['--help', 'and', 'whatever', 'else', 'comes']).values['help'],
      true,
      `${name}: help helps whoever wrote it wrong`,
    );
  }
});

t.test(
  'each command has a group, a summary in Chinese, and options that do not take the place of others',
  async (t) => {
    for (const name of commandNames) {
      const command = await loadCommand(name);
      t.ok(groupOf(name, command) >= 0, `${name} has a group`);
      t.match(command.zh ?? '', /\p{Script=Han}/u, `${name} has a summary in Chinese`);
      t.same(latinIn(command.zh ?? ''), [], name);
      const shorts = Object.values(optionsOf(command)).flatMap(({ short }) => short ?? []);
      t.equal(new Set(shorts).size, shorts.length, `${name}: no letter means two options`);
      t.same(
        ['help', 'json', 'zh', 'en'].filter((common) => Object.hasOwn(command.options, common)),
        [],
        name,
      );
      if (/<[^>]+>/.test(command.usage.replace(/\[?--\S+ <[^>]+>/g, '')))
        t.ok((command.takes ?? 0) > 0, `${name} takes what its usage names`);
    }
  },
);

/** What somebody who is no technician may use. */
const OF_OFFICIALS = [
  'query',
  'catalogue',
  'quarantine-list',
  'audit-search',
  'audit-verify',
  'report-issue',
  'report-list',
  'report-show',
  'report-verify',
  'doctor',
] as const;

t.test("help in Chinese says in Chinese what each option of an official's command means", async (t) => {
  for (const name of OF_OFFICIALS) {
    const { wanting } = await loadCommand(name);
    if (wanting !== undefined)
      t.same(latinIn(typeof wanting === 'string' ? wanting : wanting.zh), [], `${name}: when it ends with 1`);
    for (const [option, { zh = '' }] of Object.entries(optionsOf(await loadCommand(name)))) {
      t.match(zh, /\p{Script=Han}/u, `${name} --${option}`);
      t.same(latinIn(zh), [], `${name} --${option}`);
    }
  }
});

t.test('a terminal is spoken to in its language, a pipe in English, and whoever says so in what was said', (t) => {
  for (const [said, terminal, env, language] of [
    [{}, true, { LANG: 'zh_CN.UTF-8' }, 'zh'],
    [{}, true, { LANG: 'en_GB.UTF-8' }, 'en'],
    [{}, true, { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' }, 'en'],
    [{}, true, { LC_ALL: '', LC_MESSAGES: 'zh_TW', LANG: 'en' }, 'zh'],
    [{}, true, { LANG: 'zhx' }, 'en'],
    [{}, false, { LANG: 'zh_CN.UTF-8' }, 'en'],
    [{ zh: true }, false, {}, 'zh'],
    [{ en: true }, true, { LANG: 'zh_CN' }, 'en'],
  ] as const)
    t.equal(languageFor(said, terminal, env), language, JSON.stringify([said, terminal, env]));
  for (const [values, rows, people, form] of [
    [{}, true, true, 'table'],
    [{}, true, false, 'lines'],
    [{}, false, true, 'lines'],
    [{ json: true }, true, true, 'json'],
    [{ output: 'csv' }, true, true, 'csv'],
    [{ output: 'json' }, true, false, 'json'],
  ] as const)
    t.equal(formFor(values, rows, people), form, JSON.stringify([values, rows, people]));
  t.end();
});

t.test('a table stands straight with Chinese in it, is as wide as the terminal, and no cell moves the cursor', (t) => {
  const table = {
    columns: ['id', '名称', 'n'],
    rows: [
      ['a', '晨光面馆', 1],
      ['bb', '\u001b[2Jx\ny', 22],
      ['c', undefined, 3],
    ],
  };
  t.same(tableLines(table), [
    'id  名称      n',
    '──  ────────  ──',
    'a   晨光面馆  1',
    'bb   [2Jx y   22',
    'c             3',
  ]);
  t.equal(widthOf('面a\u0301'), 3);
  const long = tableLines({ columns: ['x', 'y'], rows: [['晨光面馆晨光面馆晨光面馆', 'abcdefghijklmnop']] }, 24);
  t.ok(
    long.every((line) => widthOf(line) <= 24),
    long.join('\n'),
  );
  t.match(long[2], '…');
  t.ok(
    tableLines(
      { columns: ['x', 'y'], rows: [['晨光面馆晨光面馆晨光面馆', 'abcdefghijklmnop']], whole: true },
      24,
    )[2]?.endsWith('abcdefghijklmnop'),
    'what was asked for is never shortened',
  );
  t.end();
});

t.test('a spreadsheet takes CSV for UTF-8 and runs no cell of it', (t) => {
  const text = csvText({
    columns: ['a', 'b'],
    rows: [
      ['=cmd|x!A1', '+1'],
      ['say "hi", there', '@x'],
      ['-1', '\tx'],
    ],
  });
  t.equal(text, `\ufeffa,b\r\n'=cmd|x!A1,'+1\r\n"say ""hi"", there",'@x\r\n'-1,'\tx\r\n`);
  t.end();
});

t.test('what was meant is near what was written', (t) => {
  t.same(
    [distance('audit', 'audit'), distance('audti', 'audit'), distance('', 'abc'), distance('kitten', 'sitting')],
    [0, 1, 3, 3],
  );
  t.equal(nearest('quarantin list', ['quarantine list', 'quarantine retry']), 'quarantine list');
  t.equal(nearest('xyz', ['query', 'up']), undefined);
  t.end();
});
