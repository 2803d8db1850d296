/**
 * 政务数据共享条例 Art.26(2): a report carries the mark of a correction that a department has asked for, in the model of
 * which page, PDF and credential are written; and what has changed since tells that it is over.
 */
import { join } from 'node:path';
import t from 'tap';
import type { GatewayContext } from '../../../gateway/documents/context.js';
import { reportsOf } from '../../../gateway/documents/reports/index.js';
import { readState } from '../../../gateway/ground/config/state.js';
import { openCaseGround } from '../../../gateway/procedures/cases/opened.js';
import { aboutRecord } from '../../../gateway/procedures/sharing/record-of.js';
import { links, MatterStore, type StoredMatter } from '../../../gateway/procedures/sharing/store.js';
import { until } from '../../e2e/ask.js';
import { company, entry, NOW, openWorld, PENALTIES, penalty, REGISTER } from './world.js';

t.setTimeout(120_000);
const ID = '0123456789abcdef';

t.test('a record under correction is marked in a report, and the end of it is a change', async (t) => {
  const made = await openWorld();
  t.teardown(() => made.close());
  await made.put(REGISTER, company(0), '', entry('云州甲有限公司'));
  for (const id of ['a', 'b']) await made.put(PENALTIES, company(0), id, penalty('2025-01-01'));
  await made.seen();
  const settings = { state: readState(undefined, { file: join(made.context.dataDir, 'state') }, {}) };
  const effects = { marks: () => [], missing: () => [], hidden: () => undefined, version: () => 0 };
  const context = { ...made.context, settings, tickets: { effects } } as unknown as GatewayContext;
  const ground = await openCaseGround(context);
  t.teardown(() => ground.close());
  const store = new MatterStore(ground.state);
  const record = aboutRecord(ground.keys, { dataset: PENALTIES, subject: company(0), recordId: 'a' });
  const put = async (over: boolean): Promise<void> => {
    const version = (await store.find(ID))?.version ?? 0;
    const stored: StoredMatter = {
      head: { id: ID, machine: 'correction', sides: {}, about: [record, `dataset/${PENALTIES}`] },
      version,
      state: { events: over ? 2 : 1, split: false, parts: {} },
      contents: {},
      openedAt: NOW,
      at: NOW,
    };
    const step = { event: { at: NOW, act: 'file', party: 'requester', fields: {} }, entry: 'w1:1' };
    const own = [links.at(links.ofMachine('correction', over), NOW)];
    t.ok(await store.commit({ stored, step, links: own, beside: [] }, `${ID}/${String(over)}`));
  };
  await put(false);
  const reports = await reportsOf(context);
  t.teardown(() => reports.close());
  const { code, model } = await reports.issue(made.request({ domains: ['market-regulation'] }), made.asking());
  t.strictSame(
    model.sections[0]?.records.map(({ marks }) => marks).sort((one, other) => one.length - other.length),
    [[], ['correction']],
    'known before the first report, and of that record alone',
  );
  t.match(await reports.changes(code, made.asking()), { changed: false });
  await put(true);
  const changes = await until(
    'the end of the correction',
    () => reports.changes(code, made.asking()),
    (found) => found?.changed === true,
  );
  t.strictSame(
    changes?.sections.flatMap(({ records }) => records.map(({ change }) => change)),
    ['correction_ended'],
  );
});
