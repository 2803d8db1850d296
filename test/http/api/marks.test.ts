/** 政务数据共享条例 Art.26(2): while a department says that a record is wrong, whoever is given it sees that. */
import { join } from 'node:path';
import t from 'tap';
import { readState } from '../../../gateway/ground/config/state.js';
import { openState } from '../../../gateway/ground/state/open.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { sealingKeysOf } from '../../../gateway/log/entries/sealing-keys.js';
import { aboutRecord } from '../../../gateway/procedures/sharing/record-of.js';
import { links, MatterStore, type StoredMatter } from '../../../gateway/procedures/sharing/store.js';
import { company, folder, grant, NOW, subjectOf, world } from './world.js';

interface Answered {
  readonly datasets: readonly { readonly records: readonly { readonly marks?: readonly string[] }[] }[];
}
const marksOf = (answer: unknown): readonly (readonly string[] | undefined)[] =>
  (answer as Answered).datasets.flatMap(({ records }) => records.map(({ marks }) => marks));

t.test('a record under correction is marked in answers and batches, others are not, and the mark goes', async (t) => {
  const dataDir = await folder(t);
  const place = { file: join(dataDir, 'state') };
  const state = await openState({ settings: readState(undefined, place, {}), data: dataDir, baseDir: dataDir, place });
  t.teardown(() => state.close());
  const one = await world(t, {
    grants: [grant('one', ['key', 'name'], { delivery: ['query', 'batch'], batchLimit: 10 })],
    records: [company(0, { name: 'first' }), company(0, { name: 'second' }), company(1)],
    dataDir,
  });
  const asked = async () =>
    marksOf(
      (await one.post('/v1/query', { purpose: 'credit', subject: subjectOf(0), datasets: [{ id: 'tax.debts' }] })).json,
    );
  t.strictSame(await asked(), [undefined, undefined]);

  const keys = sealingKeysOf(auditLayout(dataDir).subjectKeys);
  t.teardown(() => keys.close());
  const store = new MatterStore(state);
  const about = [
    aboutRecord(keys, { dataset: 'tax.debts', subject: subjectOf(0), recordId: '1' }),
    'dataset/tax.debts',
  ];
  const matter = (version: number): StoredMatter => ({
    head: { id: '0123456789abcdef', machine: 'correction', sides: {}, about },
    version,
    state: { events: version === 0 ? 1 : 2, split: false, parts: {} },
    contents: {},
    openedAt: NOW,
    at: NOW,
  });
  const put = async (version: number, over: boolean): Promise<void> => {
    const step = { event: { at: NOW, act: 'file', party: 'requester', fields: {} }, entry: 'w1:1' };
    const link = links.at(links.ofMachine('correction', over), NOW);
    t.ok(await store.commit({ stored: matter(version), step, links: [link], beside: [] }, `x${String(version)}`));
  };
  const until = async (wanted: string): Promise<void> => {
    for (let tries = 0; JSON.stringify(await asked()) !== wanted && tries < 200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    t.equal(JSON.stringify(await asked()), wanted);
  };
  await put(0, false);
  await until('[null,["correction"]]');
  const batch = await one.post('/v1/query/batch', {
    purpose: 'credit',
    subjects: [subjectOf(0), subjectOf(1)],
    datasets: [{ id: 'tax.debts' }],
  });
  t.equal(batch.text.match(/"marks":\["correction"\]/g)?.length, 1, 'in a batch as well');
  await put((await store.find('0123456789abcdef'))?.version ?? 0, true);
  await until('[null,null]');
});
