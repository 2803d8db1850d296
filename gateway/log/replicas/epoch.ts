/**
 * Who sequences the log. Each replica keeps one record, changed by compare-and-swap: the newest epoch that it agreed
 * to, who holds it, and the newest checkpoint that it saw of the log. A replica that wants to sequence claims its
 * configured epoch at every other replica; it begins when all agreed, once, and goes on whoever is away later. Whoever
 * agreed to another's claim no longer sequences itself, and cannot begin in that epoch. A claim with less of the log
 * than was seen is refused: that is the compare of the compare-and-swap.
 */

import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { shape } from '../../../contracts/validate.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { readVersion, swapVersion, type Version } from '../../ground/files/versions.js';
import { auditLayout } from '../entries/layout.js';
import { journalFolders } from '../journal/folders.js';
import { parseCheckpoint } from '../proof/checkpoint.js';
import { treeRoot } from '../proof/merkle.js';
import { parseNote } from '../proof/note.js';
import { tileNodes } from '../proof/tiles.js';
import { readState } from '../store/state.js';

/** Size and root of a checkpoint; size 0 before the first. */
interface Seen {
  readonly size: number;
  /** base64 */
  readonly root: string;
  /** Of which log; absent before the first checkpoint. */
  readonly origin?: string;
  /**
   * How far each journal is in that log: if its sequencer is lost with its disk, others can say what is missing. By
   * journal; `replica` is absent of the holder's own. `gone`: it was lost before, and that log says so.
   */
  readonly journals?: Readonly<
    Record<string, { readonly lastSeq: number; readonly replica?: string; readonly gone?: true }>
  >;
}

export interface Claim extends Seen {
  readonly epoch: number;
  /** Name of the replica that holds it, or wants to. */
  readonly holder: string;
  /** All replicas that the holder knows have agreed: it has begun, or may. */
  readonly established: boolean;
}

/** Epochs of elections stand above all that configurations name. */
export const ELECTED_FROM = 1_000_000_000;

const NOTHING_SEEN: Seen = { size: 0, root: '' };

export const claimSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['epoch', 'holder', 'established', 'size', 'root'],
  properties: {
    epoch: { type: 'integer', minimum: 1 },
    holder: { type: 'string', maxLength: 31 },
    established: { type: 'boolean' },
    size: { type: 'integer', minimum: 0 },
    root: { type: 'string', maxLength: 64 },
    origin: { type: 'string', maxLength: 200 },
    journals: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['lastSeq'],
        properties: {
          lastSeq: { type: 'integer', minimum: 0 },
          replica: { type: 'string', maxLength: 31 },
          gone: { const: true },
        },
      },
    },
  },
};
const check = shape<Claim>(claimSchema, 'log_invalid');

export type Judgement = { readonly kind: 'agreed' } | { readonly kind: 'refused'; readonly reason: string };

/**
 * Whether a replica agrees to another's claim.
 * @param current what it agreed to before, or holds itself
 * @param own what its own data folder holds of a log
 * @param wish what it wants to claim itself and has not begun with
 */
export function judge(current: Claim | undefined, own: Seen, claim: Claim, wish?: Claim): Judgement {
  const refused = (reason: string): Judgement => ({ kind: 'refused', reason });
  if (current !== undefined) {
    if (claim.epoch < current.epoch)
      return refused(`\`${current.holder}\` is the sequencer since epoch ${current.epoch}`);
    // one that has begun had the word of all
    if (
      claim.epoch === current.epoch &&
      claim.holder !== current.holder &&
      (current.established || !claim.established)
    ) {
      return refused(
        `\`${current.holder}\` is the sequencer in epoch ${current.epoch}; to take over, bring the newest copy ` +
          `of the log and raise \`audit.epoch\``,
      );
    }
  }
  // of two that start at once, the name decides
  if (wish !== undefined && claim.epoch === wish.epoch && !claim.established && wish.holder < claim.holder)
    return refused(`\`${wish.holder}\` starts as the sequencer in epoch ${wish.epoch} as well`);
  for (const seen of [current ?? NOTHING_SEEN, own]) {
    // a log that goes on under another name behind a backup; only people raise an epoch
    if (claim.origin !== undefined && seen.origin !== undefined && claim.origin !== seen.origin) {
      if (current === undefined || claim.epoch > current.epoch) continue;
      return refused(
        `its log is \`${claim.origin}\`, and \`${seen.origin}\` was seen here; where it was restored from a ` +
          `backup, raise \`audit.epoch\``,
      );
    }
    if (claim.size < seen.size)
      return refused(`its log has ${claim.size} entries, and ${seen.size} were seen here; bring the newest copy`);
    if (claim.size === seen.size && claim.root !== seen.root)
      return refused(`its log of ${claim.size} entries is another than was seen here: a fork`);
  }
  return { kind: 'agreed' };
}

/** Why a log must not go on as it is, in words: of the log of that name more was seen than it has, or another tree. */
function lacks(
  seen: Claim,
  { size, root, origin }: Seen,
  rootAt: ((size: number) => string | undefined) | undefined,
): string | undefined {
  if (seen.size === 0 || (origin !== undefined && seen.origin !== undefined && origin !== seen.origin))
    return undefined;
  const name = seen.origin === undefined ? 'the log' : `the log \`${seen.origin}\``;
  if (size < seen.size)
    return (
      `${name} had ${seen.size} entries when \`${seen.holder}\` sequenced it, and ${size} are here; it is never ` +
      `begun anew under its name: bring the newest copy, or let it go on under another, with \`yitong audit ` +
      `takeover\``
    );
  const then = size === seen.size ? root : rootAt?.(seen.size);
  return then === undefined || then === seen.root
    ? undefined
    : `${name} was another tree at ${seen.size} entries than it is here: a fork`;
}

export interface Register {
  current(): Claim | undefined;
  /** What this data folder holds of a log, as committed. */
  own(): Seen;
  /** What this replica itself wants to begin with; in memory only. */
  wish: Claim | undefined;
  /** Judges another's claim and, where it agrees, keeps it; durable when it returns. */
  take(claim: Claim): Judgement;
  /**
   * Begins with this replica's own claim, unless another was agreed to that stands against it, or more of the log was
   * seen than the claim has. Durable when it is agreed.
   */
  begin(claim: Claim): Judgement;
}

/** A text under compare-and-swap; see `versions.ts`. */
interface Versions {
  read(): Version | undefined;
  swap(after: number, text: string): boolean;
}

/**
 * A record kept in `versions`.
 * @param own what this replica's data folder holds of a log
 * @param rootAt base64 root of that log when it had so many entries, at most those it has; undefined where its tiles do
 * not say
 * @throws YitongError `log_invalid` if the record is damaged
 */
export function registerIn(
  versions: Versions,
  own: () => Seen,
  rootAt?: (size: number) => string | undefined,
): Register {
  const read = (): { readonly claim: Claim | undefined; readonly version: number } => {
    const found = versions.read();
    if (found === undefined) return { claim: undefined, version: 0 };
    let value: unknown;
    try {
      value = JSON.parse(found.text) as unknown;
    } catch (cause) {
      throw new YitongError('log_invalid', 'the record of who sequences is not JSON', { cause });
    }
    return { claim: check(value, { file: 'audit/epoch' }), version: found.number };
  };
  const register: Register = {
    current: () => read().claim,
    own,
    wish: undefined,
    take(claim) {
      for (;;) {
        const { claim: current, version } = read();
        const judgement = judge(current, own(), claim, register.wish);
        if (judgement.kind === 'refused' || JSON.stringify(current) === JSON.stringify(claim)) return judgement;
        if (versions.swap(version, `${JSON.stringify(claim)}\n`)) return judgement;
      }
    },
    begin(claim) {
      const { claim: current, version } = read();
      const refused = (reason: string): Judgement => ({ kind: 'refused', reason });
      if (current !== undefined && current.epoch >= claim.epoch) return refused('another claim came between');
      const lacking = current === undefined ? undefined : lacks(current, claim, rootAt);
      if (lacking !== undefined) return refused(lacking);
      return versions.swap(version, `${JSON.stringify({ ...claim, established: true })}\n`)
        ? { kind: 'agreed' }
        : refused('another claim came between');
    },
  };
  return register;
}

/** The record of a data folder. @throws YitongError `log_invalid` if it, or the sequencer's state, is damaged */
export function openRegister(dataDir: string): Register {
  const { epoch: dir, state } = auditLayout(dataDir);
  return registerIn(
    { read: () => readVersion(dir), swap: (after, text) => swapVersion(dir, after, text) },
    () => {
      const { checkpoint, journals } = readState(state)?.state ?? { checkpoint: '', journals: {} };
      if (checkpoint === '') return NOTHING_SEEN;
      const folders = journalFolders(dataDir);
      const { size, root, origin } = parseCheckpoint(parseNote(Buffer.from(checkpoint)).text);
      const taken = Object.entries(journals).map(([id, { lastSeq, dead }]) => {
        const folder = folders.get(id);
        if (folder === undefined || dead === true) return [id, { lastSeq, gone: true as const }] as const;
        return [id, { lastSeq, ...present({ replica: folder.replica }) }] as const;
      });
      return { size, root: root.toString('base64'), origin, journals: Object.fromEntries(taken) };
    },
    (size) => rootOfLog(dataDir, size),
  );
}

/** base64 */
function rootOfLog(dataDir: string, size: number): string | undefined {
  const { log, state } = auditLayout(dataDir);
  const whole = readState(state)?.state.size ?? 0;
  try {
    return treeRoot(
      size,
      tileNodes(whole, (path) => readIfThere(join(log, path))),
    ).toString('base64');
  } catch {
    // tiles that are missing are the sequencer's to say
    return undefined;
  }
}

export interface Fence {
  readonly name: string;
  /** The claim as it is put to others now. @throws YitongError `sequencer_fenced` once it is lost */
  claim(): Claim;
  /** Another replica agreed, and its journals are copied. */
  agreed(replica: string): void;
  /** Another replica refused, or one that holds more came here: nothing is sequenced any more. */
  lost(reason: string): void;
  /** Undefined while nothing speaks against it. */
  readonly fenced: string | undefined;
  /**
   * Just before each commit.
   * @throws YitongError `sequencer_fenced`; `audit_unavailable` while others have not agreed so far
   */
  hold(): void;
}

/**
 * The fence of a replica that is configured to sequence.
 * @param others names of the replicas that must agree before it begins
 */
export function openFence(
  register: Register,
  { name, epoch, others }: { readonly name: string; readonly epoch: number; readonly others: readonly string[] },
): Fence {
  const waiting = new Set(others);
  let fenced: string | undefined;

  const stop = (reason: string): YitongError => {
    fenced ??= reason;
    register.wish = undefined;
    return new YitongError('sequencer_fenced', `this replica does not sequence: ${fenced}`);
  };
  function mine(): Claim {
    if (fenced !== undefined) throw stop(fenced);
    const current = register.current();
    const holds = current?.epoch === epoch && current.holder === name;
    if (current !== undefined && !holds && current.epoch >= epoch) {
      throw stop(
        `\`${current.holder}\` is the sequencer since epoch ${current.epoch}; to take over, bring the newest ` +
          `copy of the log and set \`audit.epoch\` to ${current.epoch + 1}`,
      );
    }
    const claim = { epoch, holder: name, established: holds, ...register.own() };
    register.wish = holds ? undefined : claim;
    return claim;
  }
  return {
    name,
    claim: mine,
    agreed: (replica) => void waiting.delete(replica),
    lost: (reason) => void stop(reason),
    get fenced() {
      return fenced;
    },
    hold() {
      const claim = mine();
      if (claim.established) return;
      if (waiting.size > 0)
        throw new YitongError(
          'audit_unavailable',
          `\`${[...waiting].join('`, `')}\` must agree once that this replica sequences the log`,
        );
      const begun = register.begin(claim);
      if (begun.kind === 'refused') throw stop(begun.reason);
      register.wish = undefined;
    },
  };
}
