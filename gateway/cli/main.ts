#!/usr/bin/env node
/** Finds the command's file, parses its options, prints help and errors. */
import { readdirSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Command, Invocation } from './command.js';
import { failureLine } from './failure.js';
import { helpOf } from './help.js';

const folder = new URL('./commands/', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -3))
  .sort();

const load = async (name: string): Promise<Command> =>
  ((await import(new URL(`${name}.js`, folder).href)) as { default: Command }).default;

async function overview(): Promise<void> {
  const lines = ['yitong — every department keeps its own system, all answer as one', '', 'usage: yitong <command> [options]', ''];
  for (const name of names) {
    const { summary } = await load(name);
    lines.push(`  ${name.replaceAll('-', ' ').padEnd(20)} ${summary}`);
  }
  lines.push('', '`yitong <command> --help` shows options and examples');
  console.log(lines.join('\n'));
}

/** `contracts check x` → [`contracts-check`, [`x`]] */
function find(argv: readonly string[]): { name: string; rest: string[] } | undefined {
  const words = argv.slice(0, 2);
  for (let count = words.length; count > 0; count--) {
    const name = words.slice(0, count).join('-');
    if (names.includes(name)) return { name, rest: argv.slice(count) };
  }
  return undefined;
}

async function main(argv: readonly string[]): Promise<number> {
  const first = argv[0];
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    await overview();
    return 0;
  }
  const found = find(argv);
  if (found === undefined) {
    const near = names.filter((name) => name.startsWith(`${first}-`)).map((name) => `\`yitong ${name.replaceAll('-', ' ')}\``);
    console.error(`unknown command \`${argv.slice(0, 2).join(' ')}\`${near.length > 0 ? `; there is ${near.join(', ')}` : '; `yitong --help` lists them'}`);
    return 2;
  }
  const command = await load(found.name);
  const options: NonNullable<ParseArgsConfig['options']> = {
    help: { type: 'boolean', short: 'h' },
    json: { type: 'boolean' },
  };
  for (const [name, { type, short, multiple, default: given }] of Object.entries(command.options)) {
    options[name] = {
      type,
      ...(short === undefined ? {} : { short }),
      ...(multiple === undefined ? {} : { multiple }),
      ...(given === undefined ? {} : { default: given }),
    };
  }
  let parsed;
  try {
    parsed = parseArgs({ args: found.rest, options, allowPositionals: true });
  } catch (error) {
    console.error(`${(error as Error).message}\nsee \`yitong ${found.name.replaceAll('-', ' ')} --help\``);
    return 2;
  }
  if (parsed.values['help'] === true) {
    console.log(helpOf(found.name, command));
    return 0;
  }
  const asJson = parsed.values['json'] === true;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const call: Invocation = {
    values: parsed.values as Invocation['values'],
    positionals: parsed.positionals,
    asJson,
    signal: stop.signal,
    say: (line) => {
      if (!asJson) console.log(line);
    },
    json: (value) => {
      if (asJson) console.log(JSON.stringify(value));
    },
  };
  return command.run(call);
}

// where nothing is left that could wake a command it would end with 0
let ended = false;
process.once('exit', () => {
  if (ended) return;
  console.error('the command ended before it was done: what it waited for can not come any more');
  process.exitCode = 2;
});

main(process.argv.slice(2)).then(
  (code) => {
    ended = true;
    process.exitCode = code;
  },
  (error: unknown) => {
    ended = true;
    console.error(failureLine(error));
    process.exitCode = 2;
  },
);
