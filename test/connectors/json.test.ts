import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import t from 'tap';
import { parseMapping } from '../../connectors/mapping/index.js';
import { jsonExceeds, jsonStart, parseJson } from '../../connectors/reading/json-value.js';
import type { BrokenRow, Cell } from '../../connectors/reading/port.js';
import { ArrayReader } from '../../connectors/sources/json/array.js';
import { type ItemReader, type JsonItem, LineReader } from '../../connectors/sources/json/items.js';
import { digit9 } from './fixtures.js';
import { openOffice } from './office.js';
import { counts, read, seen } from './reading.js';

const LIMITS = { bytes: 1_048_576, depth: 32 };
const KEY = digit9.make(1);

function scan(reader: ItemReader, text: string, cut: number): readonly unknown[] {
  const out: JsonItem[] = [];
  for (let at = 0; at < text.length; at += cut) reader.push(text.slice(at, at + cut), out);
  reader.end(out);
  return out.map((item) => (item.kind === 'text' ? (JSON.parse(item.text) as unknown) : item.refusal.reason));
}

t.test('how large the JSON of a value is, and how it begins, are known without writing all of it', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), fc.nat({ max: 60 }), (made, any) => {
      const text = JSON.stringify(made);
      const value = JSON.parse(text) as Cell;
      const bytes = Buffer.byteLength(text);
      return [any, text.length - 1, text.length, text.length + 1, bytes - 1, bytes, bytes + 1].every(
        (most) => jsonStart(value, most) === text.slice(0, most) && jsonExceeds(value, most) === bytes > most,
      );
    }),
    { numRuns: 2000 },
  );
  t.equal(jsonStart(['😀'], 3), '["\ud83d', 'cut where `slice` cuts a text');
  t.end();
});

t.test('no item is lost or split, wherever the pieces of a document end', async (t) => {
  const value = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(
      fc.array(value),
      fc.dictionary(fc.string(), value),
      fc.constantFrom(0, 1),
      fc.nat({ max: 2 }),
      fc.integer({ min: 1, max: 9 }),
      (items, around, space, place, cut) => {
        const pointer = [[], ['data'], ['a/b', 'it~ems']][place] ?? [];
        let document: unknown = items;
        for (const key of [...pointer].reverse())
          document = Object.fromEntries([
            ...Object.entries(around).filter(([other]) => other !== key),
            [key, document],
          ]);
        const text = JSON.stringify(document, null, space === 0 ? undefined : 1);
        t.strictSame(
          scan(new ArrayReader(pointer, LIMITS), text, cut),
          items.map((item) => JSON.parse(JSON.stringify(item)) as unknown),
        );
      },
    ),
    { numRuns: 150 },
  );
  fc.assert(
    fc.property(
      fc.array(value),
      fc.constantFrom('\n', '\r\n', '\n\n'),
      fc.integer({ min: 1, max: 9 }),
      (items, end, cut) => {
        t.strictSame(
          scan(new LineReader(LIMITS), items.map((item) => JSON.stringify(item) + end).join(''), cut),
          items.map((item) => JSON.parse(JSON.stringify(item)) as unknown),
        );
      },
    ),
    { numRuns: 50 },
  );
});

t.test('whatever a document is, it is read or refused, never half read in silence', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '1', 'a', ' ', '"items"', 'null', '{"a":1}'), {
        maxLength: 14,
      }),
      fc.integer({ min: 1, max: 5 }),
      (parts, cut) => {
        const text = `{"items":[${parts.join('')}]}`;
        const out: JsonItem[] = [];
        const reader = new ArrayReader(['items'], LIMITS);
        for (let at = 0; at < text.length; at += cut) reader.push(text.slice(at, at + cut), out);
        reader.end(out);
        let whole: unknown;
        try {
          whole = JSON.parse(text);
        } catch {
          const bad = out.some((item) => item.kind === 'broken' || !parseJson(item.text).ok);
          t.ok(bad, `a document that is not JSON is not taken for one: ${text}`);
          return;
        }
        const keys = text.match(/"items":/g)?.length ?? 0;
        if (keys === 1)
          t.strictSame(
            out.map((item) => (item.kind === 'text' ? (JSON.parse(item.text) as unknown) : 'broken')),
            (whole as { items: unknown[] }).items,
          );
      },
    ),
    { numRuns: 300 },
  );
  for (const [text, reason] of [
    ['{"items":[{"a":1}],"items":[{"a":2}]}', 'the document has two arrays at the place of the items'],
    ['{"items":{"a":1}}', 'the document has no array at `/items`'],
    ['{"other":[1]}', 'the document has no array at `/items`'],
    ['{"items":[{"a":1}]} x', 'something follows the end of the document'],
    ['{"items":[{"a":1}', 'the document ends before its end'],
    ['{"items":[{"a":[1}, {"a":2}]}', 'the brackets of an item do not match'],
    ['', 'the document ends before its end'],
  ] as const) {
    t.equal(scan(new ArrayReader(['items'], LIMITS), text, 3).at(-1), reason, text);
  }
});

t.test('a number keeps its digits, a text its characters', async (t) => {
  const cases: readonly (readonly [json: string, value: unknown])[] = [
    ['{"id":310101199001011234}', { id: '310101199001011234' }],
    [
      '[9007199254740993,-12345678901234567.5,"310101199001011234",12]',
      ['9007199254740993', '-12345678901234567.5', '310101199001011234', 12],
    ],
    ['{"x":0.30000000000000004,"y":"0.1","z":1e400}', { x: 0.30000000000000004, y: '0.1', z: '1e400' }],
    ['{"a":"\\"1234567890123456789","b":1234567890123456789}', { a: '"1234567890123456789', b: '1234567890123456789' }],
    ['{"a":"\\ud83d\\ude00","b":"\\\\ud800"}', { a: '😀', b: '\\ud800' }],
  ];
  for (const [json, value] of cases) t.strictSame(parseJson(json), { ok: true, value }, json);
  t.match(parseJson('{"a":"\\ud800"}'), { ok: false, refusal: { reason: 'holds half of a character' } });
  t.match(parseJson(`${'['.repeat(50_000)}${']'.repeat(50_000)}`), { ok: false, refusal: { code: 'nested_too_deep' } });
});

t.test('nested values are columns with dots, lists stay lists', async (t) => {
  const items = [
    { code: KEY, name: 'a', address: { city: 'x', at: { lat: 1.5 } }, tags: ['p', { q: 1 }], none: null },
    { 'a.b': 1, a: { b: 2 } },
    7,
    JSON.parse('{"__proto__":1}') as unknown,
  ];
  const dir = t.testdir({ 'a.json': JSON.stringify({ data: { list: items } }) });
  t.strictSame(
    seen(
      await read(
        dir,
        { kind: 'json', path: 'a.json', items: '/data/list' },
        { mapping: { fields: { code: { from: 'address' } } } },
      ),
    ),
    [
      {
        code: KEY,
        name: 'a',
        address: { city: 'x', at: { lat: 1.5 } },
        'address.city': 'x',
        'address.at.lat': 1.5,
        tags: ['p', { q: 1 }],
        none: null,
      },
      'two keys of an item give one column',
      'an item is not an object',
      'a key has a name that cannot be used',
    ],
  );
});

t.test('every item of a dump is published or quarantined with its reason', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  const mapping = parseMapping(
    {
      fields: {
        code: { from: 'id', steps: [{ key: 'digit9' }] },
        name: { from: 'name' },
        'address.city': { from: 'address.city' },
        tags: { from: 'tags' },
        members: { rows: { from: 'people', fields: { name: { from: 'name' }, id: { from: 'id' } } } },
      },
    },
    'feed.json',
  );
  const source = { kind: 'json', path: 'in.json', items: '/items', maxItemBytes: 500, maxDepth: 5 } as const;
  const good = (n: number) =>
    JSON.stringify({
      id: digit9.make(n),
      name: `n${n}`,
      address: { city: 'c' },
      tags: ['x'],
      people: [{ name: 'p', id: 9 }],
    });
  const bad = [
    `{"id":"${digit9.make(90)}","name":"${'x'.repeat(600)}"}`,
    `{"id":"${digit9.make(91)}","name":[[[[[1]]]]]}`,
    '{"id":01}',
    '{"name":"no key"}',
    '"text"',
  ];
  writeFileSync(
    join(dir, 'in.json'),
    `\ufeff{"total":7,"items":[${[...Array.from({ length: 700 }, (_, n) => good(n)), ...bad].join(',\n')}],"next":null}`,
  );
  const report = await office.run({ source, mapping });
  t.strictSame(counts(report), [705, 700, 0, 0, 5, 0, 0, 'complete']);
  t.strictSame(report.codes, { record_too_large: 1, nested_too_deep: 1, bad_row: 2, missing_value: 1 });
  t.match(
    (await office.quarantine()).map(({ position, problems }) => [position, problems[0]?.code]),
    [
      ['in.json#701', 'record_too_large'],
      ['in.json#702', 'nested_too_deep'],
      ['in.json#703', 'bad_row'],
      ['in.json#704', 'missing_value'],
      ['in.json#705', 'bad_row'],
    ],
  );
  t.equal((await office.run({ source, mapping })).state, 'nothing-new');

  writeFileSync(join(dir, 'in.json'), `{"items":[${good(1)},${good(2)}`);
  const cut = await office.run({ source, mapping });
  t.strictSame(counts(cut), [3, 0, 2, 0, 1, 0, 0, 'refused'], 'a dump that was cut short withdraws nothing');
  t.equal(Object.keys(await office.current()).length, 700);

  const lines = { kind: 'json', path: 'in.ndjson', format: 'lines', charset: 'gb18030' } as const;
  writeFileSync(
    join(dir, 'in.ndjson'),
    iconv.encode(`${good(0).replace('n0', '上海')}\r\n\n${'x'.repeat(2_000_000)}\n{"id":\n${good(2)}`, 'gb18030'),
  );
  t.strictSame(
    counts(await office.run({ source: lines, mapping, snapshot: false })),
    [4, 1, 1, 0, 2, 0, 0, 'complete'],
    'a line that cannot be read costs itself only',
  );
  t.equal((await office.current())[`digit9:${digit9.make(0)}|`], '上海');
});

t.test('a feed that asks for what there is not is refused with the key', async (t) => {
  const dir = t.testdir({ 'a.json': '[]' });
  const of = (more: object) => read(dir, { kind: 'json', path: 'a.json', ...more });
  await t.rejects(of({ pointer: '/x' }), { code: 'bad_feed', message: /unknown key `pointer`/ });
  await t.rejects(of({ items: 'x' }), { code: 'bad_feed', message: /items/ });
  await t.rejects(of({ format: 'lines', items: '/x' }), { code: 'bad_feed' });
  await t.rejects(of({ folder: '.' }), { code: 'bad_feed', message: /one of `path` and `folder`/ });
  t.strictSame(seen(await of({})), []);
});

t.test('memory stays flat over a file that is larger than the heap', async (t) => {
  const dir = t.testdir();
  for (const [name, blocks, first, between, last] of [
    ['a.ndjson', 130, '', '\n', '\n'],
    ['a.json', 40, '{"items":[', ',', ']}'],
  ] as const) {
    const out = createWriteStream(join(dir, name));
    out.write(first);
    const item = `{"code":"${KEY}","name":"${'上'.repeat(100)}","tags":["a","b"],"address":{"city":"x"}}`;
    const block = Array.from({ length: 1000 }, () => item).join(between);
    for (let n = 0; n < blocks; n++) if (!out.write(n === 0 ? block : between + block)) await once(out, 'drain');
    out.end(last);
    await once(out, 'finish');
  }
  const script = `
    import { kindOf, contextOf } from ${JSON.stringify(new URL('./reading.js', import.meta.url).href)};
    const counts = [];
    for (const more of [{ path: 'a.ndjson', format: 'lines' }, { path: 'a.json', items: '/items' }]) {
      const run = await kindOf('json').open(contextOf(process.argv[1], { kind: 'json', ...more }));
      let rows = 0;
      for await (const batch of run.rows) rows += batch.length;
      counts.push(rows);
    }
    console.log(JSON.stringify(counts));`;
  const output = execFileSync(process.execPath, ['--max-old-space-size=48', '--input-type=module', '-e', script, dir], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  t.strictSame(JSON.parse(output), [130_000, 40_000]);
});

t.test('a line that cannot be read is kept as far as it was read', async (t) => {
  const dir = t.testdir({ 'a.ndjson': `{"code":"${KEY}"\n` });
  t.match((await read(dir, { kind: 'json', path: 'a.ndjson', format: 'lines' }))?.rows[0] as BrokenRow, {
    position: 'a.ndjson#1',
    broken: { code: 'bad_row', reason: 'is not JSON' },
    raw: `{"code":"${KEY}"`,
  });
});
