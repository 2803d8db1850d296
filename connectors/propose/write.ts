/** A proposal as files of a workspace: what is there already is never touched. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import { datasetNameOf } from '../../contracts/ids.js';
import { readSchemaIds, SCHEMA_IDS } from '../../contracts/schema-ids.js';
import type { Workspace } from '../../contracts/types.js';
import type { Proposal } from './propose.js';

export interface NewFile {
  /** Below the workspace. */
  readonly path: string;
  readonly content: unknown;
}

/** What is made, and by the removal of what it is undone. */
export function filesOf({ draft, newAuthority }: Proposal): { readonly files: readonly NewFile[]; readonly undo: readonly string[] } {
  const { contract } = draft;
  const { authority } = contract;
  const dir = `contracts/datasets/${authority}/${datasetNameOf(contract.id)}`;
  const feed = `connectors/feeds/${authority}/${datasetNameOf(contract.id)}.json`;
  const files: NewFile[] = [
    ...(newAuthority ? [{ path: `contracts/datasets/${authority}/authority.json`, content: { name: { zh: authority, en: authority } } }] : []),
    { path: `${dir}/contract.json`, content: draft.contractFile },
    { path: `${dir}/v1.avsc`, content: draft.schema },
    { path: `${dir}/examples/valid/invented.json`, content: draft.valid },
    ...Object.entries(draft.invalid).map(([name, content]) => ({ path: `${dir}/examples/invalid/${name}.json`, content })),
    { path: feed, content: draft.feed },
  ];
  return { files, undo: [dir, feed, ...(newAuthority ? [`contracts/datasets/${authority}/authority.json`] : [])] };
}

/** @throws YitongError `bad_config` where something of that name is there */
export async function refuseOverwrite(workspace: Workspace, { dataset, draft }: Proposal, files: readonly NewFile[]): Promise<void> {
  const refuse = (what: string): never => {
    throw new YitongError('bad_config', what);
  };
  if (workspace.contracts.has(draft.contract.id)) refuse(`\`${dataset}\` is there already; choose another \`--dataset\`, or remove its folder and feed first`);
  const there = files.find(({ path }) => existsSync(join(workspace.dir, path)));
  if (there !== undefined) refuse(`\`${there.path}\` is there already and is not overwritten; choose another name, or remove it first`);
  if ((await readSchemaIds(workspace.dir))[dataset] !== undefined) {
    refuse(`\`${dataset}\` was registered before, and records may have been published under its id; choose another \`--dataset\`, or take its entry out of \`${SCHEMA_IDS}\` if none were`);
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
