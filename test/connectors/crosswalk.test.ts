import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import avsc from 'avsc';
import t, { type Test } from 'tap';
import { openEmbeddedBus } from '../../connectors/bus/embedded/bus.js';
import { dataTopic } from '../../connectors/bus/port.js';
import type { Feed } from '../../connectors/feed.js';
import { checkCrosswalks } from '../../connectors/mapping/crosswalk.js';
import { datasetsRead } from '../../connectors/mapping/crosswalks/index.js';
import { parseMapping } from '../../connectors/mapping/index.js';
import { State } from '../../connectors/publish/index.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { type RunReport, runFeed } from '../../connectors/run.js';
import { decodeRecord } from '../../contracts/avro.js';
import { authorityId, datasetId, fieldPath } from '../../contracts/ids.js';
import type { AvroSchema, Contract, Workspace } from '../../contracts/types.js';
import { FRAME_BYTES } from '../../contracts/wire.js';
import { contract as companies, digit9, feed as feedOf, workspace as workspaceOf } from './fixtures.js';
import { everything } from './office.js';

const tieSchema: AvroSchema = {
  type: 'record',
  name: 'Tie',
  fields: [
    { name: 'code', type: 'string' },
    { name: 'taxNo', type: 'string' },
  ],
};
const title = { zh: '号', en: 'number' };

function ties(): Contract {
  const of = companies();
  const field = { title, classification: 'internal', type: 'string', nullable: false, branch: false } as const;
  const version = {
    version: 1,
    schemaId: 8,
    schema: tieSchema,
    type: avsc.Type.forSchema(structuredClone(tieSchema) as avsc.Schema, { wrapUnions: false }),
    fields: [
      { ...field, path: fieldPath('code') },
      { ...field, path: fieldPath('taxNo') },
    ],
  };
  return {
    ...of,
    id: datasetId('registry.ties'),
    authority: authorityId('registry'),
    recordId: [fieldPath('taxNo')],
    versions: [version],
    latest: version,
  };
}

let clock = Date.parse('2024-01-01T00:00:00Z');

/** A department that knows its companies by an old number, and the registry that ties those to codes. */
async function open(t: Test) {
  const dir = t.testdir();
  const registry = ties();
  const own = companies();
  const plain = workspaceOf(own);
  const workspace: Workspace = {
    ...plain,
    contracts: new Map([
      [own.id, own],
      [registry.id, registry],
    ]),
    schemasById: new Map([...plain.schemasById, [8, { contract: registry, version: registry.latest }]]),
  };
  const bus = await openEmbeddedBus({ dir: join(dir, 'bus') });
  const dataDir = join(dir, 'data');
  const state = State.open(dataDir);
  t.teardown(async () => {
    await state.close();
    await bus.close();
  });
  const put = (name: string, rows: readonly string[]): void => {
    writeFileSync(join(dir, name), `${rows.join('\n')}\n`);
    clock += 60_000;
    utimesSync(join(dir, name), new Date(clock), new Date(clock));
  };
  const run = (feed: Feed): Promise<RunReport> =>
    runFeed({ feed, workspace, bus, state, dataDir, baseDir: dir, signal: new AbortController().signal });
  const legacy: Feed = feedOf(
    { kind: 'csv', path: 'companies.csv' },
    {
      maxWithdrawShare: 1,
      mapping: parseMapping(
        {
          fields: {
            code: {
              from: 'taxNo',
              steps: ['upper', { crosswalk: { dataset: 'registry.ties', from: 'taxNo' } }, { key: 'digit9' }],
            },
            name: { from: 'name' },
          },
        },
        'feed.json',
      ),
    },
  );
  const registryFeed: Feed = {
    ...feedOf({ kind: 'csv', path: 'ties.csv' }),
    dataset: registry.id,
    authority: registry.authority,
    maxWithdrawShare: 1,
    mapping: parseMapping({ fields: { code: { from: 'code' }, taxNo: { from: 'taxNo' } } }, 'ties.json'),
  };
  return {
    dir,
    dataDir,
    workspace,
    legacy,
    put,
    tie: async (...rows: readonly (readonly [n: number, taxNo: string])[]) => {
      put('ties.csv', ['code,taxNo', ...rows.map(([n, taxNo]) => `${digit9.make(n)},${taxNo}`)]);
      return run(registryFeed);
    },
    companies: async (...rows: readonly string[]) => {
      put('companies.csv', ['taxNo,name', ...rows]);
      return run(legacy);
    },
    again: () => run(legacy),
    async current(): Promise<Record<string, unknown>> {
      const view: Record<string, unknown> = {};
      for (const { key, value } of await everything(bus, dataTopic(workspace.prefix, own.id))) {
        if (value === null) delete view[key];
        else view[key] = (decodeRecord(own.latest, value, FRAME_BYTES) as { name: string }).name;
      }
      return view;
    },
    async quarantined(): Promise<unknown> {
      const quarantine = Quarantine.open(dataDir, own.id, () => new Date());
      const list = await quarantine.list();
      await quarantine.close();
      return list.map(({ problems }) => problems[0]?.code);
    },
  };
}

t.test(
  'a department with numbers of its own publishes under the subject that the crosswalk ties them to',
  async (t) => {
    const it = await open(t);
    t.match(
      await it.companies('A1,early'),
      { quarantined: 1, codes: { not_in_crosswalk: 1 } },
      'before anything was tied',
    );
    await it.tie([1, 'A1'], [2, 'A2'], [3, 'BOTH'], [4, 'BOTH']);
    t.match(
      await it.again(),
      { state: 'nothing-new', notes: { tied_by_crosswalk: 1 } },
      'a row that waited is published without being read again',
    );
    t.strictSame(await it.quarantined(), []);
    t.match(await it.companies('a1,one', 'A2,two', 'A9,unknown', 'BOTH,ambiguous'), {
      published: 2,
      quarantined: 2,
      withdrawn: 0,
      codes: { not_in_crosswalk: 1, ambiguous_crosswalk: 1 },
    });
    t.strictSame(await it.current(), { [`digit9:${digit9.make(1)}|`]: 'one', [`digit9:${digit9.make(2)}|`]: 'two' });

    await it.tie([1, 'A1'], [2, 'A2'], [4, 'BOTH'], [9, 'A9']);
    t.match(await it.again(), { notes: { tied_by_crosswalk: 2 } });
    t.strictSame(Object.values(await it.current()).sort(), ['ambiguous', 'one', 'two', 'unknown']);
    t.strictSame((await it.again()).notes, {}, 'nothing is tried again while the crosswalk is the same');
  },
);

t.test('a tie that is corrected or withdrawn counts from the next row on', async (t) => {
  const it = await open(t);
  await it.tie([1, 'A1'], [2, 'A2']);
  await it.companies('A1,one', 'A2,two');
  await it.tie([5, 'A1']);
  t.match(await it.companies('A1,moved', 'A2,gone'), { published: 1, quarantined: 1, codes: { not_in_crosswalk: 1 } });
  t.equal((await it.current())[`digit9:${digit9.make(5)}|`], 'moved');
});

t.test('the map on the disk holds no identifier, and is for its owner only', async (t) => {
  const it = await open(t);
  await it.tie([1, 'SECRETNUMBER']);
  await it.companies('SECRETNUMBER,one');
  const file = join(it.dataDir, 'crosswalks', 'registry.ties.taxNo.mdb');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.notOk(readFileSync(file).includes('SECRETNUMBER'));
});

t.test('a crosswalk that does not exist is refused before anything runs', async (t) => {
  const it = await open(t);
  const of = (link: object) => parseMapping({ fields: { code: { from: 'x', steps: [{ crosswalk: link }] } } }, 'f');
  t.doesNotThrow(() =>
    checkCrosswalks(of({ dataset: 'registry.ties', from: 'taxNo' }), 'test.companies', it.workspace, 'f'),
  );
  t.throws(
    () => checkCrosswalks(of({ dataset: 'registry.none', from: 'taxNo' }), 'test.companies', it.workspace, 'f'),
    { code: 'bad_feed', message: /`registry.none` is none/ },
  );
  t.throws(
    () => checkCrosswalks(of({ dataset: 'test.companies', from: 'code' }), 'test.companies', it.workspace, 'f'),
    { code: 'bad_feed' },
  );
  t.throws(
    () => checkCrosswalks(of({ dataset: 'registry.ties', from: 'other' }), 'test.companies', it.workspace, 'f'),
    { code: 'bad_feed', message: /no text field `other`/ },
  );
  t.throws(() => of({ dataset: 'registry.ties', from: 'taxNo', to: 'x' }), {
    code: 'bad_feed',
    message: /unknown key `to`/,
  });
  t.strictSame([...datasetsRead(it.legacy)], ['registry.ties'], 'what the connector must be allowed to read');
});
