/** The contents of a state go from one driver to the other and back, and nothing of them is lost, added or changed. */
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { YitongError } from '../../../contracts/errors.js';
import { openEmbeddedRows } from '../../../gateway/ground/state/lmdb/rows.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import { moveState } from '../../../gateway/ground/state/move.js';
import type { Change, State } from '../../../gateway/ground/state/port.js';
import { Pool } from '../../../gateway/ground/state/postgres/pool.js';
import { withSchemaRows } from '../../../gateway/ground/state/postgres/rows.js';
import { PostgresState } from '../../../gateway/ground/state/postgres/state.js';
import { PARTS, type RowSource } from '../../../gateway/ground/state/rows.js';
import { postgresForTest } from '../../support/servers/postgres.js';
import { stateForTest } from '../../support/servers/state.js';
import { anyChange } from '../../support/state-changes.js';

t.setTimeout(240_000);

async function all(rows: RowSource): Promise<readonly string[]> {
  const found: string[] = [];
  for (const part of PARTS)
    for await (const some of rows.rows(part)) for (const row of some) found.push(`${part} ${JSON.stringify(row)}`);
  return found.sort();
}

const commits = async (state: State, changes: readonly Change[]): Promise<void> => {
  for (const one of changes) await state.commit([one]);
};

void t.test('there and back', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const at = await stateForTest(t, postgres);
  const owner = new Pool(at.owner);
  const dir = t.testdir();
  const first = openEmbeddedState({ dir: join(dir, 'first') });
  await commits(first, fc.sample(anyChange, { numRuns: 700, seed: 7 }));
  await first.lease('log-sequencer', 'somebody', 1000);
  const wanted = await first.revision();
  await first.close();
  const source = openEmbeddedRows(join(dir, 'first'));
  const before = await all(source);
  t.ok(before.length > 300, `${String(before.length)} rows`);

  await t.test('one that fails on the way leaves nothing', async (t) => {
    const failing: RowSource = {
      revision: () => source.revision(),
      async *rows(part) {
        for await (const some of source.rows(part)) yield some;
        if (part === 'members') throw new YitongError('store_damaged', 'cut off');
      },
    };
    await t.rejects(
      withSchemaRows(owner, at.schema, (target) => moveState(failing, target)),
      /cut off/,
    );
    t.same(await withSchemaRows(owner, at.schema, (target) => target.isEmpty()), true);
  });

  await t.test('a row that is another afterwards is found', async (t) => {
    let asked = 0;
    const other: RowSource = {
      revision: () => source.revision(),
      async *rows(part) {
        // the second time it is read it has changed
        const again = part === 'counters' && ++asked === 2;
        for await (const some of source.rows(part))
          yield again ? some.map((row, i) => (i === 0 ? [row[0] ?? '', 12_345, null] : row)) : some;
      },
    };
    await t.rejects(
      withSchemaRows(owner, at.schema, (target) => moveState(other, target)),
      { code: 'state_conflict', message: /another than it was/ },
    );
  });

  const moved = await withSchemaRows(owner, at.schema, (target) => moveState(source, target));
  t.equal(
    Object.values(moved).reduce((sum, count) => sum + count, 0),
    before.length,
  );
  await source.close();
  await t.rejects(
    withSchemaRows(owner, at.schema, (target) => moveState(source, target)),
    { code: 'state_conflict', message: /only an empty one/ },
  );

  const state = new PostgresState({ server: at.server, schema: at.schema, user: at.user });
  t.equal(await state.revision(), wanted, 'it goes on from where it was');
  const made = await state.commit([{ do: 'put', kind: 'paper', id: 'new', body: 1, links: ['l'] }]);
  t.ok(made.revision > wanted);
  t.match(await state.changes(0), { lost: true }, 'whoever followed reads anew');
  t.equal((await state.lease('log-sequencer', 'another', 1000))?.token, 2, 'a token only grows');
  await state.commit([{ do: 'remove', kind: 'paper', id: 'new' }]);
  await state.close();

  const back = openEmbeddedRows(join(dir, 'back'));
  await withSchemaRows(owner, at.schema, (there) => moveState(there, back));
  const after = await all(back);
  await back.close();
  await owner.close();
  const parsed = (rows: readonly string[]): readonly unknown[] =>
    rows
      .filter((row) => !row.startsWith('leases'))
      .map((row) => JSON.parse(row.slice(row.indexOf(' ') + 1)) as unknown);
  t.same(parsed(after), parsed(before));
  const again = openEmbeddedState({ dir: join(dir, 'back') });
  t.ok((await again.commit([{ do: 'put', kind: 'paper', id: 'new', body: 2 }])).revision > wanted);
  await again.close();
});
