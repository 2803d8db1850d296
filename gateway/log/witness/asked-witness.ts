/** One witness that is asked to cosign checkpoints, and what is known of it. */
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { cosignersOf } from '../proof/cosignature.js';
import { consistencyProof } from '../proof/merkle.js';
import { type Note, type NoteSignature, signatureLine, type Verifier } from '../proof/note.js';
import { tileNodes } from '../proof/tiles.js';
import { type WitnessAddress, type WitnessClient, witnessClient } from './witness-client.js';

export interface WitnessHealth {
  readonly name: string;
  /** `waiting`: not asked so far. `refused`: it answered and will not cosign; the reason says why. */
  readonly state: 'waiting' | 'cosigned' | 'unreachable' | 'refused';
  /** The largest size that it is known to have cosigned. */
  readonly size: number;
  readonly reason?: string;
}

/** A checkpoint that is to be cosigned. */
export interface Target {
  readonly note: string;
  /** What of the note is signed. */
  readonly text: string;
  readonly size: number;
}

export interface AskedWitnessOptions {
  /** A tile of the log by path; undefined if it is not there. */
  readonly read: (path: string) => Buffer | undefined;
  /** ms since 1970 */
  readonly now: () => number;
  /** Called where the witness's state changes for the worse. */
  readonly onTrouble: (witness: string, state: WitnessHealth['state'], reason: string) => void;
}

/** ms; doubled with each failure. */
const FIRST_RETRY = 250;
/** ms; short, so that a witness that is back is heard within seconds. */
const LONGEST_RETRY = 4000;

export class AskedWitness {
  readonly #options: AskedWitnessOptions;
  readonly #verifier: Verifier;
  readonly #client: WitnessClient;
  #state: WitnessHealth['state'] = 'waiting';
  #reason: string | undefined;
  /** The size that it is thought to have. */
  #size = 0;
  /** Its newest signature line, and the text that it cosigned by it. */
  #cosigned: { readonly text: string; readonly line: string } | undefined;
  /** Since it cosigned last. */
  #failures = 0;
  /** ms since 1970 from which on it may be asked again. */
  #retryAt = 0;
  #busy = false;
  #closed = false;

  constructor(address: WitnessAddress, options: AskedWitnessOptions) {
    this.#options = options;
    this.#verifier = address.verifier;
    this.#client = witnessClient(address);
  }

  health(): WitnessHealth {
    return {
      name: this.#verifier.name,
      state: this.#state,
      size: this.#size,
      ...present({ reason: this.#reason }),
    };
  }

  /** After a restart: what it cosigned of the published note, of `size` entries, need not be asked for again. */
  recall(note: Note, size: number): void {
    const { name, keyId } = this.#verifier;
    if (cosignersOf(note, [this.#verifier]).length === 0) return;
    const signature = note.signatures.find((one) => one.name === name && one.keyId === keyId);
    if (signature === undefined) return;
    this.#state = 'cosigned';
    this.#size = size;
    this.#cosigned = { text: note.text, line: signatureLine(signature) };
  }

  /** Its signature line under a text; undefined where it did not cosign that. */
  lineUnder(text: string): string | undefined {
    return this.#cosigned?.text === text ? this.#cosigned.line : undefined;
  }

  /** It did not cosign the text, is not being asked, and may be asked now. */
  isDue(text: string): boolean {
    return !this.#busy && this.lineUnder(text) === undefined && this.#retryAt <= this.#options.now();
  }

  /** ms until it may be asked again after a failure; undefined where it does not wait for that. */
  retryIn(): number | undefined {
    const ms = this.#retryAt - this.#options.now();
    return this.#busy || ms <= 0 ? undefined : ms;
  }

  /** Asks it to cosign; how it ended is seen by `lineUnder` and `health`. */
  async ask(target: Target): Promise<void> {
    this.#busy = true;
    try {
      // twice: what we think that the witness has may be wrong, and then it says what it has
      for (let attempt = 0; attempt < 2; attempt++) if (await this.#askOnce(target)) return;
      this.#failed('refused', "it names another size each time; does another sequencer use this log's key?");
    } catch (error) {
      this.#failed('refused', error instanceof YitongError ? error.message : 'the proof for it could not be made');
    } finally {
      this.#busy = false;
    }
  }

  close(): void {
    this.#closed = true;
    this.#client.close();
  }

  /** False where it said that it has another size than was thought. */
  async #askOnce(target: Target): Promise<boolean> {
    const old = this.#size;
    // it holds a longer log of ours than we do: ours was restored from an old copy, or another signs with our key
    if (old > target.size) {
      this.#failed('refused', `it has cosigned ${old} entries of this log, which has ${target.size} here`);
      return true;
    }
    const proof = consistencyProof(old, target.size, tileNodes(target.size, this.#options.read));
    const answer = await this.#client.add(old, proof, target.note);
    if (answer.kind === 'cosigned') this.#accept(target, answer.signature);
    else if (answer.kind !== 'conflict') this.#failed(answer.kind, answer.reason);
    else if (answer.size === old) this.#failed('refused', `it has cosigned another tree of ${old} entries: a fork`);
    else {
      this.#size = answer.size;
      return false;
    }
    return true;
  }

  #accept({ text, size }: Target, signature: NoteSignature): void {
    this.#state = 'cosigned';
    this.#reason = undefined;
    this.#size = size;
    this.#cosigned = { text, line: signatureLine(signature) };
    this.#failures = 0;
    this.#retryAt = 0;
  }

  #failed(state: 'unreachable' | 'refused', reason: string): void {
    const { now, onTrouble } = this.#options;
    this.#retryAt = now() + Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** this.#failures);
    this.#failures++;
    if (!this.#closed && (this.#state !== state || this.#reason !== reason))
      onTrouble(this.#verifier.name, state, reason);
    this.#state = state;
    this.#reason = reason;
  }
}
