/** Hashes of cells in flat memory: how many different ones there are, and which come again. Not for security. */

/** 64 bits of a text as two halves (cyrb53 by bryc, public domain, whose two lanes are kept whole). */
export interface Hash {
  high: number;
  low: number;
}

export function hashText(text: string, into: Hash, seed = 0): Hash {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2_654_435_761);
    b = Math.imul(b ^ code, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  into.high = b >>> 0;
  into.low = a >>> 0;
  return into;
}

/** HyperLogLog (Flajolet and others 2007) of 2^12 registers: about 1.6 % off, 4 kB. */
export class Distinct {
  private readonly registers = new Uint8Array(4096);

  add({ high, low }: Hash): void {
    const at = high & 4095;
    const rank = Math.clz32(low) + 1;
    if (rank > (this.registers[at] ?? 0)) this.registers[at] = rank;
  }

  get estimate(): number {
    let sum = 0;
    let zeros = 0;
    for (const rank of this.registers) {
      sum += 2 ** -rank;
      if (rank === 0) zeros += 1;
    }
    const raw = (0.7213 / (1 + 1.079 / 4096)) * 4096 * (4096 / sum);
    return Math.round(raw <= 2.5 * 4096 && zeros > 0 ? 4096 * Math.log(4096 / zeros) : raw);
  }
}

/**
 * Keys seen and a 32-bit value for each, of at most `capacity` keys. Beyond it only every second key (by its hash) is
 * kept, then every fourth, …: all occurrences of a key are kept or none, so what is said about those kept holds for `1
 * / share` as many.
 */
export class KeyTable {
  private highs: Uint32Array;
  private lows: Uint32Array;
  private values: Uint32Array;
  private used = 0;
  private mask = 0;

  /** @param expected keys, for which it has room from the beginning */
  constructor(
    private readonly capacity: number,
    expected = 0,
  ) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(1024, expected * 2 + 2)));
    this.highs = new Uint32Array(size);
    this.lows = new Uint32Array(size);
    this.values = new Uint32Array(size);
  }

  /** 1, or less where only a sample of the keys is kept. */
  get share(): number {
    return 1 / (this.mask + 1);
  }

  get size(): number {
    return this.used;
  }

  keeps(hash: Hash): boolean {
    return (hash.high & this.mask) === 0;
  }

  /** The value of the key where it was there; else undefined, and it has `value` now. Only for keys that it keeps. */
  put({ high, low }: Hash, value: number): number | undefined {
    const found = this.insert(high, low, value);
    if (found === undefined && this.used * 2 > this.highs.length) this.grow();
    return found;
  }

  /** Forgets all keys and keeps the room. */
  clear(): void {
    this.lows.fill(0);
    this.used = 0;
    this.mask = 0;
  }

  private insert(high: number, rawLow: number, value: number): number | undefined {
    // an empty slot has low 0
    const low = rawLow === 0 ? 1 : rawLow;
    const last = this.highs.length - 1;
    for (let at = (low ^ (high >>> 7)) & last; ; at = (at + 1) & last) {
      if (this.lows[at] === 0) {
        this.lows[at] = low;
        this.highs[at] = high;
        this.values[at] = value;
        this.used += 1;
        return undefined;
      }
      if (this.lows[at] === low && this.highs[at] === high) return this.values[at];
    }
  }

  private grow(): void {
    if (this.used >= this.capacity) this.mask = this.mask * 2 + 1;
    const { highs, lows, values } = this;
    const size = this.used >= this.capacity ? lows.length : lows.length * 2;
    this.highs = new Uint32Array(size);
    this.lows = new Uint32Array(size);
    this.values = new Uint32Array(size);
    this.used = 0;
    for (let at = 0; at < lows.length; at++) {
      const [high = 0, low = 0] = [highs[at], lows[at]];
      if (low !== 0 && (high & this.mask) === 0) this.insert(high, low, values[at] ?? 0);
    }
  }
}
