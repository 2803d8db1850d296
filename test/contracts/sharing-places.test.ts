/**
 * Whom 政务数据共享条例 Art.28(2) names between two departments: “同级……向同级政务数据共享主管部门申请协调处理。跨层级、跨地域的
 * ……由共同的上级政务数据共享主管部门协调处理”. By hand, and over random trees of areas beside a model that knows no tree.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { isOfRegion, loadSharingPlaces, placedBetween, type SharingPlaces } from '../../contracts/sharing-places.js';

const area = (id: string, above?: string, more: object = {}) => ({
  authority: `bureau-${id}`,
  government: `government-${id}`,
  ...(above === undefined ? {} : { above }),
  ...more,
});
const nobody = { authorities: new Map() };
const body = (id: string) => ({ zh: '某部门', en: 'a department', area: id });

const places: SharingPlaces = {
  areas: {
    '99': area('99'),
    '9901': area('9901', '99'),
    '990103': area('990103', '9901'),
    '990104': area('990104', '9901'),
    '9902': area('9902', '99'),
    '98': area('98', undefined, { region: 'wanghai' }),
    '9802': area('9802', '98'),
  },
  bodies: Object.fromEntries(['99', '9901', '990103', '990104', '9902', '9802'].map((id) => [`of-${id}`, body(id)])),
};
const between = (asking: string, giving: string, given = places) =>
  placedBetween(given, nobody, `of-${asking}`, `of-${giving}`);

t.test('by hand', (t) => {
  t.match(between('9901', '9901'), { crossing: false, authority: 'bureau-9901', government: 'government-9901' });
  const above = (asking: string, giving: string, given = places) => {
    const { crossing, superior, government } = between(asking, giving, given);
    t.ok(crossing, `${asking} and ${giving} are of two areas`);
    return superior === undefined ? undefined : [superior, government];
  };
  t.same(above('990103', '990104'), ['bureau-9901', 'government-9901'], 'districts of one city: the city');
  t.same(above('990103', '9902'), ['bureau-99', 'government-99'], 'a district and another city: the province');
  t.same(above('990103', '9901'), ['bureau-99', 'government-99'], 'a district and its city: who is superior to both');
  t.same(above('9901', '990103'), ['bureau-99', 'government-99'], 'whoever asks');
  t.same(above('9901', '99'), undefined, 'above the province the workspace knows nobody');
  t.same(above('9901', '9802'), undefined, 'nor above two provinces');
  const says = { ...places, areas: { ...places.areas, '9901': area('9901', '99', { acrossLevels: true }) } };
  t.same(
    above('990103', '9901', says),
    ['bureau-9901', 'government-9901'],
    'unless the workspace says that it is the city',
  );
  t.same(above('990103', '9902', says), ['bureau-99', 'government-99'], 'which says nothing of other cities');
  t.throws(() => placedBetween(places, nobody, 'of-9901', 'elsewhere'), { code: 'act_refused' });
  t.ok(isOfRegion(places, nobody, 'of-9802', 'wanghai'), 'below an area of the region');
  t.notOk(isOfRegion(places, nobody, 'of-9901', 'wanghai'));
  t.notOk(isOfRegion(places, nobody, 'elsewhere', 'wanghai'));
  t.end();
});

t.test('over random trees the body is superior to both and none nearer is, or there is none', (t) => {
  // of each area the one above it, always an earlier one, or none
  const tree = fc.array(fc.option(fc.nat({ max: 30 }), { freq: 6 }), { minLength: 2, maxLength: 12 });
  let none = 0;
  let found = 0;
  fc.assert(
    fc.property(tree, fc.nat(), fc.nat(), fc.nat(), (all, first, second, says) => {
      const parent = all.map((one, at) => (one === null || at === 0 ? undefined : one % at));
      const [a, b] = [first % all.length, second % all.length];
      const across = says % all.length;
      const areas = parent.map((up, at) => [
        `n${String(at)}`,
        area(String(at), up === undefined ? undefined : `n${String(up)}`, at === across ? { acrossLevels: true } : {}),
      ]);
      const given: SharingPlaces = {
        areas: Object.fromEntries(areas),
        bodies: Object.fromEntries(all.map((_, at) => [`of-${String(at)}`, body(`n${String(at)}`)])),
      };
      const { crossing, authority, superior, government } = between(String(a), String(b), given);
      if (crossing !== (a !== b) || authority !== `bureau-${String(b)}`) return false;
      if (!crossing) return government === `government-${String(b)}`;
      // which are superior to one: whoever is reached by going up once or more
      const superiors = (of: number): Set<number> => {
        const known = new Set<number>();
        for (let next = parent[of]; next !== undefined; next = parent[next]) known.add(next);
        return known;
      };
      const [ofA, ofB] = [superiors(a), superiors(b)];
      const both = [...ofA].filter((one) => ofB.has(one));
      // the nearest is the one to which all others are superior
      const nearest = both.find((one) => both.every((other) => other === one || superiors(one).has(other)));
      const declared = (across === a && ofB.has(a)) || (across === b && ofA.has(b)) ? across : undefined;
      const right = declared ?? nearest;
      if (right === undefined) {
        none++;
        return superior === undefined;
      }
      found++;
      return superior === `bureau-${String(right)}` && government === `government-${String(right)}`;
    }),
    { numRuns: 20_000 },
  );
  t.ok(none > 500 && found > 500, `${String(found)} with a common superior, ${String(none)} without`);
  t.end();
});

t.test('a file that places a body nowhere is refused', async (t) => {
  const dir = t.testdir();
  mkdirSync(join(dir, 'contracts'));
  const load = (given: object) => {
    writeFileSync(join(dir, 'contracts/sharing.json'), JSON.stringify(given));
    return loadSharingPlaces({ layers: [dir], authorities: new Map() });
  };
  const bureaus = { 'bureau-9': { zh: '数据局', en: 'bureau' }, 'government-9': { zh: '政府', en: 'government' } };
  const areas = { '9': area('9', undefined, { acrossLevels: true, region: 'wanghai' }) };
  t.match(await load({ areas, bodies: { ...bureaus, one: body('9') } }), { bodies: { one: { area: '9' } } });
  await t.rejects(load({ areas, bodies: { ...bureaus, one: body('8') } }), {
    code: 'bad_workspace',
    message: /`bodies.one.area` names the unknown area `8`/,
  });
  await t.rejects(load({ areas: { '9': area('9', undefined, { coordinates: true }) }, bodies: bureaus }), {
    code: 'bad_workspace',
  });
});
