/**
 * docs/law-coverage.md names each paragraph of 政务数据共享条例 Art.12–29 and 35–41 with its rule, the test that holds it and
 * the page that shows it; it quotes the statute word by word, and names nothing that is not there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import t from 'tap';
import { loadActs } from '../../contracts/acts.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { wrongTest } from './subtests.js';

const root = packageRoot();
const page = join(root, 'docs', 'law-coverage.md');
const ACT = '政务数据共享条例';
const NUMBERS = [...Array(18).keys()].map((i) => i + 12).concat([35, 36, 37, 38, 39, 40, 41]);

interface Row {
  /** `12(1)` */
  readonly place: string;
  readonly quotes: readonly string[];
  readonly rule: string;
  readonly test: string;
  readonly shown: string;
}

const rows: readonly Row[] = readFileSync(page, 'utf8')
  .split('\n')
  .flatMap((line): Row[] => {
    const [, place = '', text = '', rule = '', test = '', shown = ''] = line.split('|').map((cell) => cell.trim());
    const at = /^Art\. ?(\d+(?:\(\d+\))*)$/.exec(place)?.[1];
    return at === undefined ? [] : [{ place: at, quotes: text.split('……'), rule, test, shown }];
  });
t.test('each paragraph of each article has a row, and of 39 to 41 each item', async (t) => {
  const acts = await loadActs([root]);
  const act = acts?.acts.find(({ name }) => name === ACT);
  const places = rows.map(({ place }) => place);
  for (const article of NUMBERS) {
    const items = { 39: 9, 40: 7, 41: 3 }[article];
    const paragraphs = act?.articles[String(article)]?.paragraphs ?? 0;
    t.ok(paragraphs > 0, `article ${String(article)} is in contracts/acts.json`);
    for (let at = 1; at <= (items ?? paragraphs); at++)
      t.ok(
        places.includes(`${String(article)}(${String(at)})`) || (paragraphs === 1 && places.includes(String(article))),
        `${String(article)}(${String(at)})`,
      );
  }
  t.strictSame([...places].sort(), [...new Set(places)].sort(), 'each once');
  t.end();
});

t.test('the tests and pages that it names are there', (t) => {
  let tests = 0;
  for (const { place, rule, test, shown } of rows) {
    t.ok(rule.length > 10, `${place}: a rule`);
    // whatever has no test says so, and why
    if (/^none\b/.test(test)) t.match(test, /^none(?: yet)?: .{10}/, `${place}: no test, and it says why`);
    else
      for (const named of test.split('<br>')) {
        const wrong = wrongTest(named);
        if (wrong !== undefined) t.fail(`${place} ${wrong}`);
        tests++;
      }
    for (const [, target = ''] of shown.matchAll(/\]\(([^)#]*)/g))
      t.ok(existsSync(resolve(dirname(page), target)), `${place}: ${target}`);
    t.ok(shown.length > 0, `${place}: a page, or a dash`);
  }
  t.ok(tests > 40, `${String(tests)} tests are named`);
  t.end();
});

t.test('what it quotes stands in the statute, in that article', (t) => {
  const folder = resolve(root, process.env['YITONG_TEST_DATA'] ?? '../shared/data', '..', 'reference');
  const file = existsSync(folder) ? readdirSync(folder).find((name) => name.startsWith(ACT)) : undefined;
  if (file === undefined) {
    t.pass('needs the text of the statute beside the test data', { skip: 'the statute is not here' });
    return t.end();
  }
  const articles = new Map<number, string>();
  const digits = '零一二三四五六七八九';
  const numbered = (text: string): number => {
    const [tens = '', ones = ''] = text.includes('十') ? text.split('十') : ['', text];
    return (
      (text.includes('十') ? (tens === '' ? 1 : digits.indexOf(tens)) * 10 : 0) +
      (ones === '' ? 0 : digits.indexOf(ones))
    );
  };
  for (const part of readFileSync(join(folder, file), 'utf8').split(/\n(?=第[一二三四五六七八九十]+条)/)) {
    const [, number] = /^第([一二三四五六七八九十]+)条/.exec(part) ?? [];
    if (number !== undefined) articles.set(numbered(number), part);
  }
  t.equal(articles.size, 44);
  for (const { place, quotes } of rows) {
    const text = articles.get(Number.parseInt(place, 10)) ?? '';
    for (const quote of quotes)
      if (quote.length < 4 || !text.includes(quote)) t.fail(`${place}: “${quote}” is not in it`);
  }
  t.end();
});
