/** A small city whose workspace a test may change while it runs. */
import { execFileSync } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type City, city, cli } from '../e2e/city.js';

export type Json = Readonly<Record<string, unknown>>;
export const SHOP = 'uscc:91990101MAEXA0001X';
export const QUESTION = { purpose: 'permit-check', subject: SHOP, datasets: [{ id: 'office.shops' }] };

export interface Town extends City {
  readonly workspace: string;
}

export interface Declared {
  readonly workspace: string;
  read(path: string): Promise<Json>;
  /** As a deployment does it: the new file is there at once. */
  write(path: string, content: string | Json): Promise<void>;
  change(path: string, parts: Json): Promise<void>;
}

/** A workspace as `yitong init` makes it. */
export function declared(t: Test): Declared {
  const workspace = join(t.testdir(), 'workspace');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const read = async (path: string): Promise<Json> => JSON.parse(await readFile(join(workspace, path), 'utf8')) as Json;
  const write = async (path: string, content: string | Json): Promise<void> => {
    const file = join(workspace, path);
    await writeFile(`${file}.new`, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    await rename(`${file}.new`, file);
  };
  return { workspace, read, write, change: async (path, parts) => write(path, { ...(await read(path)), ...parts }) };
}

export const town = (t: Test, workspace: string, env: Readonly<Record<string, string>> = {}): Promise<City> =>
  city(t, { workspace, env });

export interface Health {
  readonly status: number;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly content: { readonly contracts: string; readonly replacing: boolean };
}

export async function healthOf({ health }: City): Promise<Health> {
  const answer = await fetch(`${health}/health/ready`);
  return { status: answer.status, ...((await answer.json()) as Omit<Health, 'status'>) };
}
