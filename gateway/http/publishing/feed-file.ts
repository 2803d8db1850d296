/**
 * The file of a feed, as it stands on disk: what it says is what the feed does, so a mapping that is applied is written
 * there, or handed to whoever keeps the file elsewhere (ADR 0109).
 */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, lstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Feed, Mapping } from '../../../connectors/feed.js';
import { mendsByHand } from '../../../connectors/reading/ceiling.js';
import { YitongError } from '../../../contracts/errors.js';
import type { Workspace } from '../../../contracts/types.js';
import { replaceFile } from '../../ground/files/durable.js';

type Raw = { readonly [key: string]: unknown };

const asRecord = (value: unknown): Raw => (typeof value === 'object' && value !== null ? (value as Raw) : {});

/** Of what the file says, however it is laid out. */
export const digestOfFeed = (text: string): string =>
  createHash('sha256')
    .update(JSON.stringify(JSON.parse(text)))
    .digest('hex');

export const textOfFeed = ({ file }: Pick<Feed, 'file'>): Promise<string> => readFile(file, 'utf8');

/** The file with another way to make one field; all else stays as it is. */
export function withField(text: string, target: string, mapping: Mapping): string {
  const raw = asRecord(JSON.parse(text));
  const old = asRecord(raw['mapping']);
  const fields = { ...asRecord(old['fields']), [target]: mapping.fields[target] };
  return `${JSON.stringify({ ...raw, mapping: { ...old, fields } }, null, 2)}\n`;
}

/** Why the file is not written here; undefined where it is. */
export type Elsewhere = 'setting' | 'git' | 'layer' | 'read-only';

export function keptElsewhere(workspace: Workspace, { file }: Pick<Feed, 'file'>): Elsewhere | undefined {
  if (mendsByHand(workspace)) return 'setting';
  const path = relative(workspace.dir, file);
  if (path.startsWith('..') || path.startsWith('/')) return 'layer';
  if (existsSync(join(workspace.dir, '.git'))) return 'git';
  try {
    // a link leads to where somebody else keeps it
    if (lstatSync(file).isSymbolicLink()) return 'read-only';
    accessSync(file, constants.W_OK);
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
    return undefined;
  } catch {
    return 'read-only';
  }
}

/**
 * Whole or not at all, and only over what the draft was made of.
 * @throws YitongError `state_conflict` where the file says something else by now, `state_unavailable`
 */
export async function writeFeed({ file }: Pick<Feed, 'file'>, before: string, text: string): Promise<void> {
  const now = await textOfFeed({ file });
  if (digestOfFeed(now) === digestOfFeed(text)) return;
  if (digestOfFeed(now) !== before)
    throw new YitongError('state_conflict', 'the feed was changed since the draft was made; propose the mend anew');
  try {
    replaceFile(file, text, { mode: lstatSync(file).mode & 0o777 });
  } catch (cause) {
    throw new YitongError('state_unavailable', 'the file of the feed cannot be written', { cause });
  }
}
