/**
 * What a shell offers at Tab: every command and option as it is declared, in bash, and in zsh and fish where they are
 * here.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { optionsOf } from '../../gateway/cli/arguments.js';
import { type Shell, scriptFor } from '../../gateway/cli/completion.js';
import { commandNames, loadCommand, spoken } from '../../gateway/cli/names.js';
import { missingHere } from '../support/missing.js';

t.setTimeout(240_000);

/** Each line of a shell's answer to one command line, of which the last word is being written. */
type Ask = (line: readonly string[]) => readonly string[];

async function scriptIn(t: Test, shell: Shell): Promise<string> {
  const file = join(t.testdir({ 'a-file.csv': '' }), `completion.${shell}`);
  writeFileSync(file, await scriptFor(shell));
  return file;
}
const isHere = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;
const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

async function bash(t: Test): Promise<Ask> {
  const file = await scriptIn(t, 'bash');
  return (words) =>
    lines(
      execFileSync(
        'bash',
        [
          '--norc',
          '-c',
          `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _yitong; printf '%s\\n' "\${COMPREPLY[@]}"`,
          'bash',
          file,
          'yitong',
          ...words,
        ],
        { cwd: t.testdirName, encoding: 'utf8' },
      ),
    );
}
/** The function itself, with what it calls to show its findings in place of the widgets of an interactive shell. */
async function zsh(t: Test): Promise<Ask> {
  const file = await scriptIn(t, 'zsh');
  const shown = `compdef() { : }; _describe() { print -rl -- "\${(@P)2}" }; _files() { print -rl -- *(N) }`;
  return (words) =>
    lines(
      execFileSync(
        'zsh',
        [
          '-f',
          '-c',
          `${shown}; f="$1"; shift; source "$f"; words=("$@"); CURRENT=$#; _yitong`,
          'zsh',
          file,
          'yitong',
          ...words,
        ],
        { cwd: t.testdirName, encoding: 'utf8' },
      ),
    ).map((line) => line.replace(/(?<!\\):.*$/, ''));
}
async function fish(t: Test): Promise<Ask> {
  const file = await scriptIn(t, 'fish');
  return (words) =>
    lines(
      execFileSync(
        'fish',
        ['--no-config', '-c', 'source $argv[1]; complete -C "$argv[2]"', file, ['yitong', ...words].join(' ')],
        { cwd: t.testdirName, encoding: 'utf8' },
      ),
    ).map((line) => line.split('\t')[0] ?? '');
}

async function offers(t: Test, ask: Ask): Promise<void> {
  const first = ask(['']);
  for (const name of commandNames) t.ok(first.includes(name.split('-')[0] ?? ''), name);
  t.ok(first.includes('help'));
  t.ok(ask(['audit', 'se']).includes('search'));
  t.ok(ask(['help', 'audit', 'se']).includes('search'), 'also behind help');
  t.ok(ask(['completion', '']).includes('fish'));
  const forms = ask(['query', 'uscc:1', '-o', '']);
  for (const form of ['table', 'json', 'csv']) t.ok(forms.includes(form), `-o ${form}`);
  t.ok(
    ask(['feed', 'new', 'a-f']).some((one) => one.includes('a-file.csv')),
    'a file where one may stand',
  );
  for (const name of ['audit-search', 'witness', 'witness-key', 'query', 'up']) {
    const found = ask([...spoken(name).split(' '), '--']);
    t.same(
      Object.keys(optionsOf(await loadCommand(name))).filter(
        (option) => !found.some((one) => one === `--${option}` || one.startsWith(`--${option}=`)),
      ),
      [],
      `every option of ${spoken(name)}`,
    );
  }
}

t.test('bash', async (t) => {
  const ask = await bash(t);
  await offers(t, ask);
  t.same(ask(['quer']), ['query'], 'one that is begun');
  t.same(ask(['audit', 'serch', '--']), [], 'nothing for what is no command');
  const options = ask(['witness', 'key', '--']);
  t.notOk(options.includes('--config'), 'of `witness key`, not of `witness`');
});
for (const [shell, open] of [
  ['zsh', zsh],
  ['fish', fish],
] as const) {
  t.test(shell, async (t) => {
    if (!isHere(shell)) return missingHere(t, `${shell}: not here`);
    await offers(t, await open(t));
  });
}

t.test('each command is in each script', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const script = await scriptFor(shell);
    for (const name of commandNames) t.ok(script.includes(spoken(name)), `${shell}: ${spoken(name)}`);
  }
});
