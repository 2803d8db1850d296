/**
 * The published checkpoint of a data folder, as its sequencer replaces it: at once, or where witnesses are set, when
 * enough of them have cosigned.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { replaceFile } from '../../ground/files/durable.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { openCheckpoint, parseCheckpoint } from '../proof/checkpoint.js';
import { parseNote, type Signer } from '../proof/note.js';
import { type Gathering, gatherCosignatures, type WitnessHealth, type WitnessSetup } from '../witness/gathering.js';

interface PublicationOptions {
  /** The folder of tiles and checkpoint, which anyone may read. */
  readonly logDir: string;
  readonly signer: Signer;
  readonly origin: string;
  readonly now: () => number;
  /** Without it a checkpoint is published at once. */
  readonly witnesses?: WitnessSetup;
  /** Whether this process is still the sequencer of the data folder. */
  readonly isSequencer: () => boolean;
  readonly onFailure: (reason: string) => void;
  readonly onWitnessTrouble: (witness: string, state: WitnessHealth['state'], reason: string) => void;
}

interface Published {
  /** The signed text. */
  readonly text: string;
  readonly size: number;
  readonly note: Buffer;
}

export class Publication {
  readonly #options: PublicationOptions;
  readonly #file: string;
  readonly #gathering: Gathering | undefined;
  #publishedAt: number | undefined;

  constructor(options: PublicationOptions) {
    const { logDir, witnesses, now, onWitnessTrouble } = options;
    this.#options = options;
    this.#file = join(logDir, 'checkpoint');
    this.#gathering =
      witnesses === undefined
        ? undefined
        : gatherCosignatures({
            ...witnesses,
            published: () => this.#published()?.note,
            publish: (note) => this.#publish(note),
            read: (path) => readIfThere(join(logDir, path)),
            now,
            onTrouble: onWitnessTrouble,
          });
  }

  /**
   * A checkpoint that is committed and in place goes to the world, or first to the witnesses; the empty text before the
   * first commit to nobody.
   * @throws whatever publication without witnesses says
   */
  release(checkpoint: string): void {
    if (checkpoint === '') return;
    if (this.#gathering !== undefined) return this.#gathering.offer(checkpoint);
    if (this.#published()?.text !== parseNote(Buffer.from(checkpoint)).text) this.#publish(checkpoint);
  }

  /** Entries under the published checkpoint (0 before the first), and ms since 1970 when it was published. */
  newest(): { readonly size: number; readonly publishedAt: number | undefined } {
    const published = this.#published();
    if (published !== undefined) this.#publishedAt ??= statSync(this.#file, { throwIfNoEntry: false })?.mtimeMs;
    return { size: published?.size ?? 0, publishedAt: this.#publishedAt };
  }

  witnesses(): readonly WitnessHealth[] {
    return this.#gathering?.health() ?? [];
  }

  /** @param settle ms to wait for witnesses to cosign what was released last; without it nothing is waited for */
  async stop(settle?: number): Promise<void> {
    if (settle !== undefined) await this.#gathering?.settled(settle);
    await this.#gathering?.stop();
  }

  /**
   * What is published, if it is of this log and signed; a file that is damaged is as good as none, and is written
   * again.
   */
  #published(): Published | undefined {
    const note = readIfThere(this.#file);
    if (note === undefined) return undefined;
    try {
      const { origin, signer } = this.#options;
      return { text: parseNote(note).text, size: openCheckpoint(note, origin, [signer]).size, note };
    } catch {
      return undefined;
    }
  }

  #publish(note: string): void {
    const { isSequencer, onFailure, now } = this.#options;
    const { size } = parseCheckpoint(parseNote(Buffer.from(note)).text);
    try {
      // One that lost its place must not take the world back. Between this look and the rename it still could, for one
      // run's time: a checkpoint that was true then, and the next publication is of the newer.
      if (!isSequencer() || (this.#published()?.size ?? -1) > size)
        throw new YitongError('audit_unavailable', 'another sequencer has taken over');
      replaceFile(this.#file, note);
    } catch (error) {
      onFailure(`the checkpoint cannot be published: ${error instanceof Error ? error.message : 'unknown'}`);
      throw error;
    }
    this.#publishedAt = now();
  }
}
