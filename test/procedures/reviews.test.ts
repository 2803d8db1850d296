/** Samples that nobody chooses, and what is found in them, over many random courses. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { openState } from '../../gateway/ground/state/open.js';
import { sealingKeysOf } from '../../gateway/log/entries/sealing-keys.js';
import { digestOf, draw, MOST_LOOKS, placeOf } from '../../gateway/procedures/reviews/draw.js';
import { openReviews, type Review, type Verdict } from '../../gateway/procedures/reviews/store.js';

const drawing = (change: Partial<Parameters<typeof draw>[0]> = {}): Parameters<typeof draw>[0] => ({
  id: '0123456789abcdef',
  root: randomBytes(32).toString('base64'),
  size: 10_000,
  first: 100,
  last: 5099,
  wanted: 20,
  ...change,
});

t.test('what is drawn', async (t) => {
  const one = drawing();
  const even = (index: number): boolean => index % 2 === 0;
  const drawn = draw(one, even);
  t.equal(drawn.length, 20);
  t.equal(new Set(drawn).size, 20, 'each once');
  t.ok(
    drawn.every((index) => index >= 100 && index <= 5099 && even(index)),
    'of the period, and as asked for',
  );
  t.same(draw(one, even), drawn, 'the same again from the same log');
  t.notSame(draw({ ...one, root: 'another' }, even), drawn, 'another log draws others');
  t.not(digestOf(one), digestOf({ ...one, id: 'fedcba9876543210' }));
  t.same(
    draw(drawing({ first: 7, last: 9, wanted: 50 }), () => true).toSorted(),
    [7, 8, 9],
    'all of it where there are fewer, and it ends',
  );
  let looks = 0;
  t.same(
    draw(drawing({ first: 0, last: 10_000_000 }), () => (looks++, false)),
    [],
  );
  t.ok(looks <= MOST_LOOKS, 'it gives up');
  // a thousand drawings of one place in ten: each about a hundred times
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 1000; i++) {
    const place = placeOf(drawing({ first: 0, last: 9 }), 0);
    counts[place] = (counts[place] ?? 0) + 1;
  }
  // 60 to 140 is more than four standard deviations: one run in some thousands
  t.ok(Math.min(...counts) > 50 && Math.max(...counts) < 150, `evenly: ${counts.join(', ')}`);
});

t.test('what is found, over time and restarts', async (t) => {
  const dir = t.testdir();
  let now = Date.parse('2026-03-01T00:00:00Z');
  const open = async () => {
    const settings = { driver: 'embedded' } as Parameters<typeof openState>[0]['settings'];
    const place = { file: join(dir, 'state') };
    const state = await openState({ settings, data: dir, baseDir: dir, place, now: () => now });
    const keys = sealingKeysOf(join(dir, 'keys'));
    return { state, keys, reviews: openReviews(state, keys, 100 * 86_400_000) };
  };
  let opened = await open();
  const model = new Map<
    string,
    { readonly review: Review; readonly judged: Map<number, readonly [Verdict, string]> }
  >();
  const pick = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] as T;
  const people = [
    { id: 'a', name: '林审计' },
    { id: 'b', name: '王审计' },
  ];
  for (let step = 0; step < 300; step++) {
    now += 60_000;
    const what = Math.random();
    if (what < 0.15 || model.size === 0) {
      const from = drawing({ id: randomBytes(8).toString('hex'), wanted: 5 });
      const review: Review = {
        ...from,
        at: now,
        filters: { since: '2026-02-01T00:00' },
        entries: draw(from, () => true),
      };
      await opened.reviews.add(review);
      model.set(review.id, { review, judged: new Map() });
    } else if (what < 0.2) {
      await opened.keys.close();
      await opened.state.close();
      opened = await open();
    } else if (what < 0.25) {
      await t.rejects(
        opened.reviews.judge(pick([...model.keys()]), { entry: 99, at: now, verdict: 'fine' }, pick(people)),
        { code: 'not_found' },
        'an entry that was not drawn',
      );
    } else {
      const { review, judged } = pick([...model.values()]);
      const [entry, verdict, note] = [pick(review.entries), pick(['fine', 'question'] as const), `第${String(step)}步`];
      await opened.reviews.judge(review.id, { entry, at: now, verdict, note }, pick(people));
      judged.set(entry, [verdict, note]);
    }
  }
  const whole = new Set<string>();
  for (const _ of ['the first time', 'and by what is known'])
    t.same(
      (await opened.reviews.unjudged(whole)).map(({ id, judged }) => [id, judged]),
      [...model.values()]
        .reverse()
        .slice(0, 100)
        .filter(({ review, judged }) => judged.size < review.entries.length)
        .map(({ review, judged }) => [review.id, judged.size]),
      'what waits to be judged',
    );
  const listed = await opened.reviews.list();
  t.same(
    listed.map(({ id, judged, questions }) => [id, judged, questions]),
    [...model.values()]
      .reverse()
      .slice(0, 100)
      .map(({ review, judged }) => [
        review.id,
        judged.size,
        [...judged.values()].filter(([verdict]) => verdict === 'question').length,
      ]),
    'the newest first, with what was found',
  );
  for (const [id, { review, judged }] of model) {
    const found = await opened.reviews.find(id);
    t.same(found.review, review);
    t.same(new Map([...found.judged].map(([entry, { verdict, note }]) => [entry, [verdict, note]])), judged);
  }
  await t.rejects(opened.reviews.find('0000000000000000'), { code: 'not_found' });
  await t.rejects(opened.reviews.find('../x'), { code: 'not_found' });
  now += 101 * 86_400_000;
  t.same(await opened.reviews.list(), [], 'kept no longer than they may be');
  await opened.keys.close();
  await opened.state.close();
});
