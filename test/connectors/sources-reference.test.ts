/** docs/mapping.md names every key of every kind of source, and its examples give the rows that it shows. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import t from 'tap';
import type { Feed } from '../../connectors/feed.js';
import { httpKind } from '../../connectors/sources/http/index.js';
import { shape } from '../../contracts/validate.js';
import { openApi } from './api.js';
import { contextOf, kinds, read, seen } from './reading.js';
import { makeWorkbook, row } from './workbook.js';

const page = readFileSync(new URL('../../../docs/mapping.md', import.meta.url), 'utf8');
const section = (name: string): string => page.split(`\n#### ${name}\n`)[1]?.split(/\n##/)[0] ?? '';
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``, 'g'))].map(([, block = '']) => block);
/** Keys in the first column of the tables that have three. */
const keys = (text: string): string[] =>
  [...text.matchAll(/^\| (`[a-zA-Z`, ]+`) \| .* \| .* \|$/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, key = '']) => key),
  );

interface Example {
  readonly input: string;
  readonly source: Feed['source'];
  readonly cells: unknown;
}

function example(name: string): Example {
  const [source = '', cells = ''] = blocks(section(name), 'json');
  return {
    input: blocks(section(name), 'text')[0] ?? '',
    source: JSON.parse(source) as Feed['source'],
    cells: JSON.parse(cells) as unknown,
  };
}
const mapping = { fields: { code: { const: 'x' } } };

/** Sections with keys that several kinds have, by the anchor to which a kind links that has them. */
const SHARED = { files: 'Files', 'files-of-text': 'Files of text', 'a-database': 'A database' };

t.test('every key of a source stands in the reference, and none that there is not', (t) => {
  t.ok(kinds.size >= 10);
  for (const { kind, schema } of kinds.values()) {
    const text = section(`\`${kind}\``);
    const shared = Object.entries(SHARED).flatMap(([anchor, name]) =>
      text.includes(`(#${anchor})`) ? keys(section(name)) : [],
    );
    const known = Object.keys((schema as { properties: object }).properties).filter((key) => key !== 'kind');
    t.strictSame([...keys(text), ...shared].sort(), known.sort(), kind);
  }
  t.end();
});

t.test('every kind shows an example, and each is one', (t) => {
  for (const { kind, schema } of kinds.values()) {
    const sources = blocks(section(`\`${kind}\``), 'json')
      .map((block) => JSON.parse(block) as Feed['source'])
      .filter((block) => block.kind === kind);
    t.ok(sources.length > 0, kind);
    for (const source of sources)
      t.doesNotThrow(() => shape<object>(schema, 'bad_feed')(source, { file: 'feed.json' }), kind);
  }
  t.end();
});

t.test('the examples of files give the rows that they show', async (t) => {
  const dir = t.testdir();
  const workbook = example('`xlsx`');
  const cell = (text: string): string | number => (/^[\d.]+$/.test(text) ? Number(text) : text);
  const lines = workbook.input.split('\n').map((line) => row(...line.split(' | ').map(cell)));
  writeFileSync(join(dir, 'in.xlsx'), makeWorkbook({ sheets: { one: lines.join('') } }));
  writeFileSync(join(dir, 'in.json'), example('`json`').input);
  writeFileSync(join(dir, 'in.txt'), iconv.encode(example('`fixed-width`').input, 'gb18030'));
  for (const name of ['`json`', '`xlsx`', '`fixed-width`']) {
    const { source, cells } = example(name);
    t.strictSame(seen(await read(dir, source, { mapping })), [cells], name);
  }
});

t.test('the example of an API gives the row that it shows, and every style of paging is taken', async (t) => {
  const { input, source, cells } = example('`http`');
  const api = await openApi(() => ({ body: Buffer.from(input) }));
  t.teardown(() => api.close());
  const kind = httpKind({ sleep: async () => undefined, env: { YITONG_FEED_PERMITS: 'x' } });
  const context = contextOf(
    '.',
    { ...source, url: `${api.url}/v1/permits`, allowHosts: [api.host], allowPrivate: true },
    { mapping, overrides: { snapshot: false } },
  );
  const run = await kind.open(context);
  const rows = [];
  if (run === undefined || 'unchanged' in run) throw new Error('the example has nothing to read');
  for await (const batch of run.rows) rows.push(...batch);
  t.strictSame(rows, [{ position: 'P-7', rowNumber: 1, cells }]);
  const styles = [...section('`http`').matchAll(/^\| `(\{"style".*\})` \|/gm)].map(
    ([, style = '']) => JSON.parse(style) as { style: string },
  );
  t.strictSame(
    styles.map(({ style }) => style),
    ['page', 'offset', 'next', 'link', 'cursor'],
  );
  for (const paging of styles)
    t.ok(
      await kind.open(
        contextOf(
          '.',
          { kind: 'http', url: 'https://permits.example/', allowHosts: ['permits.example'], paging },
          { overrides: { snapshot: false } },
        ),
      ),
      paging.style,
    );
});
