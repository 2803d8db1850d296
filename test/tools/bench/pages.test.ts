/**
 * The figure `pages` asks what there is: each role's pages and everybody's, with something under way on them, and it
 * names what it did not come to.
 */
import t from 'tap';
import { ROLES } from '../../../gateway/ground/identity/person.js';
import { city } from '../../e2e/city.js';
import { companies } from '../../e2e/stories.js';
import { addEntries } from './entries.js';
import { begun, measured, rowOf, signedIn, unreached } from './pages.js';

t.setTimeout(300_000);

/** Where a code, a conversation, a broken row or a paper would have to be made first; each has a suite of its own. */
const NOT_COME_TO: readonly string[] = [
  '/compliance/answer',
  '/compliance/report/:code',
  '/console/alerts/:id',
  '/console/authorisations/:id/withdraw',
  '/console/casework/:id/video',
  '/console/compliance/released',
  '/console/feeds/:dataset/mends/:id',
  '/console/feeds/:dataset/rows',
  '/console/matters/:id/video',
  '/guide/begin',
  '/guide/cases/:id',
];

t.test('each page of each role is asked for in full', async (t) => {
  const town = await city(t, { env: { YITONG_PEOPLE_REQUESTS_PER_MINUTE: '1000000' } });
  const all = await companies(town.data);
  await addEntries(town.data, { count: 2000, subjects: all, own: ['uscc:91990105MA0000193X'] });
  const visitors = await signedIn(town);
  t.teardown(() => {
    for (const visitor of visitors.values()) visitor.close();
  });
  for (const role of ROLES) t.ok(visitors.has(role), role);
  const found = await measured(visitors, await begun(town, visitors), 1);
  for (const [role] of visitors) t.ok(found.filter((one) => one.role === role).length > 3, role);
  t.ok(
    found.every(({ times, bytes }) => times.length === 1 && bytes > 500),
    'each with a time and a body',
  );
  t.strictSame(
    unreached(found).filter((route) => !NOT_COME_TO.includes(route)),
    [],
    'all other pages of the router',
  );
  const row = rowOf(found, 5000, 2000);
  t.equal(row.parts?.length, found.length);
  t.equal(row.value, row.parts?.[0]?.value, 'the slowest comes first');
  t.equal(row.holds, row.value < 300);
  t.match(row.note, /not reached: /);
});
