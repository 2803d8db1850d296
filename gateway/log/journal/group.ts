/** Builds one group: drafts in, the bytes of a group commit and a receipt for each entry out. */
import { randomFillSync } from 'node:crypto';
import { writeDigest } from '../entries/answer-digest.js';
import type { SubjectSecret } from '../entries/keys.js';
import { NONCE_BYTES, seal } from '../entries/seal.js';
import {
  answerDigest,
  answerLeaf,
  chainAfter,
  ENTRY_HEADER,
  GROUP_HEADER_2,
  groupText,
  MAX_GROUP_ENTRIES,
  SALT_BYTES,
  writeGroupHeader,
} from '../proof/journal.js';
import { HASH_BYTES, leafHash, pathInLevels, rootOfLeaves, sha256, treeLevels } from '../proof/merkle.js';
import { type Signer, signatureText } from '../proof/note.js';
import type { Frame } from './ring.js';

/** A group that has grown this large is closed, so that one commit stays short. */
const TARGET_BYTES = 1 << 20;

/** Random bytes drawn from the system 16 kB at a time. */
export function bufferedRandom(): (target: Buffer, at: number, size: number) => void {
  const store = Buffer.alloc(16384);
  let used = store.length;
  return (target, at, size) => {
    if (used + size > store.length) {
      randomFillSync(store);
      used = 0;
    }
    store.copy(target, at, used, used + size);
    store.fill(0, used, used + size); // a salt or nonce given out is not kept
    used += size;
  };
}

interface BuiltGroup {
  /** Header and payload, valid until the next group is begun. */
  readonly bytes: Buffer;
  readonly first: number;
  readonly count: number;
  readonly chain: Buffer;
  /** Receipts as JSON texts, in order; empty of an entry of which nobody is given one. */
  readonly receipts: readonly string[];
}

interface GroupBuilder {
  /** False if this frame must wait for the next group. */
  add(frame: Frame, secret: SubjectSecret | undefined): boolean;
  readonly count: number;
  /** Closes the group. `first` and `chain` go on from the group before. */
  finish(first: number, previous: Buffer): BuiltGroup;
}

interface GroupOptions {
  readonly journal: string;
  readonly signer: Signer;
  /** ms from the newest entry of a group until all of it is promised to be in the log. */
  readonly mergeDelay: number;
  /** Room for one group; no entry may be larger. */
  readonly maxBytes: number;
  readonly random: (target: Buffer, at: number, size: number) => void;
}

/** JSON text of the plain subject part: `{"subject":…,"details":…}` */
function subjectPlain(frame: Frame): Buffer {
  const subject = JSON.stringify(frame.subject.toString('utf8'));
  return Buffer.from(
    `{"subject":${subject},"details":${frame.json.length === 0 ? 'null' : frame.json.toString('utf8')}}`,
  );
}

export function groupBuilder({ journal, signer, mergeDelay, maxBytes, random }: GroupOptions): GroupBuilder {
  const buffer = Buffer.alloc(maxBytes);
  const leaves = Buffer.alloc(MAX_GROUP_ENTRIES * HASH_BYTES);
  const answers = Buffer.alloc(MAX_GROUP_ENTRIES * HASH_BYTES);
  /** Digests of the answers, base64url, as the entries have them. */
  let digests: (string | undefined)[] = [];
  let receipted: boolean[] = [];
  const nonce = Buffer.alloc(NONCE_BYTES);
  const target = Math.min(TARGET_BYTES, maxBytes);
  let at = GROUP_HEADER_2;
  let count = 0;
  let newest = 0;

  return {
    add(frame, secret) {
      const worst = ENTRY_HEADER + frame.clear.length + (frame.subject.length * 6 + frame.json.length + 128) * 2 + 128;
      if (count === MAX_GROUP_ENTRIES || (count > 0 && at + worst > target)) return false;
      if (at + worst > maxBytes) throw new RangeError('an entry is larger than a group may be');
      random(buffer, at + 4, SALT_BYTES);
      const start = at + ENTRY_HEADER;
      frame.clear.copy(buffer, start);
      let end = start + frame.clear.length;
      const clear = buffer.subarray(start, end);
      if (frame.answer.length > 0) writeDigest(clear, frame.digestPlace, frame.answer);
      const digest = answerDigest(clear);
      if (secret !== undefined) {
        random(nonce, 0, NONCE_BYTES);
        // the closing brace goes behind the subject; `{}` has no member to follow
        const comma = frame.clear.length > 2 ? ',' : '';
        end -= 1;
        end += buffer.write(
          `${comma}"subject":{"pseudonym":"${secret.pseudonym}","enc":"${seal(secret, nonce, subjectPlain(frame))}"}}`,
          end,
          'latin1',
        );
      }
      buffer.writeUInt32BE(end - start, at);
      const leaf = leafHash(sha256(buffer.subarray(at + 4, end)));
      leaf.copy(leaves, count * HASH_BYTES);
      answerLeaf(leaf, digest).copy(answers, count * HASH_BYTES);
      digests.push(digest);
      receipted.push(frame.receipted);
      at = end;
      count++;
      if (frame.now > newest) newest = frame.now;
      return true;
    },
    get count() {
      return count;
    },
    finish(first, previous) {
      const root = rootOfLeaves(leaves.subarray(0, count * HASH_BYTES));
      const levels = treeLevels(answers.subarray(0, count * HASH_BYTES));
      const mergeBy = Math.floor(newest) + mergeDelay;
      const group = { first, count, root, answers: levels.at(-1) ?? answers, mergeBy, previous };
      const signature = signer.sign(Buffer.from(groupText(journal, group)));
      const length = (at + 7) & ~7;
      buffer.fill(0, at, length);
      writeGroupHeader(buffer.subarray(0, length), { ...group, length, keyId: signer.keyId, signature });
      const common =
        `"first":${first},"count":${count},"root":"${root.toString('base64')}",` +
        `"answers":"${group.answers.toString('base64')}","mergeBy":"${new Date(mergeBy).toISOString()}",` +
        `"key":${JSON.stringify(signer.name)},"algorithm":"ed25519",` +
        `"signature":"${signatureText(signer.keyId, signature)}"}`;
      const receipts: string[] = [];
      for (let i = 0; i < count; i++) {
        if (receipted[i] !== true) {
          receipts.push('');
          continue;
        }
        const path = pathInLevels(levels, i).map((hash) => `"${hash.toString('base64')}"`);
        const leaf = leaves.toString('base64', i * HASH_BYTES, (i + 1) * HASH_BYTES);
        const digest = digests[i];
        const answer = digest === undefined ? '' : `"bodySha256":"${digest}",`;
        receipts.push(
          `{"version":2,"journal":"${journal}","seq":${first + i},"leaf":"${leaf}",${answer}` +
            `"path":[${path.join(',')}],${common}`,
        );
      }
      const built = { bytes: buffer.subarray(0, length), first, count, chain: chainAfter(group), receipts };
      at = GROUP_HEADER_2;
      digests = [];
      receipted = [];
      count = 0;
      newest = 0;
      return built;
    },
  };
}
