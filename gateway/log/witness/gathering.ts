/**
 * Gathers cosignatures: asks the witnesses about the newest checkpoint that the sequencer committed, and gives it out
 * for publication once `required` of them cosigned it. The sequencer never waits for it. One round is about one
 * checkpoint, for cosignatures of different sizes do not add up; the next round takes the newest.
 */

import { parseCheckpoint } from '../proof/checkpoint.js';
import { parseNote } from '../proof/note.js';
import { AskedWitness, type AskedWitnessOptions, type Target, type WitnessHealth } from './asked-witness.js';
import type { WitnessAddress } from './witness-client.js';

export type { WitnessHealth } from './asked-witness.js';
export type { WitnessAddress } from './witness-client.js';

export interface WitnessSetup {
  readonly witnesses: readonly WitnessAddress[];
  /** Cosignatures without which no checkpoint is published; 1 to the number of witnesses. */
  readonly required: number;
}

interface GatheringOptions extends WitnessSetup, AskedWitnessOptions {
  /** The note that is published now. */
  readonly published: () => Buffer | undefined;
  /** Takes the place of it. @throws whatever; the next round tries again */
  readonly publish: (note: string) => void;
}

export interface Gathering {
  /** A checkpoint that is committed and whose tiles are in place, newer than any before. Returns at once. */
  offer(checkpoint: string): void;
  health(): readonly WitnessHealth[];
  /** Resolves when what was offered last is published, or after `ms`. */
  settled(ms: number): Promise<void>;
  stop(): Promise<void>;
}

export function gatherCosignatures(options: GatheringOptions): Gathering {
  return new Rounds(options);
}

/** ms between which the pause between two rounds lies, where nothing changes. */
const SHORTEST_PAUSE = 10;
const LONGEST_PAUSE = 1000;

class Rounds implements Gathering {
  readonly #options: GatheringOptions;
  readonly #witnesses: readonly AskedWitness[];
  /** What was offered last. */
  #newest: Target | undefined;
  #publishedSize = -1;
  /** What is published under enough cosignatures, and by how many. */
  #covered = { text: '', by: 0 };
  #stopped = false;
  /** Ends the pause between two rounds. */
  #wake = (): void => undefined;
  /** Called when what was offered last is published. */
  readonly #onPublished = new Set<() => void>();
  readonly #running: Promise<void>;

  constructor(options: GatheringOptions) {
    this.#options = options;
    this.#witnesses = options.witnesses.map((address) => new AskedWitness(address, options));
    this.#recall();
    this.#running = this.#run();
  }

  offer(checkpoint: string): void {
    const { text } = parseNote(Buffer.from(checkpoint));
    if (this.#newest?.text === text) return;
    this.#newest = { note: checkpoint, text, size: parseCheckpoint(text).size };
    this.#publish(this.#newest);
    this.#wake();
  }

  health(): readonly WitnessHealth[] {
    return this.#witnesses.map((one) => one.health());
  }

  async settled(ms: number): Promise<void> {
    if (this.#newest === undefined || this.#covered.text === this.#newest.text) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#onPublished.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#onPublished.add(done);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const one of this.#witnesses) one.close();
    this.#wake();
    await this.#running;
  }

  /** After a restart: who cosigned what is published need not be asked for it again. */
  #recall(): void {
    const bytes = this.#options.published();
    if (bytes === undefined) return;
    const note = parseNote(bytes);
    this.#publishedSize = parseCheckpoint(note.text).size;
    for (const one of this.#witnesses) one.recall(note, this.#publishedSize);
    const by = this.#linesUnder(note.text).length;
    if (by >= this.#options.required) this.#covered = { text: note.text, by };
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const target = this.#newest;
      // also what could not be written when its last cosignature came
      if (target !== undefined) this.#publish(target);
      const due = target === undefined ? [] : this.#witnesses.filter((one) => one.isDue(target.text));
      if (target === undefined || due.length === 0) await this.#pause();
      else await this.#round(target, due);
    }
  }

  /** Asks witnesses about one checkpoint; a slow one holds up the round only while it is needed. */
  async #round(target: Target, due: readonly AskedWitness[]): Promise<void> {
    const asked = due.map((one) => this.#ask(one, target));
    await Promise.race([
      Promise.all(asked),
      new Promise<void>((resolve) => {
        const look = (): void => (this.#covered.text === target.text || this.#stopped ? resolve() : undefined);
        for (const one of asked) void one.then(look);
      }),
    ]);
  }

  async #ask(one: AskedWitness, target: Target): Promise<void> {
    try {
      await one.ask(target);
    } finally {
      this.#publish(target);
      this.#wake();
    }
  }

  /** Publishes a checkpoint that enough witnesses cosigned, and again when more of them did. */
  #publish(target: Target): void {
    const lines = this.#linesUnder(target.text);
    if (lines.length < this.#options.required || target.size < this.#publishedSize) return;
    if (this.#covered.text === target.text && this.#covered.by >= lines.length) return;
    try {
      this.#options.publish(`${target.note}${lines.join('')}`);
    } catch {
      return; // the sequencer says why it cannot; the next round tries again
    }
    this.#publishedSize = target.size;
    this.#covered = { text: target.text, by: lines.length };
    if (this.#newest?.text === target.text) for (const done of this.#onPublished) done();
  }

  #linesUnder(text: string): string[] {
    return this.#witnesses.map((one) => one.lineUnder(text)).filter((line) => line !== undefined);
  }

  /** All cosigned what is newest, or are asked, or wait for their next turn: until that comes, or something changes. */
  #pause(): Promise<void> {
    const turns = this.#witnesses.map((one) => one.retryIn()).filter((ms) => ms !== undefined);
    const ms = Math.max(SHORTEST_PAUSE, Math.min(LONGEST_PAUSE, ...turns));
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
