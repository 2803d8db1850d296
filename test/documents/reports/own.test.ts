import t from 'tap';
import { company, entry, openWorld, PENALTIES, penalty, REGISTER } from './world.js';

t.test(
  'a company sees whom its reports were for and what changed since, without their code; nobody else does',
  async (t) => {
    const dir = t.testdir();
    const world = await openWorld(dir);
    t.teardown(() => world.close());
    await world.put(REGISTER, company(0), 'r', entry('云州甲有限公司'));
    await world.seen();
    const { id, code } = await world.reports.issue(world.request(), world.asking());
    t.match(await world.reports.listFor(company(0), world.asking()), [
      { id, bearer: '云州证券股份有限公司', subjects: 1 },
    ]);
    const store = await world.stored();
    t.ok(store.length > 500);
    t.notOk(
      store.includes('云州证券股份有限公司') || store.includes(code),
      'what the company wrote stands under its key, and its code nowhere',
    );
    t.match(await world.reports.changesOf(id, company(0), world.asking()), { changed: false, sections: [] });
    await world.put(PENALTIES, company(0), 'p', penalty('2026-01-05'));
    const before = world.entries.length;
    t.match(await world.reports.changesOf(id, company(0), world.asking()), { changed: true, sections: [{ added: 1 }] });
    t.same(
      world.entries.slice(before).map(({ body }) => body['action'] ?? body['type']),
      ['report_changes', 'released'],
      'on record, and no verification',
    );
    await t.rejects(world.reports.changesOf(id, company(1), world.asking()), { code: 'not_found' });
  },
);
