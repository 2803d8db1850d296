/** Uploads where they stand, in a folder and in PostgreSQL, over time and against one model. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Blobs, blobsInFolder, blobsInState } from '../../../gateway/ground/state/blobs.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { stateOf } from '../../../gateway/operate/backup/states.js';
import { type BlobPlaces, blobsOverTime } from '../../support/conformance/blobs.js';
import { driver as lmdb } from './lmdb.driver.js';
import { driver as postgres } from './postgres.driver.js';

t.setTimeout(240_000);

const SEEDS =
  process.env['YITONG_TEST_SEED'] === undefined ? [1, 2, Date.now() % 1e6] : [Number(process.env['YITONG_TEST_SEED'])];

/** In a data folder. */
function inFolder(data: string): BlobPlaces {
  const fileOf = (folder: string, name: string): string => join(data, 'blobs', folder, name);
  let turn = 0;
  return {
    open: async () => blobsInFolder(data),
    async damage(folder, name) {
      const file = fileOf(folder, name);
      turn++;
      if (turn % 3 === 0) return truncateSync(file, statSync(file).size - 1);
      if (turn % 3 === 1) return truncateSync(file, 7);
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 4, bytes.length - 1);
      writeFileSync(file, bytes);
    },
    async killedMidway(folder, name) {
      mkdirSync(join(data, 'blobs', folder), { recursive: true });
      writeFileSync(`${fileOf(folder, name)}.1-00.tmp`, 'a part');
    },
    isAnythingLeft: async (folder) => existsSync(join(data, 'blobs', folder)),
  };
}

/** In a state, which stays open. */
function inState(state: State): BlobPlaces {
  const partsOf = async (folder: string) =>
    (await state.documents('blob-part', { link: `${folder}/`, limit: 1000 })).documents;
  let turn = 0;
  return {
    open: async (now): Promise<Blobs> => blobsInState(state, now),
    async damage(folder, name) {
      const head = (await state.document('blob', `${folder}/${name}`))?.body as { readonly writing: string };
      const part = (await partsOf(folder)).find(({ id }) => id.startsWith(`${folder}/${name}/${head.writing}/`));
      if (part === undefined) throw new Error('there is no part to damage');
      const { kind, id, links } = part;
      await state.commit([
        turn++ % 2 === 0 ? { do: 'remove', kind, id } : { do: 'put', kind, id, links, body: 'AAAA' },
      ]);
    },
    async killedMidway(folder, name) {
      const writing = `000000000000001-${String(turn++).padStart(16, '0')}`;
      const id = `${folder}/${name}/${writing}/0`;
      await state.commit([{ do: 'put', kind: 'blob-part', id, links: [`${folder}/${writing}`], body: 'AAAA' }]);
    },
    isAnythingLeft: async (folder) =>
      (await partsOf(folder)).length > 0 ||
      (await state.documents('blob', { link: `${folder}/` })).documents.length > 0,
  };
}

for (const seed of SEEDS) {
  t.test(`in a folder they are as their model, ${String(seed)}`, async (t) => {
    await blobsOverTime(t, inFolder(t.testdir()), seed, 400);
  });
  t.test(`in a state they are as their model, ${String(seed)}`, async (t) => {
    const place = await lmdb.fresh(t);
    if (place === undefined) return;
    const state = await lmdb.open(place, () => 1_800_000_000_000);
    t.teardown(() => state.close());
    await blobsOverTime(t, inState(state), seed, 120);
  });
}
t.test('in PostgreSQL they are as their model, and each replica has them', async (t) => {
  const place = await postgres.fresh(t);
  if (place === undefined) return;
  const [one, other] = [await postgres.open(place), await postgres.open(place)];
  t.teardown(() => Promise.all([one.close(), other.close()]));
  await blobsOverTime(t, inState(one), SEEDS[0] ?? 1, 80);
  const [mine, theirs] = [blobsInState(one, Date.now), blobsInState(other, Date.now)];
  const at = { folder: 'c0', name: 'c1' };
  await mine.put(at, Buffer.alloc(1_000_000, 'x'));
  t.equal((await theirs.get(at))?.length, 1_000_000);
  await theirs.removeAll('c0');
  t.equal(await mine.get(at), undefined);
});

t.test('killed at any moment while one is put, it is there whole or not at all', async (t) => {
  const data = t.testdir();
  const child = fileURLToPath(new URL('./put-until-killed.js', import.meta.url));
  const blobs = blobsInFolder(data);
  let whole = 0;
  for (let n = 0; n < 12; n++) {
    const running = spawn(process.execPath, [child, data, String(n)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(running.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, (n * 7) % 40));
    running.kill('SIGKILL');
    await once(running, 'exit');
    const folder = `00000000000000${n.toString(16).padStart(2, '0')}`;
    for (const name of (await blobs.names(folder)).keys()) {
      t.ok((await blobs.get({ folder, name }))?.equals(Buffer.alloc(3_000_000, name)), 'what is there is whole');
      whole++;
    }
    await blobs.removeBegun(folder, Infinity);
    const left = existsSync(join(data, 'blobs', folder)) ? readdirSync(join(data, 'blobs', folder)) : [];
    t.ok(
      left.every((name) => /^[0-9a-f]+$/.test(name)),
      'what was begun is gone when it is looked for',
    );
  }
  t.ok(whole > 0, `${String(whole)} were put`);
});

t.test('a backup has what stands in the folder, and others cannot read it', async (t) => {
  const data = t.testdir();
  const [folder, name] = ['0123456789abcdef', '0123456789abcdef0123456789abcdef'];
  await blobsInFolder(data).put({ folder, name }, Buffer.from('sealed'));
  t.equal(stateOf(`blobs/${folder}/${name}`)?.id, 'blobs');
  t.equal(execFileSync('stat', ['-c', '%a', join(data, 'blobs', folder, name)], { encoding: 'utf8' }).trim(), '600');
  await t.rejects(blobsInFolder(data).get({ folder: '..', name: 'a' }), TypeError, 'a name is never a way');
});
