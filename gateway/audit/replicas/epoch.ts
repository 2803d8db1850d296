/**
 * Who sequences the log. Each replica keeps one record, changed by compare-and-swap: the newest epoch that it agreed to, who holds it, and
 * the newest checkpoint that it saw of the log. A replica that wants to sequence claims its configured epoch here and at every other
 * replica; it begins when all agreed, once, and goes on whoever is away later. A claim with less of the log than was seen is refused:
 * that is the compare of the compare-and-swap. Two that claim the same epoch at once are ordered by name, until one has begun.
 */
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { auditLayout } from '../layout.js';
import { parseCheckpoint } from '../log/checkpoint.js';
import { parseNote } from '../log/note.js';
import { readState } from '../log/state.js';
import { readVersion, swapVersion } from '../versions.js';

/** Size and root of a checkpoint; size 0 before the first. */
export interface Seen {
  readonly size: number;
  /** base64 */
  readonly root: string;
}

export interface Claim extends Seen {
  readonly epoch: number;
  /** Name of the replica that holds it, or wants to. */
  readonly holder: string;
  /** All replicas that the holder knows have agreed: it has begun, or may. */
  readonly established: boolean;
}

export const NOTHING_SEEN: Seen = { size: 0, root: '' };

export const claimSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['epoch', 'holder', 'established', 'size', 'root'],
  properties: { epoch: { type: 'integer', minimum: 1 }, holder: { type: 'string', maxLength: 31 }, established: { type: 'boolean' }, size: { type: 'integer', minimum: 0 }, root: { type: 'string', maxLength: 64 } },
};
const check = shape<Claim>(claimSchema, 'log_invalid');

export type Judgement = { readonly kind: 'agreed' } | { readonly kind: 'refused'; readonly reason: string };

/**
 * Whether a replica agrees to a claim.
 * @param current what it agreed to before
 * @param own what its own data folder holds of a log
 */
export function judge(current: Claim | undefined, own: Seen, claim: Claim): Judgement {
  const refused = (reason: string): Judgement => ({ kind: 'refused', reason });
  if (current !== undefined) {
    if (claim.epoch < current.epoch) return refused(`\`${current.holder}\` is the sequencer since epoch ${current.epoch}`);
    if (claim.epoch === current.epoch && claim.holder !== current.holder && (current.established || !(claim.established || claim.holder < current.holder))) {
      return refused(`\`${current.holder}\` is the sequencer in epoch ${current.epoch}; to take over, bring the newest copy of the log and raise \`audit.epoch\``);
    }
  }
  for (const seen of [current ?? NOTHING_SEEN, own]) {
    if (claim.size < seen.size) return refused(`its log has ${claim.size} entries, and ${seen.size} were seen here; bring the newest copy`);
    if (claim.size === seen.size && claim.root !== seen.root) return refused(`its log of ${claim.size} entries is another than was seen here: a fork`);
  }
  return { kind: 'agreed' };
}

export interface Register {
  current(): Claim | undefined;
  /** What this data folder holds of a log, as committed. */
  own(): Seen;
  /** Judges and, where it agrees, keeps it; durable when it returns. */
  take(claim: Claim): Judgement;
  /** Marks this replica's own claim as established; false if it is not the one that stands any more. */
  establish(claim: Claim): boolean;
}

/** @throws YitongError `log_invalid` if the record or the sequencer's state is damaged */
export function openRegister(dataDir: string): Register {
  const { epoch: dir, state } = auditLayout(dataDir);
  const read = (): { readonly claim: Claim | undefined; readonly version: number } => {
    const found = readVersion(dir);
    if (found === undefined) return { claim: undefined, version: 0 };
    let value: unknown;
    try {
      value = JSON.parse(found.text) as unknown;
    } catch (cause) {
      throw new YitongError('log_invalid', 'the record of who sequences is not JSON', { place: { file: dir }, cause });
    }
    return { claim: check(value, { file: dir }), version: found.number };
  };
  const own = (): Seen => {
    const checkpoint = readState(state)?.state.checkpoint ?? '';
    if (checkpoint === '') return NOTHING_SEEN;
    const { size, root } = parseCheckpoint(parseNote(Buffer.from(checkpoint)).text);
    return { size, root: root.toString('base64') };
  };
  return {
    current: () => read().claim,
    own,
    take(claim) {
      for (;;) {
        const { claim: current, version } = read();
        const judgement = judge(current, own(), claim);
        if (judgement.kind === 'refused' || JSON.stringify(current) === JSON.stringify(claim)) return judgement;
        if (swapVersion(dir, version, `${JSON.stringify(claim)}\n`)) return judgement;
      }
    },
    establish(claim) {
      const { claim: current, version } = read();
      return current?.epoch === claim.epoch && current.holder === claim.holder && swapVersion(dir, version, `${JSON.stringify({ ...claim, established: true })}\n`);
    },
  };
}

export interface Fence {
  readonly name: string;
  /** The claim as it is put to others now. @throws YitongError `sequencer_fenced` once it is lost */
  claim(): Claim;
  /** Another replica agreed. */
  agreed(replica: string): void;
  /** Another replica refused, or one that holds more came here: nothing is sequenced any more. */
  lost(reason: string): void;
  /** Undefined while nothing speaks against it. */
  readonly fenced: string | undefined;
  /** Just before each commit. @throws YitongError `sequencer_fenced`; `audit_unavailable` while others have not agreed so far */
  hold(): void;
}

/** The fence of a replica that is configured to sequence. @param others names of the replicas that must agree before it begins */
export function openFence(register: Register, { name, epoch, others }: { readonly name: string; readonly epoch: number; readonly others: readonly string[] }): Fence {
  const waiting = new Set(others);
  let fenced: string | undefined;

  const stop = (reason: string): YitongError => {
    fenced ??= reason;
    return new YitongError('sequencer_fenced', `this replica does not sequence: ${fenced}`);
  };
  /** Of this replica, as it stands on disk; made with the first look. */
  function mine(): Claim {
    if (fenced !== undefined) throw stop(fenced);
    const current = register.current();
    if (current?.epoch === epoch && current.holder === name) return { ...current, ...register.own() };
    const claim: Claim = { epoch, holder: name, established: false, ...register.own() };
    const judgement = register.take(claim);
    if (judgement.kind === 'refused') throw stop(judgement.reason);
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
      if (waiting.size > 0) throw new YitongError('audit_unavailable', `\`${[...waiting].join('`, `')}\` must agree once that this replica sequences the log`);
      if (!register.establish(claim)) throw stop('another claim came between');
    },
  };
}
