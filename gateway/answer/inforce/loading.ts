/** A workspace, and the version of the very files that it was loaded from. */
import type { Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { type ContentVersion, contentPrint, contentVersion, layersOf } from './content.js';

interface Loaded {
  readonly workspace: Workspace;
  readonly version: ContentVersion;
}

const ATTEMPTS = 5;

/** Loaded again if its files change meanwhile. @throws YitongError as `loadWorkspace` */
export async function loadStill(dir: string): Promise<Loaded> {
  for (let left = ATTEMPTS; ; left--) {
    // what is wrong with the files is for `loadWorkspace` to say
    const layers = await layersOf(dir).catch(() => [dir]);
    const before = await contentPrint(layers);
    const workspace = await loadWorkspace(dir);
    const version = await contentVersion(workspace.layers);
    if (left === 0 || (await contentPrint(layers)) === before) return { workspace, version };
  }
}
