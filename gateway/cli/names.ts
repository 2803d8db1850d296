/** The commands, by the names of their files. */
import { readdirSync } from 'node:fs';
import type { Command } from './command.js';

const folder = new URL('./commands/', import.meta.url);

/** `contracts-check` …, sorted. */
export const commandNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -3))
  .sort();

/** `contracts-check` → `contracts check` */
export const spoken = (name: string): string => name.replaceAll('-', ' ');

export const loadCommand = async (name: string): Promise<Command> =>
  ((await import(new URL(`${name}.js`, folder).href)) as { default: Command }).default;

/** `contracts check x` → `contracts-check` and [`x`] */
export function findCommand(
  argv: readonly string[],
): { readonly name: string; readonly rest: readonly string[] } | undefined {
  for (let count = Math.min(2, argv.length); count > 0; count--) {
    const name = argv.slice(0, count).join('-');
    // `contracts-check` in one word is none
    if (commandNames.includes(name) && name.split('-').length === count) return { name, rest: argv.slice(count) };
  }
  return undefined;
}

/** Those that begin with this word, as `audit search`. */
export const below = (first: string): readonly string[] => commandNames.filter((name) => name.startsWith(`${first}-`));
