/**
 * Nothing that is shipped cites an act outside its time, without its full name, or by an article that nobody looked at.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';
import { type Acts, articleProblem, basisProblem, loadActs, numberOf, type When } from '../../contracts/acts.js';
import { datasetId } from '../../contracts/ids.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { mapper, rowsOf, town } from '../city/town.js';

const root = packageRoot();
const found = await loadActs([root]);
if (found === undefined) throw new Error('the reference city has no acts');
const acts: Acts = found;
/**
 * The day on which the articles of the city were last looked up: what has no day of its own is held to be cited on it.
 */
const TODAY: When = { from: '2026-11-30' };

function* filesBelow(dir: string, ending: RegExp): Generator<string> {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules') yield* filesBelow(path, ending);
    else if (ending.test(entry.name)) yield path;
  }
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
const BASES = new Set(['basis', 'legalBasis', 'laws']);
const day = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined;

/** Every legal basis that stands in a document, with the day on which it was decided. */
function* bases(value: Json, when: When): Generator<readonly [string, When]> {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const one of value as readonly Json[]) yield* bases(one, when);
    return;
  }
  const own = value as Readonly<Record<string, Json>>;
  const approval = (own['approval'] ?? {}) as Readonly<Record<string, Json>>;
  const from = day(own['decidedOn']) ?? day(own['from']) ?? day(approval['date']);
  const here = from === undefined ? when : { from };
  for (const [key, inner] of Object.entries(own)) {
    if (!BASES.has(key)) yield* bases(inner, here);
    else for (const one of [inner].flat() as readonly Json[]) if (typeof one === 'string') yield [one, here];
    if (BASES.has(key) && typeof inner === 'object' && !Array.isArray(inner)) yield* bases(inner, here);
  }
}

t.test('numbers of articles are read as they are written', (t) => {
  for (const [text, number] of [
    ['九', 9],
    ['十', 10],
    ['十九', 19],
    ['二十', 20],
    ['六十九', 69],
    ['一百', 100],
    ['一百零一', 101],
    ['一百一十', 110],
    ['一百一十五', 115],
    ['一百二十二', 122],
  ] as const)
    t.equal(numberOf(text), number, text);
  for (const text of ['', '条', '百百']) t.equal(numberOf(text), undefined, text);
  t.end();
});

t.test('a basis names an act of the file in full, in its time, by an article of it', (t) => {
  const said = (text: string, when: When = TODAY) => basisProblem(text, acts, when) ?? 'right';
  t.equal(said('上海市社会信用条例第三十六条第二款第一项'), 'right');
  t.equal(said('上海市社会信用条例 第三十七条、第三十八条'), 'right');
  t.equal(said('食品安全法第三十五条（示例）'), 'right');
  t.equal(said('企业变更、注销一件事工作方案（示例）'), 'right');
  t.match(said('社会信用条例第三十五条'), /is not the full name of 上海市社会信用条例/);
  t.match(
    said('优化营商环境条例第六十六条（示例）'),
    /is not the full name of 上海市优化营商环境条例/,
    'also as an example',
  );
  t.match(said('食品安全法第三十五条'), /has to carry （示例）/);
  t.match(said('道路运输条例第八十三条'), /has 82 articles/);
  t.match(said('道路运输条例第七十条'), /does not say what article 70/);
  t.match(said('道路运输条例第六十九条第三款'), /has 2 paragraphs/);
  t.match(said('上海市社会信用条例第三十六条第二项'), /does not say of which paragraph/);
  t.match(said('政务数据共享条例'), /without an article/);
  t.match(said('某某办法第一条'), /is no act of/);
  t.equal(said('政务数据共享条例第二十一条', { from: '2025-08-01' }), 'right', 'from the day on which it is in force');
  t.match(said('政务数据共享条例第二十一条', { from: '2025-07-31' }), /is not in force/, 'not the day before');
  const old: Acts = {
    examples: [],
    acts: [
      {
        name: '旧条例',
        text: '2010-01-01',
        from: '2010-03-01',
        until: '2020-06-30',
        last: 9,
        articles: { 1: { about: 'x', paragraphs: 1 } },
      },
    ],
  };
  t.equal(basisProblem('旧条例第一条', old, { from: '2020-06-30' }), undefined, 'up to its last day');
  t.match(basisProblem('旧条例第一条', old, { from: '2020-07-01' }), /is not in force/, 'not the day after');
  t.end();
});

t.test('each basis of contracts, policies and feeds holds', (t) => {
  const wrong: string[] = [];
  let seen = 0;
  for (const folder of [
    'contracts',
    'policies',
    'connectors',
    'gateway/cli/template',
    'test/fixtures/workspaces/shanghai',
  ]) {
    for (const path of filesBelow(join(root, folder), /\.json$/)) {
      if (/(^|\/)(acts|cases)\.json$/.test(path)) continue;
      for (const [text, when] of bases(JSON.parse(readFileSync(path, 'utf8')) as Json, TODAY)) {
        seen++;
        const problem = basisProblem(text, acts, when);
        if (problem !== undefined) wrong.push(`${relative(root, path)}: ${problem}`);
      }
    }
  }
  t.strictSame([...new Set(wrong)], []);
  t.ok(seen > 300, `${String(seen)} of them`);
  t.end();
});

t.test('no decision that the city makes rests on a text that was not in force when it was made', async (t) => {
  const { workspace, feeds } = await town();
  const wrong = new Set<string>();
  let seen = 0;
  for (const [id, feed] of feeds) {
    const contract = workspace.contracts.get(datasetId(id));
    if (contract?.kind !== 'penalty' || feed.source.kind !== 'synthetic') continue;
    const map = mapper(feed, contract, workspace);
    for await (const row of rowsOf(feed, workspace, { companies: 4_000, day: 2_000 })) {
      const { legalBasis, decidedOn } = map(row) as {
        readonly legalBasis: readonly string[];
        readonly decidedOn: string;
      };
      for (const text of legalBasis) {
        seen++;
        const problem = basisProblem(text, acts, { from: decidedOn });
        if (problem !== undefined) wrong.add(`${id} on ${decidedOn}: ${problem}`);
      }
    }
  }
  t.strictSame([...wrong], []);
  t.ok(seen > 500);
});

const NAMES = [...new Set([...acts.acts, ...acts.examples].map(({ name }) => name))].sort(
  (a, b) => b.length - a.length,
);
const NUMBER = '[零一二三四五六七八九十百]+';
const TOKEN = new RegExp(
  `(?<name>${NAMES.join('|')})|(?<short>(?<!上海市)(?:社会信用条例|优化营商环境条例))|\\bArts?\\. ` +
    '?(?<articles>\\d+(?:\\(\\d+\\))*(?:(?:, ?|–| and )\\d+(?:\\(\\d+\\))*)*)' +
    `|(?:(?<unknown>[一-鿿]+(?:法|条例|细则|办法))|(?<=${NAMES.join('|')})|(?<=(?:${NAMES.join('|')}) )) ` +
    `?第(?<number>${NUMBER})条(?:第(?<paragraph>${NUMBER})款)?(?:第(?<item>${NUMBER})项)?`,
  'g',
);

/** What stands wrong in running text. An article without an act's name is of the act that was named last. */
function* textProblems(text: string): Generator<string> {
  let act: string | undefined;
  for (const { groups = {} } of text.matchAll(TOKEN)) {
    const { name, short, articles, unknown, number } = groups;
    if (name !== undefined) act = name;
    else if (short !== undefined) yield `${short} is not its full name`;
    else if (unknown !== undefined) yield `${unknown} is no act of contracts/acts.json`;
    else {
      const cited =
        articles === undefined
          ? [
              [number, groups['paragraph'], groups['item']].map((part) =>
                part === undefined ? undefined : numberOf(part),
              ),
            ]
          : articles
              .split(/, ?|–| and /)
              .map((one) => one.split(/[()]+/).map((part) => (part === '' ? undefined : Number(part))));
      for (const [article, paragraph, item] of cited) {
        if (article === undefined) yield 'an article without a number';
        else if (act === undefined) yield `article ${String(article)} of no act`;
        else if (!acts.examples.some((one) => one.name === act)) {
          // of an article of one paragraph the number in brackets is an item: Art.14(3)
          const single =
            articles !== undefined &&
            acts.acts.some(({ name: known, articles: of }) => known === act && of[String(article)]?.paragraphs === 1);
          const problem = single
            ? articleProblem(act, article, acts, TODAY)
            : articleProblem(act, article, acts, TODAY, paragraph, item);
          if (problem !== undefined) yield problem;
        }
      }
    }
  }
}

t.test('documentation, policies and code cite acts in full and by articles that are there', (t) => {
  const wrong: string[] = [];
  const places = [
    ...['contracts', 'policies', 'connectors', 'gateway', 'docs', 'helm'].flatMap((folder) => [
      ...filesBelow(join(root, folder), /\.(md|ts|tsx|cedar|yaml|html)$/),
    ]),
    ...['README.md', 'README.zh-CN.md', 'SECURITY.md'].map((file) => join(root, file)),
  ];
  for (const path of places)
    for (const problem of textProblems(readFileSync(path, 'utf8'))) wrong.push(`${relative(root, path)}: ${problem}`);
  t.strictSame([...new Set(wrong)], []);
  t.match([...textProblems('社会信用条例 Art.36')], [/not its full name/]);
  t.match([...textProblems('政务数据共享条例 Art.45')], [/has 44 articles/]);
  t.match([...textProblems('as Art. 13 asks')], [/of no act/]);
  t.match([...textProblems('某某管理办法第三条')], [/is no act/]);
  t.strictSame([...textProblems('政务数据共享条例 Art.13–15, Art.17(2)')], []);
  t.end();
});
