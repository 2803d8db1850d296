/**
 * What of a workspace a process holds in memory from its start: contracts, feeds and yitong.json, as files. Light: the
 * supervisor looks at it for months, and loads nothing of it. Policies are followed by each worker (`follow.ts`).
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { fingerprint } from './fingerprint.js';

/** SHA-256, lower-case hex, over names and bytes of the files of all layers. */
export interface ContentVersion {
  /** Of `contracts/`, without examples. */
  readonly contracts: string;
  readonly feeds: string;
  /** Of yitong.json. */
  readonly settings: string;
}

export const sameContent = (one: ContentVersion, other: ContentVersion): boolean =>
  one.contracts === other.contracts && one.feeds === other.feeds && one.settings === other.settings;

/** `contracts/datasets/<authority>/<dataset>/v1.avsc`, and room */
const DEPTH = 5;
/** Compiled code stands beside what is declared in the reference workspace. */
const DECLARED = /\.(?:json|avsc|png)$/;

/** The folder of a workspace, then those that it extends. @throws Error where a yitong.json cannot be read */
export async function layersOf(dir: string): Promise<readonly string[]> {
  const layers: string[] = [];
  for (let next: string | undefined = resolve(dir); next !== undefined; ) {
    const layer: string = await realpath(next);
    if (layers.includes(layer))
      throw new YitongError('bad_workspace', '`extends` leads back to a workspace that it started from');
    layers.push(layer);
    const { extends: other } = JSON.parse(await readFile(join(layer, 'yitong.json'), 'utf8')) as {
      readonly extends?: unknown;
    };
    next = typeof other === 'string' ? resolve(layer, other) : undefined;
  }
  return layers;
}

async function below(root: string, folder: string, depth: number, found: string[]): Promise<void> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    const name = `${folder}/${entry.name}`;
    if (entry.name.startsWith('.') || entry.name === 'examples') continue;
    if (entry.isDirectory()) {
      if (depth > 1) await below(root, name, depth - 1, found);
    } else if (DECLARED.test(entry.name)) found.push(name);
  }
}

/** Names below the layer, sorted. */
async function filesOf(layer: string, folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  await below(layer, folder, DEPTH, found);
  return found.sort();
}

async function digest(
  layers: readonly string[],
  names: (layer: string) => Promise<readonly string[]>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const [index, layer] of layers.entries()) {
    for (const name of await names(layer)) {
      const bytes = await readFile(join(layer, name));
      hash.update(`${String(index)} ${name} ${String(bytes.length)}\n`).update(bytes);
    }
  }
  return hash.digest('hex');
}

/** @throws Error of the file system */
export async function contentVersion(layers: readonly string[]): Promise<ContentVersion> {
  return {
    contracts: await digest(layers, (layer) => filesOf(layer, 'contracts')),
    feeds: await digest(layers, (layer) => filesOf(layer, 'connectors/feeds')),
    settings: await digest(layers, () => Promise.resolve(['yitong.json'])),
  };
}

/** By what the file system says: changes whenever the version may have. @throws Error of the file system */
export function contentPrint(layers: readonly string[]): Promise<string> {
  const folders = layers.flatMap((layer) =>
    ['contracts', 'connectors/feeds']
      .map((name) => join(layer, name))
      .map((path) => ({ path, needed: existsSync(path) })),
  );
  return fingerprint(
    folders,
    layers.map((layer) => join(layer, 'yitong.json')),
    { depth: DEPTH, without: 'examples' },
  );
}

/**
 * Copies what `contracts/` declares, so that a later state can be compared with it: `<to>/0` is a workspace, `1` the
 * one that it extends, and so on.
 * @returns the version of the copy
 */
export async function copyContracts(layers: readonly string[], to: string): Promise<string> {
  const fresh = `${to}.new`;
  await rm(fresh, { recursive: true, force: true });
  for (const [index, layer] of layers.entries()) {
    const target = join(fresh, String(index));
    for (const name of await filesOf(layer, 'contracts')) {
      await mkdir(dirname(join(target, name)), { recursive: true, mode: 0o700 });
      await writeFile(join(target, name), await readFile(join(layer, name)));
    }
    await mkdir(target, { recursive: true, mode: 0o700 });
    const { name, prefix } = JSON.parse(await readFile(join(layer, 'yitong.json'), 'utf8')) as Record<string, unknown>;
    await writeFile(
      join(target, 'yitong.json'),
      JSON.stringify({ name, prefix, ...(index + 1 < layers.length ? { extends: `../${String(index + 1)}` } : {}) }),
    );
  }
  await rm(to, { recursive: true, force: true });
  await rename(fresh, to);
  const copies = layers.map((_, index) => join(to, String(index)));
  return digest(copies, (layer) => filesOf(layer, 'contracts'));
}
