/**
 * Checking receipts without the gateway: only hashes, signatures and the keys that you name. Get the keys by another
 * way than the answers: from the operator's letter, or from a witness; `/log/vkey` and `/log/replicas/` of the people's
 * port publish them.
 */

import { type Receipt, receiptId } from '../../contracts/client.js';
import { YitongError } from '../../contracts/errors.js';
import type { ReceiptAnswer } from '../http/api/receipts/client.js';
import { parseWitnessVkey } from '../log/proof/cosignature.js';
import { commitmentOf } from '../log/proof/journal.js';
import { leafHash } from '../log/proof/merkle.js';
import { decodeBase64, parseVkey } from '../log/proof/note.js';
import { answerSha256, promisedLeaf } from '../log/proof/promised.js';
import { verifyProof } from '../log/proof/proof.js';
import { bytesOf } from './transport.js';

const invalid = (what: string): YitongError => new YitongError('log_invalid', what);

export interface VerifiedPromise {
  /** `<journal>:<seq>` */
  readonly id: string;
  /** Leaf hash of the promised entry, 32 bytes. */
  readonly leaf: Buffer;
  /** If the entry is not in the log by then, the receipt is evidence against the operator, who signed it. */
  readonly mergeBy: Date;
  /**
   * Digest of the answer for which it was given, base64url; undefined of receipts of before, and where the entry is of
   * no answer.
   */
  readonly bodySha256: string | undefined;
}

/**
 * That a replica promised, under its signature, to bring the entry of this answer into the log.
 * @param answer with its `receipt`, or the receipt itself
 * @param replicaVkeys of the replicas that you trust, `<name>+<id>+<key>`
 * @throws YitongError `log_invalid`
 */
export function verifyPromise(
  answer: Receipt | { readonly receipt: Receipt },
  replicaVkeys: string | readonly string[],
): VerifiedPromise {
  const receipt = 'receipt' in answer ? answer.receipt : answer;
  const leaf = promisedLeaf({ ...receipt }, [replicaVkeys].flat().map(parseVkey));
  return { id: receiptId(receipt), leaf, mergeBy: new Date(receipt.mergeBy), bodySha256: receipt.bodySha256 };
}

/**
 * As `verifyPromise`, and that it was given for this very answer, byte for byte, of `query` or `verify`: nobody can
 * show it beside another one. Says so before the entry is in the log, and without asking anybody.
 * @param answer as the client returned it, or its bytes
 * @throws YitongError `log_invalid`, also of a receipt of before, which does not say to which answer it belongs;
 * TypeError if it is none that the client returned
 */
export function verifyAnswer(
  answer: { readonly receipt: Receipt } | Buffer,
  replicaVkeys: string | readonly string[],
): VerifiedPromise {
  const receipt = receiptIn(answer);
  if (receipt === undefined) throw new TypeError('the answer has no receipt');
  const verified = verifyPromise(receipt, replicaVkeys);
  if (verified.bodySha256 !== digestOf(answer))
    throw invalid('the promise does not verify: it was given for another answer, or does not say for which');
  return verified;
}

function receiptIn(answer: object): Receipt | undefined {
  const value: unknown = Buffer.isBuffer(answer) ? JSON.parse(answer.toString('utf8')) : answer;
  return typeof value === 'object' && value !== null && 'receipt' in value ? (value.receipt as Receipt) : undefined;
}

function digestOf(answer: object): string {
  const bytes = Buffer.isBuffer(answer) ? answer : bytesOf(answer);
  if (bytes === undefined) throw new TypeError('the answer is none that this client received; give its bytes');
  return answerSha256(bytes);
}

export interface VerifyOptions {
  /**
   * The answer for which the receipt was given, as the client returned it, or its bytes: then its digest must be the
   * one in the entry, and its receipt must be of this entry.
   */
  readonly answer?: object;
  /** With `answer`: keys by which its receipt must be signed. */
  readonly replicaVkeys?: string | readonly string[];
  /**
   * Keys of witnesses, and how many of them must have cosigned; default all. Without them nobody but the operator
   * vouches.
   */
  readonly witnesses?: readonly string[];
  readonly required?: number;
}

export interface VerifiedReceipt {
  /** Of the entry in the log, and how many entries the checkpoint has. */
  readonly index: number;
  readonly size: number;
  /** The entry: who asked, when, for what, which fields were released. */
  readonly entry: Readonly<Record<string, unknown>>;
  readonly cosigned: readonly { readonly name: string; readonly time: Date }[];
}

/**
 * That the entry stands in the log whose key this is.
 * @param logged what `receipt()` answered, `state: 'logged'`
 * @param vkey of the log, `<name>+<id>+<key>`
 * @throws YitongError `log_invalid`, saying what does not fit; TypeError if it is not logged so far, or its body is
 * gone
 */
export function verifyReceipt(logged: ReceiptAnswer, vkey: string, options: VerifyOptions = {}): VerifiedReceipt {
  const { body, salt, proof } = logged;
  if (logged.state !== 'logged' || body === undefined || salt === undefined || proof === undefined)
    throw new TypeError(
      logged.state === 'logged'
        ? 'the body of the entry is gone, so only its place can be proved'
        : 'the entry is not in the log so far',
    );
  const log = parseVkey(vkey);
  const { witnesses = [], required = witnesses.length } = options;
  const commitment = commitmentOf(decodeBase64(salt) ?? Buffer.alloc(0), Buffer.from(body));
  const { index, size, cosigned } = verifyProof(proof, commitment, log.name, [log], {
    witnesses: witnesses.map(parseWitnessVkey),
    required,
  });
  const entry = JSON.parse(body) as Readonly<Record<string, unknown>>;
  if (options.answer !== undefined)
    checkAnswer(options.answer, logged.id, leafHash(commitment), entry, options.replicaVkeys);
  return { index, size, entry, cosigned: cosigned.map(({ name, time }) => ({ name, time: new Date(time * 1000) })) };
}

function checkAnswer(
  answer: object,
  id: string,
  leaf: Buffer,
  entry: Readonly<Record<string, unknown>>,
  vkeys: VerifyOptions['replicaVkeys'],
): void {
  if (entry['bodySha256'] !== digestOf(answer)) throw invalid('the digest in the entry is not that of the answer');
  const receipt = receiptIn(answer);
  if (receipt !== undefined && (receiptId(receipt) !== id || receipt.leaf !== leaf.toString('base64')))
    throw invalid('the receipt of the answer is of another entry');
  if (vkeys === undefined) return;
  if (receipt === undefined) throw new TypeError('the answer has no receipt that could be verified');
  verifyPromise(receipt, vkeys);
}
