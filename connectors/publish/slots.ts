/** Slots: a small number for each published record, and which of them a run has seen. */

/** Slots taken at once: a first load takes more and more of them. */
const FIRST_BLOCK = 1024;
const LAST_BLOCK = 65_536;

/** Where all processes of a data folder take their slots from. */
interface BlockStore {
  /** @returns the first of so many slots that nobody else has */
  takeNow(size: number): number;
  takeBeforehand(size: number): Promise<number>;
}

export class FreeSlots {
  readonly #store: BlockStore;
  #next = 0;
  #end = 0;
  /** Half of the block that is used. */
  #half = 0;
  /** Of the next block that is taken. */
  #size = FIRST_BLOCK;
  /** The block after this one, from its first slot. */
  #reserve: { readonly from: number; readonly size: number } | undefined;

  constructor(store: BlockStore) {
    this.#store = store;
  }

  /** A number that no other record has, also not one of another process. */
  take(): number {
    if (this.#next === this.#end) this.#useNextBlock();
    else if (this.#reserve === undefined && this.#end - this.#next === this.#half) this.#reserveBlock();
    return this.#next++;
  }

  #useNextBlock(): void {
    const size = this.#size;
    const block = this.#reserve ?? this.#taken(this.#store.takeNow(size), size);
    this.#reserve = undefined;
    this.#next = block.from;
    this.#end = block.from + block.size;
    this.#half = block.size / 2;
  }

  /** Beforehand, as taking a block waits for the disk. */
  #reserveBlock(): void {
    const size = this.#size;
    this.#store.takeBeforehand(size).then(
      (from) => {
        const block = this.#taken(from, size);
        this.#reserve ??= block;
      },
      () => undefined, // then it is taken when it is needed, or fails there
    );
  }

  #taken(from: number, size: number): { readonly from: number; readonly size: number } {
    this.#size = Math.min(LAST_BLOCK, size * 8);
    return { from, size };
  }
}

/** Which slots a run has seen. */
export class SeenSlots {
  #bits = new Uint8Array(1024);

  has(slot: number): boolean {
    return ((this.#bits[slot >> 3] ?? 0) & (1 << (slot & 7))) !== 0;
  }

  add(slot: number): void {
    const at = slot >> 3;
    if (at >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (slot & 7));
  }
}
