/**
 * All style sheets are sent as one: a class that the sheet of one page styles by itself reaches every page. So it
 * belongs to that sheet alone, or to those that pages share.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';

interface Sheet {
  readonly name: string;
  /** Classes by which a selector of it begins. */
  readonly begins: ReadonlySet<string>;
  /** All that it mentions. */
  readonly mentions: ReadonlySet<string>;
}

const CLASS = /\.[a-z][a-z0-9-]*/g;

function sheetOf(name: string, text: string): Sheet {
  const selectors = text
    .replace(/\/\*[^]*?\*\//g, '')
    .split(/[{}]/)
    .filter((one) => !one.includes(';'))
    .flatMap((one) => one.split(/,(?![^()]*\))/))
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith('@'));
  return {
    name,
    begins: new Set(selectors.flatMap((one) => /^(\.[a-z][a-z0-9-]*)(?![a-z0-9.[-])/.exec(one)?.[1] ?? [])),
    mentions: new Set(selectors.flatMap((one) => one.match(CLASS) ?? [])),
  };
}

/** What a page's sheet begins a selector with, of that which another page's sheet mentions and none shares. */
function crossed(shared: readonly Sheet[], pages: readonly Sheet[]): readonly string[] {
  const common = new Set(shared.flatMap(({ mentions }) => [...mentions]));
  return pages.flatMap((own) =>
    [...own.begins]
      .filter((one) => !common.has(one))
      .flatMap((one) =>
        pages
          .filter((other) => other !== own && other.mentions.has(one))
          .map(({ name }) => `${one}: ${own.name}, ${name}`),
      ),
  );
}

t.test('no page styles what is another page’s', (t) => {
  const http = join(packageRoot(), 'gateway', 'http');
  const read = (name: string, ...path: readonly string[]): Sheet =>
    sheetOf(name, readFileSync(join(http, ...path), 'utf8'));
  const shared = readdirSync(join(http, 'ui', 'style')).map((name) => read(name, 'ui', 'style', name));
  const pages = readdirSync(http, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('style.css'))
    .map((name) => read(name, name));
  t.ok(shared.length > 10 && pages.length > 15, `${String(shared.length)} and ${String(pages.length)} sheets`);
  t.strictSame(crossed(shared, pages), []);
  t.end();
});

t.test('a class of two pages is told', (t) => {
  const card = sheetOf('card', '.card {\n  margin: 0;\n}\n');
  const one = sheetOf('one', '/* Of one page. */\n.parts > li {\n  display: none;\n}\n.card {\n  margin: 0;\n}\n');
  const other = sheetOf('other', '@media (max-width: 1px) {\n  ul.parts,\n  .card {\n    margin: 0;\n  }\n}\n');
  t.same(crossed([card], [one, other]), ['.parts: one, other']);
  t.same(crossed([card], [one, sheetOf('third', '.own .part {\n  margin: 0;\n}\n')]), []);
  t.end();
});
