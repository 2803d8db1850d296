/** What every driver of the store of compliance codes keeps. */
import type { Test } from 'tap';
import { type CodeRecord, made } from '../../../gateway/documents/compliance/machine.js';
import type { ReleaseRecord } from '../../../gateway/documents/compliance/release-record.js';
import type { CodeStore } from '../../../gateway/documents/compliance/store.js';

export interface CodesDriver {
  /** An empty store, which can be opened several times; undefined where this machine has none. */
  open(t: Test): Promise<(() => Promise<CodeStore>) | undefined>;
  /** Whether the same store, opened again, holds the same. */
  readonly keeps: boolean;
}

const NOW = 1_700_000_000_000;
const record: CodeRecord = made('person', 'uscc:1', NOW);

const release: ReleaseRecord = {
  state: 'released',
  madeAt: NOW,
  until: NOW + 120_000,
  live: {
    owner: 'person',
    subject: 'uscc:1',
    scope: { id: 'r', report: 'credit', from: '2024-01-01', to: '2026-01-01', domains: ['fire'], whole: false },
  },
};

export function codesConformance(t: Test, driver: CodesDriver): void {
  const opener = async (t: Test): Promise<(() => Promise<CodeStore>) | undefined> => {
    const open = await driver.open(t);
    return (
      open &&
      (async () => {
        const store = await open();
        t.teardown(() => store.close());
        return store;
      })
    );
  };

  t.test('of many who come for one code at once, one finds it as it was', async (t) => {
    const open = await opener(t);
    if (open === undefined) return;
    const stores = await Promise.all(Array.from({ length: driver.keeps ? 3 : 1 }, open));
    await stores[0]?.transaction((maps) => maps.putCode('a', record));
    const won = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        stores[i % stores.length]?.transaction((maps) => {
          const found = maps.code('a');
          if (found?.state !== 'created') return false;
          maps.putCode('a', { ...found, state: 'refused' });
          return true;
        }),
      ),
    );
    t.equal(won.filter((one) => one === true).length, 1);
    for (const store of stores) t.equal((await store.code('a'))?.state, 'refused');
  });

  t.test('what throws has changed nothing', async (t) => {
    const store = await (await opener(t))?.();
    if (store === undefined) return;
    await t.rejects(
      store.transaction((maps) => {
        maps.putCode('a', record);
        maps.putRelease('a', release);
        maps.putMisses('x', { since: NOW, count: 1 });
        throw new Error('no');
      }),
      { message: 'no' },
    );
    t.equal(await store.code('a'), undefined);
    t.equal(await store.release('a'), undefined);
    t.equal(await store.transaction((maps) => maps.misses('x')), undefined);
  });

  t.test(
    'a code and a release of one name are two things, and a release is emptied and forgotten like a code',
    async (t) => {
      const open = await opener(t);
      if (open === undefined) return;
      const store = await open();
      await store.transaction((maps) => maps.putRelease('a', release));
      t.equal(await store.code('a'), undefined);
      t.same(await store.release('a'), release);
      if (driver.keeps) t.same(await (await open()).release('a'), release, 'another worker sees it');
      await store.sweep(release.until + 599_999);
      t.same(await store.release('a'), release);
      await store.sweep(release.until + 600_000);
      t.same(
        await store.release('a'),
        { state: 'released', madeAt: NOW, until: release.until },
        'of whom and what it was nothing is left',
      );
      await store.sweep(NOW + 86_400_001);
      t.equal(await store.release('a'), undefined);
    },
  );

  t.test(
    'ten minutes after its end a code is emptied, and after a day it is forgotten; one that lives stays',
    async (t) => {
      const store = await (await opener(t))?.();
      if (store === undefined) return;
      await store.transaction((maps) => {
        maps.putCode('a', record);
        maps.putMisses('x', { since: record.until - 1, count: 3 });
      });
      await store.sweep(record.until + 599_999);
      t.same(await store.code('a'), record);
      t.same(await store.transaction((maps) => maps.misses('x')), { since: record.until - 1, count: 3 });
      await store.sweep(record.until + 600_000);
      t.same(await store.code('a'), { state: 'created', madeAt: NOW, until: record.until });
      t.equal(await store.transaction((maps) => maps.misses('x')), undefined);
      await store.sweep(NOW + 86_400_001);
      t.equal(await store.code('a'), undefined);
    },
  );
}
