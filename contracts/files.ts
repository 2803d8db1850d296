/**
 * Reading the declared content of a workspace: JSON with places, and files found by folder over the workspace's layers.
 */
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { type ErrorCode, YitongError } from './errors.js';

export interface ContentFile {
  /** Path below the layer with `/`, without the folder asked for: `samr/company-register.json`. */
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
}

/** @throws YitongError with `code`, with the file and, where the parser says it, the line */
export async function readJson(path: string, code: ErrorCode): Promise<unknown> {
  let text: string;
  try {
    // hundreds of small files: by promises each costs ten times as much
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new YitongError(code, 'the file cannot be read', { place: { file: path }, cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const position = /position (\d+)/.exec((cause as Error).message)?.[1];
    const line = position === undefined ? undefined : text.slice(0, Number(position)).split('\n').length;
    throw new YitongError(code, 'the file is not JSON', {
      place: line === undefined ? { file: path } : { file: path, line },
      cause,
    });
  }
}

/** Names below `root`, or undefined where `path` is not below it. Both absolute; what is there is not looked at. */
export function namesBelow(root: string, path: string): readonly string[] | undefined {
  const below = relative(root, path);
  if (below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) return undefined;
  return below === '' ? [] : below.split(sep);
}

function walk(base: string, below: string, depth: number, found: Map<string, string>): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(base, below), { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      if (depth > 1) walk(base, name, depth - 1, found);
    } else if (!found.has(name)) {
      found.set(name, join(base, name));
    }
  }
}

/**
 * All files below `folder` (`policies/grants`) in the layers of a workspace; of two with one name the nearer layer's
 * counts. Sorted by name. A folder that does not exist is empty.
 */
export async function contentFiles(
  layers: readonly string[],
  folder: string,
  ending: string,
  depth = 3,
): Promise<ContentFile[]> {
  const found = new Map<string, string>();
  for (const layer of layers) walk(join(layer, folder), '', depth, found);
  return [...found]
    .filter(([name]) => name.endsWith(ending))
    .map(([name, path]) => ({ name, path }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
