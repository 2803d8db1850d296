/** A proposal as files of a workspace: what is there already is never touched. */

import { existsSync } from 'node:fs';
import { access, constants, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import { authorityOf, type DatasetId, datasetNameOf } from '../../contracts/ids.js';
import { readSchemaIds, SCHEMA_IDS } from '../../contracts/schema-ids.js';
import type { Workspace } from '../../contracts/types.js';
import type { Proposal } from './propose.js';

export interface NewFile {
  /** Below the workspace. */
  readonly path: string;
  readonly content: unknown;
}

interface Places {
  readonly authority: string;
  /** Folder of the dataset. */
  readonly dir: string;
  readonly feed: string;
}

function placesOf(dataset: DatasetId): Places {
  const [authority, name] = [authorityOf(dataset), datasetNameOf(dataset)];
  return {
    authority: `contracts/datasets/${authority}/authority.json`,
    dir: `contracts/datasets/${authority}/${name}`,
    feed: `connectors/feeds/${authority}/${name}.json`,
  };
}

/** The files that say what a dataset is, known by its name alone. */
export function pathsOf(dataset: DatasetId): readonly string[] {
  const { dir, feed } = placesOf(dataset);
  return [`${dir}/contract.json`, `${dir}/v1.avsc`, feed];
}

/** What is made, and by the removal of what it is undone. */
export function filesOf({ draft, newAuthority }: Proposal): {
  readonly files: readonly NewFile[];
  readonly undo: readonly string[];
} {
  const { contract } = draft;
  const { authority } = contract;
  const places = placesOf(contract.id);
  const { dir, feed } = places;
  const files: NewFile[] = [
    ...(newAuthority ? [{ path: places.authority, content: { name: { zh: authority, en: authority } } }] : []),
    { path: `${dir}/contract.json`, content: draft.contractFile },
    { path: `${dir}/v1.avsc`, content: draft.schema },
    { path: `${dir}/examples/valid/invented.json`, content: draft.valid },
    ...Object.entries(draft.invalid).map(([name, content]) => ({
      path: `${dir}/examples/invalid/${name}.json`,
      content,
    })),
    { path: feed, content: draft.feed },
  ];
  return { files, undo: [dir, feed, ...(newAuthority ? [places.authority] : [])] };
}

/** The nearest folder above that is there must take a file. */
async function refuseUnwritable(dir: string, path: string): Promise<void> {
  let above = dirname(join(dir, path));
  while (!existsSync(above)) above = dirname(above);
  const folder =
    (await stat(above)).isDirectory() &&
    (await access(above, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    ));
  if (!folder)
    throw new YitongError(
      'bad_config',
      `\`${path}\` cannot be written: \`${relative(dir, above) || '.'}\` is no folder in which this user may write`,
    );
}

/**
 * Asked before the source is read, which may take long, and again before anything is written.
 * @param paths of the files that would be made, below the workspace
 * @throws YitongError `bad_config` where something of that name is there, or nothing can be written
 */
export async function refuseTaken(workspace: Workspace, dataset: DatasetId, paths: readonly string[]): Promise<void> {
  const refuse = (what: string): never => {
    throw new YitongError('bad_config', what);
  };
  if (workspace.contracts.has(dataset))
    refuse(`\`${dataset}\` is there already; choose another \`--dataset\`, or remove its folder and feed first`);
  const there = paths.find((path) => existsSync(join(workspace.dir, path)));
  if (there !== undefined)
    refuse(`\`${there}\` is there already and is not overwritten; choose another name, or remove it first`);
  for (const path of paths) await refuseUnwritable(workspace.dir, path);
  if ((await readSchemaIds(workspace.dir))[dataset] !== undefined) {
    refuse(
      `\`${dataset}\` was registered before, and records may have been published under its id; choose another ` +
        `\`--dataset\`, or take its entry out of \`${SCHEMA_IDS}\` if none were`,
    );
  }
}

/** All of them or none. */
export async function writeFiles(dir: string, files: readonly NewFile[]): Promise<void> {
  const written: string[] = [];
  try {
    for (const { path, content } of files) {
      const file = join(dir, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `${JSON.stringify(content, null, 2)}\n`, { flag: 'wx' });
      written.push(file);
    }
  } catch (error) {
    await Promise.all(written.map((file) => rm(file, { force: true })));
    throw error;
  }
}
