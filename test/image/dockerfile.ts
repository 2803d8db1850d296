/** What a test needs of the Dockerfile: its instructions, and the command that the image starts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../gateway/ground/files/places.js';

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Comments and continuation lines are taken away; in order. */
export function instructions(): readonly Instruction[] {
  const text = readFileSync(join(packageRoot(), 'Dockerfile'), 'utf8');
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n');
  return lines.flatMap((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.+)$/.exec(line.trim()) ?? [];
    return name === undefined || rest === undefined ? [] : [{ name, text: rest.trim() }];
  });
}

/** Those of the last stage. */
export function finalStage(): readonly Instruction[] {
  const all = instructions();
  return all.slice(all.findLastIndex(({ name }) => name === 'FROM'));
}

/** The one instruction of a name in the last stage. @throws Error where there is none, or more */
export function only(name: string): string {
  const [found, ...more] = finalStage().filter((one) => one.name === name);
  if (found === undefined || more.length > 0)
    throw new Error(`the last stage has ${more.length === 0 ? 'no' : 'more than one'} ${name}`);
  return found.text;
}

const words = (name: string): readonly string[] => JSON.parse(only(name)) as string[];

/** What a container of the image runs, with `args` in the place of its own. */
export const command = (args: readonly string[] = words('CMD')): readonly string[] => [...words('ENTRYPOINT'), ...args];

/** `ENV` of the last stage. */
export function environment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    finalStage()
      .filter(({ name }) => name === 'ENV')
      .flatMap(({ text }) => text.split(/\s+/).map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string])),
  );
}
