/**
 * The log of the sandbox: entries of the same form, groups and promises by the same code, one tree, and a key that
 * lives as long as the process. Only the edge of the tree is kept: it proves each entry at the moment when it is made.
 */
import { createSecretKey, randomBytes } from 'node:crypto';
import { digestPlace } from '../../log/entries/answer-digest.js';
import type { SubjectSecret } from '../../log/entries/keys.js';
import type { EntryDraft } from '../../log/entries/port.js';
import { bufferedRandom, groupBuilder } from '../../log/journal/group.js';
import { signCheckpoint } from '../../log/proof/checkpoint.js';
import { CHAIN_START, readEntries, readGroup } from '../../log/proof/journal.js';
import { leafHash, nodeHash, rootFromInclusion } from '../../log/proof/merkle.js';
import { formatProof } from '../../log/proof/proof.js';
import { ephemeralSigner } from '../../log/store/signer.js';

/** Bytes of one entry with its group. */
const MOST = 1 << 18;

export interface SandboxEntry {
  readonly index: number;
  /** JSON text. */
  readonly body: string;
  /** SHA-256(salt ‖ body) is the entry of the proof. */
  readonly salt: Buffer;
  /** tlog-proof@v1 */
  readonly proof: string;
  /** With which the proof and the promise were signed. */
  readonly vkey: string;
  /** The promise as it stands in an answer, JSON text. */
  readonly receipt: string;
}

export class SandboxLog {
  readonly #origin: string;
  readonly #signer: ReturnType<typeof ephemeralSigner>;
  readonly #builder: ReturnType<typeof groupBuilder>;
  readonly #secrets = new Map<string, SubjectSecret>();
  /** Roots of the whole subtrees at the right edge, the largest first. */
  #edge: readonly { readonly height: number; readonly hash: Buffer }[] = [];
  #size = 0;
  #chain: Buffer = CHAIN_START;

  /** @param origin of the log of the installation; this one has another name with each start */
  constructor(origin: string) {
    const run = randomBytes(4).toString('hex');
    this.#origin = `${origin}/sandbox/${run}`;
    this.#signer = ephemeralSigner(this.#origin);
    this.#builder = groupBuilder({
      journal: `sandbox-${run}`,
      signer: this.#signer,
      mergeDelay: 0,
      maxBytes: MOST,
      random: bufferedRandom(),
    });
  }

  get origin(): string {
    return this.#origin;
  }

  /** Subjects are those of the sandbox, so there are few. */
  #secretOf(subject: string): SubjectSecret {
    let secret = this.#secrets.get(subject);
    if (secret === undefined) {
      secret = { pseudonym: randomBytes(16).toString('hex'), key: createSecretKey(randomBytes(32)) };
      this.#secrets.set(subject, secret);
    }
    return secret;
  }

  append({ clear, subject, answer }: EntryDraft, now: number): SandboxEntry {
    const none = Buffer.alloc(0);
    this.#builder.add(
      {
        clear: Buffer.from(clear),
        subject: subject === undefined ? none : Buffer.from(subject.subject),
        json: subject === undefined ? none : Buffer.from(subject.json),
        now,
        answer: answer ?? none,
        digestPlace: digestPlace(clear) ?? 0,
        receipted: true,
      },
      subject === undefined ? undefined : this.#secretOf(subject.subject),
    );
    const built = this.#builder.finish(this.#size + 1, this.#chain);
    this.#chain = built.chain;
    const group = readGroup(built.bytes, 0);
    const entry = group === undefined ? undefined : readEntries(built.bytes, 0, group)?.[0];
    if (entry === undefined) throw new Error('the sandbox has written a group that it cannot read');
    const proof = this.#proved(entry.commitment);
    return {
      ...proof,
      body: entry.body.toString('utf8'),
      salt: Buffer.from(entry.salt),
      vkey: this.#signer.vkey,
      receipt: built.receipts[0] ?? '{}',
    };
  }

  #proved(commitment: Buffer): Pick<SandboxEntry, 'index' | 'proof'> {
    const index = this.#size++;
    const leaf = leafHash(commitment);
    const path = [...this.#edge].reverse().map(({ hash }) => hash);
    const root = rootFromInclusion(index, this.#size, leaf, path) ?? leaf;
    const edge = [...this.#edge, { height: 0, hash: leaf }];
    for (let last = edge.at(-1), before = edge.at(-2); last !== undefined && before?.height === last.height; ) {
      edge.splice(-2, 2, { height: last.height + 1, hash: nodeHash(before.hash, last.hash) });
      [last, before] = [edge.at(-1), edge.at(-2)];
    }
    this.#edge = edge;
    const checkpoint = signCheckpoint({ origin: this.#origin, size: this.#size, root }, [this.#signer]);
    return { index, proof: formatProof({ index, path, checkpoint }) };
  }
}
