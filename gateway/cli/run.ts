/** Finds the command's file, parses its options, prints help and errors. */
import { errorWords } from '../../contracts/error-words.js';
import { isYitongError } from '../../contracts/errors.js';
import { formFor, languageFor, parse } from './arguments.js';
import type { Invocation, Language } from './command.js';
import { AlreadyTold, failureLine, WrongUsage } from './failure.js';
import { familyOf, helpOf, overview } from './help.js';
import { below, commandNames, findCommand, loadCommand, spoken } from './names.js';
import { nearest } from './near.js';
import { csvText, tableLines } from './table.js';
import { stillWorking } from './waiting.js';

const terminal = process.stdout.isTTY;
const HELP: ReadonlySet<string | undefined> = new Set(['--help', '-h', 'help']);

/** No command of this name: what there is instead. */
function unknown(argv: readonly string[]): string {
  const [first = '', second] = argv;
  const family = below(first);
  const said = second === undefined || second.startsWith('-') ? first : `${first} ${second}`;
  if (family.length > 0) {
    const near = second === undefined ? undefined : nearest(`${first} ${second}`, family.map(spoken));
    return (
      `unknown command \`${said}\`; ` +
      (near === undefined
        ? `there is ${family.map((name) => `\`yitong ${spoken(name)}\``).join(', ')}`
        : `did you mean \`yitong ${near}\`?`)
    );
  }
  const near =
    nearest(said, [...commandNames.map(spoken), '--version', '--help']) ??
    nearest(
      first,
      commandNames.map((name) => name.split('-')[0] ?? name),
    );
  return (
    `unknown command \`${said}\`; ` +
    (near === undefined ? '' : `did you mean \`yitong ${near}\`? `) +
    '`yitong --help` lists them'
  );
}

const languageOf = (argv: readonly string[]): Language =>
  languageFor({ zh: argv.includes('--zh'), en: argv.includes('--en') }, terminal, process.env);

/** `yitong help [command]`, and `--help` without a command. */
async function help(argv: readonly string[]): Promise<number> {
  const language = languageOf(argv);
  const words = argv.filter((word) => !word.startsWith('-'));
  const [first] = words;
  if (first === undefined) {
    console.log(await overview(language));
    return 0;
  }
  const found = findCommand(words);
  if (found !== undefined && found.rest.length === 0) {
    console.log(helpOf(found.name, await loadCommand(found.name), language));
    return 0;
  }
  const family = words.length === 1 ? below(first) : [];
  if (family.length > 0) {
    console.log(await familyOf(first, family, language));
    return 0;
  }
  console.error(unknown(words));
  return 2;
}

async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === '--zh' || first === '--en' || HELP.has(first))
    return help(argv.slice(first === undefined || first.startsWith('--') ? 0 : 1));
  if (first === '--version' || first === '-V') return run('version', argv.slice(1));
  const found = findCommand(argv);
  if (found !== undefined) return run(found.name, found.rest);
  if (argv.slice(1).some((word) => HELP.has(word) && word !== 'help')) return help(argv);
  console.error(unknown(argv));
  return 2;
}

async function run(name: string, args: readonly string[]): Promise<number> {
  const command = await loadCommand(name);
  try {
    const { values, positionals } = parse(command, args);
    const language = languageFor(values, terminal, process.env);
    if (values['help'] === true) {
      console.log(helpOf(name, command, language));
      return 0;
    }
    const form = formFor(values, 'output' in command.options, terminal || language === 'zh');
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    const waiting = stillWorking(language);
    const call: Invocation = {
      values,
      positionals,
      form,
      language,
      asJson: form === 'json',
      signal: stop.signal,
      words: (text) => text[language],
      say: (line) => {
        waiting.end();
        if (form === 'lines' || form === 'table') console.log(line);
      },
      json: (value) => {
        waiting.end();
        if (form === 'json') console.log(JSON.stringify(value));
      },
      table: (table) => {
        waiting.end();
        if (form === 'csv') process.stdout.write(csvText(table));
        else if (form === 'table')
          for (const line of tableLines(
            table,
            terminal && process.stdout.columns > 0 ? process.stdout.columns : undefined,
          ))
            console.log(line);
      },
    };
    try {
      return await command.run(call);
    } finally {
      waiting.end();
    }
  } catch (error) {
    if (error instanceof WrongUsage) {
      console.error(`${error.message}\nsee \`yitong ${spoken(name)} --help\``);
      return 2;
    }
    throw error;
  }
}

// where nothing is left that could wake a command it would end with 0
let ended = false;
process.once('exit', () => {
  if (ended) return;
  console.error('the command ended before it was done: what it waited for can not come any more');
  process.exitCode = 2;
});

// whoever reads no further, as `head`, is no failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

main(process.argv.slice(2)).then(
  (code) => {
    ended = true;
    process.exitCode = code;
  },
  (error: unknown) => {
    ended = true;
    const argv = process.argv.slice(2);
    // in Chinese what it is, and as it is written everywhere where and why
    if (isYitongError(error) && languageOf(argv) === 'zh') console.error(errorWords(error.code).zh);
    if (!(error instanceof AlreadyTold)) console.error(failureLine(error));
    process.exitCode = 2;
  },
);
