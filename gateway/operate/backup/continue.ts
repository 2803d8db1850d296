/**
 * How a log goes on that was restored. It is the beginning of a log that may have grown since: whoever signs another
 * tree of a size that was signed before splits the view of it. So either nothing newer was ever shown, by a checkpoint
 * that the backup covers or by the operator's word, and the log goes on under its name; or the log goes on under a new
 * name and key, and the old key is not put back. The tree is the same, so everything that was in it is proved against
 * the new checkpoints; the first entry behind it says where it comes from and what is missing.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { replaceFile } from '../../ground/files/durable.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { administrationBody } from '../../log/entries/events.js';
import { auditLayout } from '../../log/entries/layout.js';
import { type Checkpoint, openCheckpoint, parseCheckpoint } from '../../log/proof/checkpoint.js';
import { treeRoot } from '../../log/proof/merkle.js';
import { parseNote, parseVkey } from '../../log/proof/note.js';
import { tileNodes } from '../../log/proof/tiles.js';
import { edgeAt, putBehind } from '../../log/sequencer/behind.js';
import { openSigner } from '../../log/store/signer.js';
import { readState } from '../../log/store/state.js';

/** What is known of the log beyond the backup. */
export type Knowledge =
  /** Nothing is said: it may have grown. */
  | { readonly kind: 'unknown' }
  /** Operator's word: it had not. */
  | { readonly kind: 'none'; readonly word: string }
  /** Its newest checkpoint, as a witness, a mirror or a reader kept it. */
  | { readonly kind: 'checkpoint'; readonly note: Buffer };

export interface Continuation {
  /** Under which the log goes on. */
  readonly origin: string;
  readonly vkey: string;
  /** Whether it is another than before. */
  readonly renamed: boolean;
  /** Entries taken over from the backup. */
  readonly size: number;
  /** Entries that are known to be missing behind them; undefined where nobody knows. */
  readonly lost: number | undefined;
}

/** One entry of the log that orders the erasure of a pseudonym. */
const orderOf = (pseudonym: string, time: string): string =>
  administrationBody({
    time,
    action: 'erasure',
    by: 'restore',
    target: pseudonym,
    detail: { reason: 'erased after the backup that was restored', legalBasis: 'that of the order carried out before' },
  });

/**
 * The newest checkpoint that is known, against the log of the backup.
 * @returns it where the log had grown beyond the backup
 * @throws YitongError `restore_fork` if it is not signed by the log's key, or not of this tree
 */
export function newerThan(dataDir: string, note: Buffer): Checkpoint | undefined {
  const { log, state: dir } = auditLayout(dataDir);
  const state = readState(dir)?.state;
  const vkey = readIfThere(join(log, 'vkey'));
  if (state === undefined || vkey === undefined)
    throw new YitongError('restore_fork', 'there is no log in the backup to hold the checkpoint against');
  let known: Checkpoint;
  try {
    known = openCheckpoint(note, state.origin, [parseVkey(vkey.toString('utf8'))]);
  } catch (cause) {
    throw new YitongError(
      'restore_fork',
      `the checkpoint is not one of the log \`${state.origin}\`, signed by its key`,
      { cause },
    );
  }
  if (known.size > state.size) return known;
  const root = treeRoot(
    known.size,
    tileNodes(state.size, (path) => readIfThere(join(log, path))),
  );
  if (!root.equals(known.root))
    throw new YitongError(
      'restore_fork',
      `the log in the backup has another tree at ${known.size} entries than the checkpoint: two logs were ` +
        'signed under one name',
    );
  return undefined;
}

interface ContinueOptions {
  /** A copy that nobody uses. */
  readonly dataDir: string;
  readonly knowledge: Knowledge;
  /** New name where it takes one; default: made of the old one. */
  readonly origin?: string | undefined;
  /** When the backup was taken, ISO 8601. */
  readonly taken: string;
  /** Pseudonyms that were erased after it. */
  readonly erased: readonly string[];
  readonly now: () => number;
}

/**
 * `city/log` → `city/log/2-5f09c1a2` → `city/log/3-…`: a backup that is restored twice does not give one name to two
 * logs.
 */
export const nextOrigin = (origin: string): string => {
  const [, base = origin, number = '1'] = /^(.*)\/(\d{1,6})-[0-9a-f]{8}$/.exec(origin) ?? [];
  return `${base}/${Number(number) + 1}-${randomBytes(4).toString('hex')}`;
};

/**
 * Puts the entry `restored` behind the restored log, and the orders behind it, and signs. Nothing is published: that is
 * the sequencer's, which may have to ask witnesses first. Undefined where this data folder keeps no log.
 * @throws YitongError `restore_fork`, `log_invalid`
 */
export async function continueLog({
  dataDir,
  knowledge,
  origin: wanted,
  taken,
  erased,
  now,
}: ContinueOptions): Promise<Continuation | undefined> {
  const layout = auditLayout(dataDir);
  const found = readState(layout.state);
  if (found === undefined) {
    // no entry so far, but there may be some since: the key that signed them is not put back
    if (knowledge.kind !== 'none')
      for (const file of [join(layout.keys, 'log.key'), join(layout.log, 'vkey')]) rmSync(file, { force: true });
    return undefined;
  }
  const { state, version } = found;
  const newer = knowledge.kind === 'checkpoint' ? newerThan(dataDir, knowledge.note) : undefined;
  const renamed = knowledge.kind === 'unknown' || newer !== undefined;
  const vkeyBefore = readIfThere(join(layout.log, 'vkey'))?.toString('utf8').trim() ?? '';
  const origin = renamed ? (wanted ?? nextOrigin(state.origin)) : state.origin;
  if (renamed) {
    if (origin === state.origin)
      throw new YitongError('restore_fork', `the log may have grown since, so it cannot go on as \`${origin}\``);
    const before = join(layout.log, 'earlier', parseVkey(vkeyBefore).keyId.toString(16).padStart(8, '0'));
    mkdirSync(before, { recursive: true });
    replaceFile(join(before, 'vkey'), `${vkeyBefore}\n`);
    const published = readIfThere(join(layout.log, 'checkpoint'));
    if (published !== undefined) replaceFile(join(before, 'checkpoint'), published);
    // with this key nobody signs under the old name again
    for (const file of [join(layout.keys, 'log.key'), join(layout.log, 'checkpoint')]) rmSync(file, { force: true });
  }
  const signer = openSigner(join(layout.keys, 'log.key'), origin);
  if (!renamed && signer.vkey !== vkeyBefore)
    throw new YitongError('log_invalid', "the log's key in the backup is not the one whose vkey stands beside the log");

  const edge = edgeAt(dataDir, state.size);
  const before = parseCheckpoint(parseNote(Buffer.from(state.checkpoint)).text);
  if (!edge.root().equals(before.root))
    throw new YitongError('log_invalid', 'the tiles do not lead to the root of the last checkpoint');

  const lost = newer === undefined ? (renamed ? undefined : 0) : newer.size - state.size;
  const time = new Date(now()).toISOString();
  const detail = {
    taken,
    size: state.size,
    root: before.root.toString('base64'),
    key: vkeyBefore,
    renamed,
    known: knowledge.kind,
    ...(knowledge.kind === 'none' ? { word: knowledge.word } : {}),
    ...(newer === undefined ? {} : { newestSize: newer.size, newestRoot: newer.root.toString('base64') }),
    ...present({ lost }),
    erasures: erased.length,
  };
  const bodies = [
    administrationBody({ time, action: 'restored', by: 'operator', target: state.origin, detail }),
    ...erased.map((pseudonym) => orderOf(pseudonym, time)),
  ];
  await putBehind({ dataDir, version, edge, journals: state.journals, before: state.journals, signer, origin, bodies });
  return { origin, vkey: signer.vkey, renamed, size: state.size, lost };
}
