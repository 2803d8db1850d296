/** What every driver of the status store keeps. */
import type { Test } from 'tap';
import { bit, type StatusStore } from '../../../gateway/documents/model/status.js';

export interface StatusDriver {
  /** An empty store, which can be opened several times; undefined where this machine has none. */
  open(t: Test): Promise<((size: number) => Promise<StatusStore>) | undefined>;
  /** Whether the same store, opened again, holds the same. */
  readonly keeps: boolean;
}

export function statusConformance(t: Test, driver: StatusDriver): void {
  /** Of `size` places a list. */
  const opener = async (t: Test, size: number): Promise<(() => Promise<StatusStore>) | undefined> => {
    const open = await driver.open(t);
    return (
      open &&
      (async () => {
        const store = await open(size);
        t.teardown(() => store.close());
        return store;
      })
    );
  };

  t.test('no two credentials get one place, and places come in no order', async (t) => {
    const store = await (await opener(t, 256))?.();
    if (store === undefined) return;
    const places = await Promise.all(Array.from({ length: 500 }, () => store.allocate()));
    t.equal(new Set(places.map(({ list, index }) => `${list} ${index}`)).size, 500);
    t.same(
      [...new Set(places.map(({ list }) => list))].sort(),
      [0, 1, 2],
      'a list is given from until three quarters are taken',
    );
    t.ok(places.every(({ index }) => index >= 0 && index < 256));
    const rising = places.filter(
      ({ list, index }, i) => places[i - 1]?.list === list && index > (places[i - 1]?.index ?? 0),
    ).length;
    t.ok(rising > 150 && rising < 350, `${rising} of 500 lie behind the one before`);
  });

  t.test('a revocation is of one place, for good, and of a place that somebody has', async (t) => {
    const store = await (await opener(t, 256))?.();
    if (store === undefined) return;
    const [a, b] = [await store.allocate(), await store.allocate()];
    t.equal((await store.read(0))?.length, 32);
    t.ok(
      (await store.read(0))?.every((byte) => byte === 0),
      'the list does not tell which places are taken',
    );
    t.equal(await store.revoke(a), true);
    t.equal(await store.revoke(a), true);
    const bits = (await store.read(0)) ?? Buffer.alloc(0);
    t.same(
      Array.from({ length: 256 }, (_, i) => i).filter((i) => bit(bits, i)),
      [a.index],
    );
    t.equal(bit(bits, b.index), false);
    const nobody = Array.from({ length: 256 }, (_, i) => i).find((i) => i !== a.index && i !== b.index) ?? 0;
    for (const index of [nobody, 256, -1, 1 << 20]) t.equal(await store.revoke({ list: 0, index }), false);
    t.equal(await store.revoke({ list: 1, index: 0 }), false);
    t.equal(await store.read(1), undefined);
    bits.fill(255);
    t.equal(bit((await store.read(0)) ?? bits, b.index), false, "what was read is the reader's own");
  });

  // one that is for a single process keeps nothing for others
  if (!driver.keeps) return;
  t.test('what one worker gives or revokes, the others know; and it is there after a restart', async (t) => {
    const open = await opener(t, 256);
    if (open === undefined) return;
    const [one, other] = [await open(), await open()];
    const places = await Promise.all(Array.from({ length: 150 }, (_, i) => (i % 2 === 0 ? one : other).allocate()));
    t.equal(new Set(places.map(({ list, index }) => `${list} ${index}`)).size, 150);
    await one.revoke(places[1] ?? { list: 0, index: 0 });
    t.equal(bit((await other.read(0)) ?? Buffer.alloc(0), places[1]?.index ?? 0), true);
    const again = await open();
    t.equal(bit((await again.read(0)) ?? Buffer.alloc(0), places[1]?.index ?? 0), true);
  });
}
