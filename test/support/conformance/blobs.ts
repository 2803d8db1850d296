/**
 * Blobs over time: random sequences of all that is done with them, with repeats, restarts, several at once and damage,
 * against a map.
 */
import type { Test } from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import type { Blobs } from '../../../gateway/ground/state/blobs.js';

/** Where they stand, for a test. */
export interface BlobPlaces {
  /** As after a restart. */
  open(now: () => number): Promise<Blobs>;
  /** Damages one, beneath the port: a part of it is changed or gone. */
  damage(folder: string, name: string): Promise<void>;
  /** Leaves behind what a process that was killed while it put one leaves. */
  killedMidway(folder: string, name: string): Promise<void>;
  /** Whether anything of the folder is left, whatever the port says. */
  isAnythingLeft(folder: string): Promise<boolean>;
}

const DAY = 86_400_000;
const FOLDERS = ['00000000000000aa', '00000000000000ab', 'f00000000000000f'];
const NAMES = ['0a', '0b', 'ffffffffffffffffffffffffffffffff'];

/** `x` for 32 bits of state: the same sequence for the same seed. */
function dice(seed: number): (below: number) => number {
  let x = seed | 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

/** A name stands for its bytes. */
const bytesOf = (folder: string, name: string, size: number): Buffer =>
  Buffer.alloc(size, `${folder}/${name} and what it says; `);

interface Model {
  readonly bytes: Buffer;
  isDamaged: boolean;
}

export async function blobsOverTime(t: Test, places: BlobPlaces, seed: number, steps: number): Promise<void> {
  const roll = dice(seed);
  const one = <T>(list: readonly T[]): T => list[roll(list.length)] as T;
  const sizes = [0, 1, 31, 786_431, 786_432, 786_433, 2_000_000];
  const model = new Map<string, Model>();
  const begun = new Set<string>();
  let now = 1_800_000_000_000;
  let blobs = await places.open(() => now);
  const place = () => ({ folder: one(FOLDERS), name: one(NAMES) });
  const told: string[] = [];
  const note = (what: string): void => {
    told.push(what);
    if (told.length > 12) told.shift();
  };
  const got = async (at: ReturnType<typeof place>): Promise<Buffer | 'damaged' | undefined> => {
    try {
      return await blobs.get(at);
    } catch (error) {
      if (isYitongError(error) && error.code === 'store_damaged') return 'damaged';
      throw error;
    }
  };
  const sizeOf = new Map<string, number>();
  const wanted = ({ folder, name }: ReturnType<typeof place>): Buffer => {
    const key = `${folder}/${name}`;
    if (!sizeOf.has(key)) sizeOf.set(key, one(sizes));
    return bytesOf(folder, name, sizeOf.get(key) ?? 0);
  };
  for (let step = 0; step < steps; step++) {
    now += roll(3) === 0 ? DAY : 1000;
    const at = place();
    const key = `${at.folder}/${at.name}`;
    switch (roll(12)) {
      case 0:
      case 1:
      case 2: {
        note(`put ${key}`);
        await blobs.put(at, wanted(at));
        model.set(key, { bytes: wanted(at), isDamaged: false });
        break;
      }
      case 3: {
        note(`put ${key} three times at once`);
        await Promise.all([1, 2, 3].map(() => blobs.put(at, wanted(at))));
        model.set(key, { bytes: wanted(at), isDamaged: false });
        break;
      }
      case 4:
        note(`remove ${key}`);
        await blobs.remove(at);
        model.delete(key);
        break;
      case 5:
        note(`remove all of ${at.folder}`);
        await blobs.removeAll(at.folder);
        for (const name of NAMES) model.delete(`${at.folder}/${name}`);
        begun.delete(at.folder);
        t.notOk(
          await places.isAnythingLeft(at.folder),
          `nothing is left of a folder that was removed: ${told.join(', ')}`,
        );
        break;
      case 6: {
        const there = model.get(key);
        if (there === undefined || there.isDamaged || there.bytes.length === 0) break;
        note(`damage ${key}`);
        await places.damage(at.folder, at.name);
        there.isDamaged = true;
        break;
      }
      case 7:
        note('restart');
        blobs = await places.open(() => now);
        break;
      case 8:
        note(`killed midway ${key}`);
        await places.killedMidway(at.folder, at.name);
        begun.add(at.folder);
        break;
      case 9:
        note(`remove what was begun in ${at.folder}`);
        await blobs.removeBegun(at.folder, Infinity);
        if (begun.delete(at.folder) && !NAMES.some((name) => model.has(`${at.folder}/${name}`)))
          t.strictSame([...(await blobs.names(at.folder)).keys()], []);
        break;
      default: {
        const expected = model.get(key);
        const found = await got(at);
        const isRight =
          expected === undefined
            ? found === undefined
            : expected.isDamaged
              ? found === 'damaged'
              : Buffer.isBuffer(found) && found.equals(expected.bytes);
        if (!isRight) t.fail(`${key} is as it was put: ${told.join(', ')}`);
      }
    }
  }
  for (const folder of FOLDERS) {
    const names = NAMES.filter((name) => model.has(`${folder}/${name}`));
    t.strictSame([...(await blobs.names(folder)).keys()], names, `what ${folder} holds: ${told.join(', ')}`);
  }
  const full = FOLDERS.filter((folder) => NAMES.some((name) => model.has(`${folder}/${name}`)));
  const folders: string[] = [];
  for (let after = ''; ; after = folders.at(-1) ?? '') {
    const page = await blobs.folders(after, 2);
    if (page.length === 0) break;
    folders.push(...page);
  }
  t.strictSame(
    folders.filter((folder) => full.includes(folder)),
    full,
    'all folders are found, in order, some at a time',
  );
  t.strictSame([...folders].sort(), folders);
}
