/**
 * What the guide makes of sentences that it has never seen: utterances.txt was written before the guide, and none of it
 * stands in the content.
 */
import t from 'tap';
import { loadGuideWords } from '../../../contracts/bundle/guide.js';
import { loadBundles } from '../../../contracts/bundle/load.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { plainText } from '../../../gateway/procedures/guide/features.js';
import { openGuide } from '../../../gateway/procedures/guide/guide.js';
import { ELSEWHERE, utterances } from './utterances.js';

t.setTimeout(120_000);
const workspace = await loadWorkspace(packageRoot());
const { bundles } = await loadBundles(workspace);
const { elsewhere } = await loadGuideWords(workspace.layers);
const guide = await openGuide(workspace);
if (guide === undefined) throw new Error('the workspace has no bundle');
const all = utterances('utterances');
const tuning = utterances('tuning');
const NOW = Date.parse('2026-11-30T04:00:00Z');

t.test('none of the sentences stands in the content', (t) => {
  const declared = new Set(
    [
      ...[...bundles.values()].flatMap(({ intents }) => [...intents.says, ...intents.not.map(({ says }) => says)]),
      ...elsewhere,
    ].map(plainText),
  );
  const both = [...all, ...tuning];
  t.same(
    both.filter(({ says }) => declared.has(plainText(says))),
    [],
  );
  t.equal(
    new Set(both.map(({ says }) => plainText(says))).size,
    both.length,
    'each stands once, and in one of the two',
  );
  t.ok(all.filter(({ wants }) => wants !== ELSEWHERE).length >= 300);
  t.ok(all.filter(({ wants }) => wants === ELSEWHERE).length >= 60);
  for (const { wants } of all) t.ok(wants === ELSEWHERE || bundles.has(wants), wants);
  t.end();
});

t.test('the right matter first, among three, and nothing for what it is not for', (t) => {
  const table = new Map<string, Map<string, number>>();
  const count = { first: 0, three: 0, refused: 0 };
  const took: number[] = [];
  for (const { says, wants } of all) {
    const begun = performance.now();
    const { bundle, offTopic, candidates } = guide.answer(says, NOW);
    took.push(performance.now() - begun);
    const got = offTopic ? ELSEWHERE : (bundle ?? 'unsure');
    const row = table.get(wants) ?? new Map<string, number>();
    table.set(wants, row.set(got, (row.get(got) ?? 0) + 1));
    if (wants === ELSEWHERE) count.refused += offTopic && bundle === null ? 1 : 0;
    else {
      count.first += bundle === wants ? 1 : 0;
      count.three += candidates.some((one) => one.bundle === wants) ? 1 : 0;
    }
  }
  const off = all.filter(({ wants }) => wants === ELSEWHERE).length;
  const on = all.length - off;
  for (const [wants, row] of table) t.comment(`${wants} → ${[...row].map(([got, n]) => `${got} ${n}`).join(', ')}`);
  t.comment(`first ${count.first}/${on}, among three ${count.three}/${on}, refused ${count.refused}/${off}`);
  const p95 = took.sort((a, b) => a - b)[Math.floor(took.length * 0.95)] ?? 0;
  t.comment(`95 of 100 within ${p95.toFixed(1)} ms`);
  t.ok(p95 < 500, `95 of 100 took ${p95.toFixed(1)} ms`);
  t.ok(count.first / on >= 0.95, `first ${count.first} of ${on}`);
  t.ok(count.three / on >= 0.99, `among three ${count.three} of ${on}`);
  t.ok(count.refused / off >= 0.95, `refused ${count.refused} of ${off}`);
  t.end();
});
