/** What a source may send to fill the memory of whoever reads it: each a good row, the poison, a good row. */

import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { makeWorkbook, row } from '../../connectors/workbook.js';
import { key } from './city.js';

export interface Poison {
  readonly what: string;
  /** Writes the inbox, or starts what serves it; gives the feed's `source`. */
  make(inbox: string, bytes: number): Promise<{ readonly source: object; readonly close?: () => Promise<void> }>;
  /** Of the good rows around it. */
  readonly published: number;
  /** Of the quarantine, or of the run where a whole page is refused. */
  readonly code: string;
  readonly failed?: true;
}

const CHUNK = 65_536;

/** Text of any length, piece by piece. */
async function write(file: string, parts: Iterable<string>): Promise<void> {
  const out = createWriteStream(file);
  for (const part of parts) if (!out.write(part)) await once(out, 'drain');
  out.end();
  await finished(out);
}

export function* repeated(text: string, bytes: number): Generator<string> {
  const piece = text.repeat(Math.ceil(CHUNK / text.length));
  const times = Math.floor(bytes / piece.length);
  for (let i = 0; i < times; i++) yield piece;
  yield text.repeat(Math.floor((bytes - times * piece.length) / text.length));
}

const good = (n: number): string => JSON.stringify({ k: key(n), n: `shop ${n}`, d: 'east' });

function file(
  kind: 'csv' | 'json' | 'fixed-width',
  more: object,
  parts: (bytes: number) => Iterable<string>,
): Poison['make'] {
  return async (inbox, bytes) => {
    await write(join(inbox, 'poison'), parts(bytes));
    return { source: { kind, path: 'inbox/poison', ...more } };
  };
}

/** A page of an API: a good item, the poison, a good item. */
function page(poison: (bytes: number) => Iterable<string>): Poison['make'] {
  return async (_inbox, bytes) => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      void (async () => {
        response.write(`[${good(1)},`);
        for (const part of poison(bytes)) if (!response.write(part)) await once(response, 'drain');
        response.end(`,${good(2)}]`);
      })().catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      server.close();
    };
    return {
      source: { kind: 'http', url: `http://${host}/list`, allowHosts: [host], allowPrivate: true, retries: 0 },
      close,
    };
  };
}

function workbook(
  sheet: (bytes: number) => string,
  strings: (bytes: number) => readonly string[] = () => [],
): Poison['make'] {
  return async (inbox, bytes) => {
    writeFileSync(
      join(inbox, 'poison.xlsx'),
      makeWorkbook({ sheets: { Data: sheet(bytes) }, strings: strings(bytes) }),
    );
    return { source: { kind: 'xlsx', path: 'inbox/poison.xlsx' } };
  };
}

const [one, two] = [`${key(1)},shop 1,east\n`, `${key(2)},shop 2,east\n`];
const nested = function* (bytes: number): Generator<string> {
  yield* repeated('[', bytes / 2);
  yield* repeated(']', bytes / 2);
};
const nulls = function* (bytes: number): Generator<string> {
  yield* repeated('null,', bytes);
  yield 'null';
};
const longItem = function* (bytes: number): Generator<string> {
  yield `{"k":"${key(3)}","n":"`;
  yield* repeated('x', bytes);
  yield '"}';
};
const around = (
  poison: (bytes: number) => Iterable<string>,
  [before, between, after]: readonly [string, string, string],
) =>
  function* (bytes: number): Generator<string> {
    yield `${before}${good(1)}${between}`;
    yield* poison(bytes);
    yield `${between}${good(2)}${after}`;
  };
const list = ['[', ',', ']'] as const;
const lines = ['', '\n', '\n'] as const;
const inObject = (poison: (bytes: number) => Iterable<string>) =>
  function* (bytes: number): Generator<string> {
    yield `{"k":"${key(3)}","n":`;
    yield* poison(bytes);
    yield '}';
  };
const asArray = (items: (bytes: number) => Iterable<string>) =>
  function* (bytes: number): Generator<string> {
    yield '[';
    yield* items(bytes);
    yield ']';
  };
const header = row('k', 'n', 'd');
const fixed = {
  columns: [
    { name: 'k', start: 1, length: 18 },
    { name: 'n', start: 19, length: 10 },
    { name: 'd', start: 29, length: 4 },
  ],
  unit: 'characters',
} as const;
const cells = (n: number): string => row(key(n), `shop ${n}`, 'east');
const fixedLine = (n: number): string => `${key(n)}${`shop ${n}`.padEnd(10)}east\n`;

/** By name; a size is what is asked for, about. */
export const poisons: readonly Poison[] = [
  {
    what: 'csv: a cell of that size',
    make: file('csv', {}, function* (bytes) {
      yield `k,n,d\n${one}${key(3)},`;
      yield* repeated('x', bytes);
      yield `,east\n${two}`;
    }),
    published: 2,
    code: 'record_too_large',
  },
  {
    what: 'csv: a line of that size without an end',
    make: file('csv', {}, function* (bytes) {
      yield `k,n,d\n${one}${two}`;
      yield* repeated('x', bytes);
    }),
    published: 2,
    code: 'record_too_large',
  },
  {
    what: 'csv: a quote that is not closed, and lines behind it',
    make: file('csv', {}, function* (bytes) {
      yield `k,n,d\n${one}${two}${key(3)},"shop 3,east\n`;
      yield* repeated('a line of the register\n', bytes);
    }),
    published: 2,
    code: 'bad_row',
  },
  {
    what: 'csv: a row of nothing but separators',
    make: file('csv', {}, function* (bytes) {
      yield `k,n,d\n${one}`;
      yield* repeated(',', bytes);
      yield `\n${two}`;
    }),
    published: 2,
    code: 'record_too_large',
  },
  {
    what: 'json: an item of that size',
    make: file('json', {}, around(longItem, list)),
    published: 2,
    code: 'record_too_large',
  },
  {
    what: 'json: an item nested as deep',
    make: file('json', {}, around(inObject(nested), list)),
    published: 2,
    code: 'record_too_large',
  },
  {
    what: 'json: an item that is a list of nulls',
    make: file('json', {}, around(inObject(asArray(nulls)), list)),
    published: 2,
    code: 'record_too_large',
  },
  { what: 'json: nulls in place of items', make: file('json', {}, around(nulls, list)), published: 1, code: 'bad_row' },
  {
    what: 'json: brackets in place of items',
    make: file('json', {}, around(nested, list)),
    published: 2,
    code: 'record_too_large',
  },
  {
    what: 'json: nested around the items',
    make: file('json', { items: '/data' }, nested),
    published: 0,
    code: 'bad_row',
  },
  {
    what: 'ndjson: a line of that size',
    make: file('json', { format: 'lines' }, around(longItem, lines)),
    published: 2,
    code: 'record_too_large',
  },
  {
    what: 'ndjson: a line nested as deep',
    make: file('json', { format: 'lines', maxItemBytes: 16_777_216 }, around(inObject(nested), lines)),
    published: 2,
    code: 'nested_too_deep',
  },
  {
    what: 'ndjson: a line that is a list of nulls',
    make: file('json', { format: 'lines' }, around(inObject(asArray(nulls)), lines)),
    published: 2,
    code: 'record_too_large',
  },
  {
    what: 'fixed-width: a line of that size',
    make: file('fixed-width', fixed, function* (bytes) {
      yield fixedLine(1);
      yield* repeated('x', bytes);
      yield `\n${fixedLine(2)}`;
    }),
    published: 2,
    code: 'record_too_large',
  },
  {
    what: 'xlsx: a cell of that size',
    make: workbook((bytes) => `${header}${cells(1)}${row(key(3), 'x'.repeat(bytes), 'east')}${cells(2)}`),
    published: 1,
    code: 'record_too_large',
  },
  {
    what: 'xlsx: a shared text of that size',
    make: workbook(
      () =>
        `${header}${cells(1)}<row><c t="inlineStr"><is><t>${key(3)}</t></is></c><c t="s"><v>0</v></c></row>${cells(2)}`,
      (bytes) => [`<t>${'x'.repeat(bytes)}</t>`],
    ),
    published: 0,
    code: 'record_too_large',
  },
  {
    what: 'xlsx: a row of as many cells',
    make: workbook(
      (bytes) => `${header}${cells(1)}<row>${'<c><v>1</v></c>'.repeat(Math.floor(bytes / 15))}</row>${cells(2)}`,
    ),
    published: 2,
    code: 'record_too_large',
  },
  {
    what: 'xlsx: a sheet that unpacks to 20 times that',
    make: workbook((bytes) => `${header}${cells(1)}<row><c><v>${' '.repeat(bytes * 20)}</v></c></row>${cells(2)}`),
    published: 0,
    code: 'bad_row',
  },
  { what: 'http: an item of that size', make: page(longItem), published: 2, code: 'record_too_large' },
  {
    what: 'http: a page nested as deep',
    make: page(inObject(nested)),
    published: 0,
    code: 'source_unavailable',
    failed: true,
  },
  {
    what: 'http: a list of nulls in an item',
    make: page(inObject(asArray(nulls))),
    published: 2,
    code: 'record_too_large',
  },
  { what: 'http: nulls in place of items', make: page(nulls), published: 1, code: 'bad_row' },
];
