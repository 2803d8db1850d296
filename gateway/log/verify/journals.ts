/**
 * The journals of the replicas against the log: each entry that a journal has is in the log, and is what the replica
 * signed.
 */
import { join } from 'node:path';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { journalFolders } from '../journal/folders.js';
import { prunedGroups, readPruned } from '../journal/pruned.js';
import { type ReadGroup, type ReadResult, readOn, segmentsOf } from '../journal/reader.js';
import {
  answerDigest,
  answerLeaf,
  chainAfter,
  commitmentOf,
  type GroupHeader,
  groupText,
  segmentName,
} from '../proof/journal.js';
import { JOURNAL_START, type Position } from '../proof/journal-position.js';
import { HASH_BYTES, type NodeReader, rootOfLeaves } from '../proof/merkle.js';
import type { Verifier } from '../proof/note.js';
import { tileNodes } from '../proof/tiles.js';
import type { BodyStore, StoredBody } from '../store/bodies.js';
import type { JournalState } from '../store/state.js';
import type { SeqRange } from './entries.js';
import { type Counts, fault } from './report.js';

/** The log that the journals are compared with. Its entries and bodies are verified before. */
interface VerifiedLog {
  readonly logDir: string;
  readonly size: number;
  readonly bodies: BodyStore;
  /** By journal: what entries of the log declare missing. */
  readonly gaps: ReadonlyMap<string, readonly SeqRange[]>;
  /** By journal: how far the sequencer has it in the log. */
  readonly sequenced: Readonly<Record<string, JournalState>>;
  /** Of the replicas. */
  readonly keys: readonly Verifier[];
  /**
   * The log came here whole from a replica that was elected: of copies of journals it may have more than is here, and
   * has it with the bodies, which are verified.
   */
  readonly copiesMayLag: boolean;
}

/** Entries read at once. */
const RUN = 20_000;

/** @throws YitongError `log_invalid` at the first fault */
export async function checkJournals(dataDir: string, log: VerifiedLog, counts: Counts): Promise<void> {
  const folders = journalFolders(dataDir);
  const node = tileNodes(log.size, (path) => readIfThere(join(log.logDir, path)));
  for (const journal of new Set([...folders.keys(), ...Object.keys(log.sequenced)])) {
    counts.journals++;
    const folder = folders.get(journal);
    const isDeclared = (log.gaps.get(journal) ?? []).length > 0;
    if (folder === undefined) {
      if (!isDeclared) throw fault(`the journal \`${journal}\` is gone, and no entry says so`);
    } else if (log.sequenced[journal]?.dead === true && isDeclared) {
      // the log says that it is not what it was
    } else await new JournalCheck(journal, folder, log, node, counts).run();
  }
}

/** The file in which a reader at `position` reads on. */
export const segmentAt = (dir: string, { segment }: Position): string =>
  join(dir, segmentName(segment === 0 ? (segmentsOf(dir)[0] ?? 1) : segment));

class JournalCheck {
  readonly #journal: string;
  readonly #dir: string;
  readonly #log: VerifiedLog;
  /** Hashes of the published tree. */
  readonly #node: NodeReader;
  readonly #counts: Counts;
  readonly #declared: readonly SeqRange[];
  /** The newest seq that the sequencer has in the log. */
  readonly #upTo: number;
  /** What of it the log has need not be here. */
  readonly #mayLag: boolean;

  constructor(
    journal: string,
    { dir, replica }: { readonly dir: string; readonly replica?: string },
    log: VerifiedLog,
    node: NodeReader,
    counts: Counts,
  ) {
    this.#journal = journal;
    this.#dir = dir;
    this.#mayLag = log.copiesMayLag && replica !== undefined;
    this.#log = log;
    this.#node = node;
    this.#counts = counts;
    this.#declared = log.gaps.get(journal) ?? [];
    this.#upTo = log.sequenced[journal]?.lastSeq ?? 0;
  }

  /** From its beginning to its end. */
  async run(): Promise<void> {
    let position = JOURNAL_START;
    for (;;) {
      const result = readOn(this.#dir, position, RUN);
      if (result.kind === 'end') break;
      if (result.kind === 'gap') {
        const behind = this.#behindGap(position, result);
        if (behind === undefined) break;
        position = behind;
        continue;
      }
      for (const group of result.groups) this.#checkGroup(group);
      position = result.position;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (position.lastSeq < this.#upTo && this.#declared.length === 0 && !this.#mayLag)
      throw fault(
        `journal \`${this.#journal}\` ends at seq ${position.lastSeq}, and the log has its seq ${this.#upTo}`,
      );
  }

  /** A gap must have been given back to the disk, or be declared. Where to read on; undefined where nothing follows. */
  #behindGap(position: Position, gap: Extract<ReadResult, { kind: 'gap' }>): Position | undefined {
    const { from, to, resume, why } = gap;
    if (resume !== undefined && this.#wasPruned(position, resume)) return resume;
    if (this.#mayLag && to <= this.#upTo) return resume;
    if (!this.#isDeclared(from, to))
      throw fault(
        `${segmentAt(this.#dir, position)}: seq ${from} to ${to} of journal \`${this.#journal}\` ` +
          `cannot be read (${why}), and no entry says so; \`yitong audit mend\` declares it`,
      );
    this.#counts.declaredMissing += Math.max(0, to - from + 1);
    return resume;
  }

  #checkGroup(group: ReadGroup): void {
    this.#checkSignature(group);
    if (!promisedAsRecorded(group))
      throw fault(
        `seq ${group.first} to ${group.first + group.count - 1} of journal \`${this.#journal}\` were promised ` +
          'for other answers than they record',
      );
    for (const { seq, commitment } of group.entries) this.#checkEntry(seq, commitment);
  }

  #checkEntry(seq: number, commitment: Buffer): void {
    const { size, bodies } = this.#log;
    const index = bodies.indexOf(this.#journal, seq);
    if (index === undefined || index >= size) {
      if (seq <= this.#upTo) throw this.#notInLog(seq);
      this.#counts.newer++;
      return;
    }
    const stored = this.#storedAs(seq, index);
    // its body was compared with the log's commitment before, so this ties the journal's entry to the log's
    if (stored.kind === 'present' && !commitmentOf(stored.salt, stored.body).equals(commitment))
      throw fault(`seq ${seq} of journal \`${this.#journal}\` is another entry than in the log`);
    this.#counts.journalEntries++;
  }

  /**
   * Whether segments between two positions were given back to the disk. Then the log's own commitments must lead to
   * each root that the replica signed.
   */
  #wasPruned(from: Position, to: Position): boolean {
    const pruned = readPruned(this.#dir);
    if (pruned === undefined || pruned.lastSeq < to.lastSeq) return false;
    let { lastSeq, chain } = from;
    for (const group of prunedGroups(this.#dir, pruned)) {
      if (group.first <= from.lastSeq || group.first > to.lastSeq) continue;
      this.#checkFollows(group, lastSeq, chain);
      this.#checkSignature(group);
      this.#checkPrunedGroup(group);
      lastSeq = group.first + group.count - 1;
      chain = chainAfter(group).toString('base64');
    }
    if (lastSeq !== to.lastSeq || (to.chain !== '' && chain !== to.chain))
      throw fault(
        `what is kept of journal \`${this.#journal}\` ends at seq ${lastSeq}, ` +
          `and does not lead to seq ${to.lastSeq + 1}`,
      );
    return true;
  }

  /** @param lastSeq of the group before; @param chain behind it, base64, empty where it is not known */
  #checkFollows(group: GroupHeader, lastSeq: number, chain: string): void {
    const between = group.first - lastSeq - 1;
    if (between > 0 && !this.#isDeclared(lastSeq + 1, group.first - 1))
      throw fault(
        `seq ${lastSeq + 1} to ${group.first - 1} of journal \`${this.#journal}\` are missing, and no entry says so`,
      );
    if (between === 0 && chain !== '' && group.previous.toString('base64') !== chain)
      throw fault(`the chain of journal \`${this.#journal}\` breaks after seq ${lastSeq}`);
    this.#counts.declaredMissing += between;
  }

  /** Of a group only its header is kept: what the log has of its entries must hash to its root. */
  #checkPrunedGroup(group: GroupHeader): void {
    const { size, bodies } = this.#log;
    const leaves = Buffer.alloc(group.count * HASH_BYTES);
    let newer = 0;
    for (let i = 0; i < group.count; i++) {
      const seq = group.first + i;
      const index = bodies.indexOf(this.#journal, seq);
      // given back since we began
      if (index !== undefined && index >= size && seq > this.#upTo) {
        newer++;
        continue;
      }
      if (index === undefined || index >= size) throw this.#notInLog(seq);
      this.#storedAs(seq, index);
      this.#node(0, index).copy(leaves, i * HASH_BYTES);
    }
    if (newer === 0 && !rootOfLeaves(leaves).equals(group.root))
      throw fault(
        `seq ${group.first} to ${group.first + group.count - 1} of journal \`${this.#journal}\` are other entries ` +
          'in the log than the replica signed',
      );
    this.#counts.newer += newer;
    this.#counts.journalEntries += group.count - newer;
    this.#counts.pruned += group.count - newer;
  }

  #checkSignature(group: GroupHeader): void {
    const key = this.#log.keys.find(({ keyId }) => keyId === group.keyId);
    if (key === undefined)
      throw fault(`no vkey of the replica that signed seq ${group.first} of journal \`${this.#journal}\``);
    if (!key.verify(Buffer.from(groupText(this.#journal, group)), group.signature))
      throw fault(`the signature over seq ${group.first} of journal \`${this.#journal}\` does not verify`);
    this.#counts.signatures++;
  }

  /** The body at `index`, which must be that of this seq. */
  #storedAs(seq: number, index: number): StoredBody {
    const stored = this.#log.bodies.read(index);
    if (stored?.journal !== this.#journal || stored.seq !== seq) throw this.#notInLog(seq);
    return stored;
  }

  #isDeclared(first: number, last: number): boolean {
    return this.#declared.some(([from, to]) => from <= first && to >= last);
  }

  #notInLog(seq: number): Error {
    return fault(`seq ${seq} of journal \`${this.#journal}\` is not in the log`);
  }
}

/**
 * Whether the digests that the replica signed for are those of the entries. One that was erased keeps neither salt nor,
 * where it expired, digest: then nobody can tell.
 */
function promisedAsRecorded({ answers, entries }: ReadGroup): boolean {
  if (answers === undefined || entries.some(({ erased }) => erased === true)) return true;
  return rootOfLeaves(Buffer.concat(entries.map(({ leaf, body }) => answerLeaf(leaf, answerDigest(body))))).equals(
    answers,
  );
}
