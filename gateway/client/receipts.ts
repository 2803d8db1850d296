/**
 * Checking receipts without the gateway: only hashes, signatures and the keys that you name. Get the keys by another way than the answers: from the
 * operator's letter, or from a witness; `/log/vkey` and `/log/replicas/` of the people's port publish them.
 */
import { createHash } from 'node:crypto';
import { YitongError } from '../../contracts/errors.js';
import { parseWitnessVkey } from '../audit/log/cosignature.js';
import { leafHash } from '../audit/log/merkle.js';
import { decodeBase64, parseVkey } from '../audit/log/note.js';
import { promisedLeaf } from '../audit/log/promised.js';
import { verifyProof } from '../audit/log/proof.js';
import { commitmentOf } from '../audit/journal/format.js';
import { bytesOf } from './transport.js';
import type { ReceiptAnswer } from './types/catalogue.js';
import { receiptId, type Receipt } from './types/common.js';

const invalid = (what: string): YitongError => new YitongError('log_invalid', what);

export interface VerifiedPromise {
  /** `<journal>:<seq>` */
  readonly id: string;
  /** Leaf hash of the promised entry, 32 bytes. */
  readonly leaf: Buffer;
  /** If the entry is not in the log by then, the receipt is evidence against the operator, who signed it. */
  readonly mergeBy: Date;
}

/**
 * That a replica promised, under its signature, to bring the entry of this answer into the log.
 * @param answer with its `receipt`, or the receipt itself
 * @param replicaVkeys of the replicas that you trust, `<name>+<id>+<key>`
 * @throws YitongError `log_invalid`
 */
export function verifyPromise(answer: Receipt | { readonly receipt: Receipt }, replicaVkeys: string | readonly string[]): VerifiedPromise {
  const receipt = 'receipt' in answer ? answer.receipt : answer;
  const leaf = promisedLeaf({ ...receipt }, [replicaVkeys].flat().map(parseVkey));
  return { id: receiptId(receipt), leaf, mergeBy: new Date(receipt.mergeBy) };
}

/** The bytes over which an entry's digest is: the answer without its last member, the receipt. */
function digested(answer: object): Buffer {
  const bytes = Buffer.isBuffer(answer) ? answer : bytesOf(answer);
  if (bytes === undefined) throw new TypeError('the answer is none that this client received; give its bytes');
  const at = bytes.lastIndexOf(',"receipt":');
  return at < 0 ? bytes : Buffer.concat([bytes.subarray(0, at), Buffer.from('}')]);
}

export interface VerifyOptions {
  /** The answer for which the receipt was given, as the client returned it, or its bytes: then its digest must be the one in the entry, and its receipt must be of this entry. */
  readonly answer?: object;
  /** With `answer`: keys by which its receipt must be signed. */
  readonly replicaVkeys?: string | readonly string[];
  /** Keys of witnesses, and how many of them must have cosigned; default all. Without them nobody but the operator vouches. */
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
 * @throws YitongError `log_invalid`, saying what does not fit; TypeError if it is not logged so far, or its body is gone
 */
export function verifyReceipt(logged: ReceiptAnswer, vkey: string, options: VerifyOptions = {}): VerifiedReceipt {
  const { body, salt, proof } = logged;
  if (body === undefined || salt === undefined || proof === undefined) throw new TypeError(logged.state === 'logged' ? 'the body of the entry is gone, so only its place can be proved' : 'the entry is not in the log so far');
  const log = parseVkey(vkey);
  const { witnesses = [], required = witnesses.length } = options;
  const commitment = commitmentOf(decodeBase64(salt) ?? Buffer.alloc(0), Buffer.from(body));
  const { index, size, cosigned } = verifyProof(proof, commitment, log.name, [log], { witnesses: witnesses.map(parseWitnessVkey), required });
  const entry = JSON.parse(body) as Readonly<Record<string, unknown>>;
  if (options.answer !== undefined) checkAnswer(options.answer, logged.id, leafHash(commitment), entry, options.replicaVkeys);
  return { index, size, entry, cosigned: cosigned.map(({ name, time }) => ({ name, time: new Date(time * 1000) })) };
}

function checkAnswer(answer: object, id: string, leaf: Buffer, entry: Readonly<Record<string, unknown>>, vkeys: VerifyOptions['replicaVkeys']): void {
  const sha256 = createHash('sha256').update(digested(answer)).digest('base64url');
  if (entry['bodySha256'] !== sha256) throw invalid('the digest in the entry is not that of the answer');
  const receipt = 'receipt' in answer ? (answer.receipt as Receipt) : undefined;
  if (receipt !== undefined && (receiptId(receipt) !== id || receipt.leaf !== leaf.toString('base64'))) throw invalid('the receipt of the answer is of another entry');
  if (vkeys === undefined) return;
  if (receipt === undefined) throw new TypeError('bytes alone carry no receipt that could be verified');
  verifyPromise(receipt, vkeys);
}
