/** What a browser is sent: assets once for ever and small, pages small where nothing in them is anybody's secret. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { encodingFor } from '../../../gateway/http/plugins/compress.js';
import { assets } from '../../../gateway/http/ui/assets.js';
import { faces } from '../api/faces.js';

t.test('the encoding is one that the browser takes', (t) => {
  for (const [header, encoding] of [
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br; q=0.0', undefined],
    ['identity', undefined],
    ['', undefined],
    [undefined, undefined],
    ['*', undefined],
  ] as const)
    t.equal(encodingFor(header), encoding, String(header));
  t.end();
});

t.test('an asset stands under a name that says what is in it, is kept for ever, and comes compressed', async (t) => {
  const here = await faces(t);
  const { folder, assets: all } = assets();
  t.match(folder, /^\/assets\/[0-9a-f]{16}\/$/);
  const { body: home } = await here.people.inject({ url: '/', headers: { host: 'people.test', accept: 'text/html' } });
  t.match(home, `href="${folder}yitong.css"`);
  for (const { name, text, type } of all) {
    const ask = (path: string, encoding?: string) =>
      here.people.inject({
        url: path,
        headers: { host: 'people.test', ...(encoding === undefined ? {} : { 'accept-encoding': encoding }) },
      });
    const plain = await ask(`${folder}${name}`);
    t.equal(plain.body, text, name);
    t.match(plain.headers, {
      'content-type': type,
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
    });
    const [small, smaller] = [await ask(`${folder}${name}`, 'gzip'), await ask(`${folder}${name}`, 'gzip, br')];
    t.equal(gunzipSync(small.rawPayload).toString(), text);
    t.equal(brotliDecompressSync(smaller.rawPayload).toString(), text);
    t.match([small.headers['content-encoding'], smaller.headers['content-encoding']], ['gzip', 'br']);
    if (name === 'yitong.css')
      t.ok(
        smaller.rawPayload.length < text.length / 3,
        `${String(text.length)} bytes are ${String(smaller.rawPayload.length)}`,
      );
    const other = await ask(`/assets/0123456789abcdef/${name}`);
    t.match(
      [other.statusCode, other.headers['cache-control'], other.body],
      [200, 'no-cache', text],
      'of another build: what there is, and not for ever',
    );
  }
  t.equal((await here.people.inject({ url: `${folder}nothing.js`, headers: { host: 'people.test' } })).statusCode, 404);
});

t.test(
  'the style sheet holds each sheet of the sources: what pages share, what each has of its own, then paper',
  (t) => {
    const http = join(packageRoot(), 'gateway', 'http');
    const sheets = readdirSync(http, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.css'));
    const served = assets().assets.find(({ name }) => name === 'yitong.css')?.text ?? '';
    const at = new Map(sheets.map((name) => [name, served.indexOf(readFileSync(join(http, name), 'utf8'))]));
    t.same(
      sheets.filter((name) => at.get(name) === -1),
      [],
      'a sheet that is nowhere served styles nothing',
    );
    const print = join('ui', 'style', 'print.css');
    const shared = sheets.filter((name) => name.startsWith(join('ui', 'style')) && name !== print);
    const pages = sheets.filter((name) => !shared.includes(name) && name !== print);
    t.ok(shared.length > 0 && pages.length > 0);
    const last = Math.max(...shared.map((name) => at.get(name) ?? 0));
    t.ok(
      pages.every((name) => (at.get(name) ?? 0) > last),
      'what a page says of its own overrides what all say',
    );
    t.ok(
      [...shared, ...pages].every((name) => (at.get(name) ?? 0) < (at.get(print) ?? 0)),
      'what is left out on paper is left out of every page',
    );
    t.end();
  },
);

t.test('no page of a session is compressed, nor one that repeats what was asked', async (t) => {
  const here = await faces(t);
  const encodingOf = async (path: string, as?: Parameters<typeof here.visit>[1]): Promise<unknown> =>
    (await here.visit({ path, headers: { accept: 'text/html', 'accept-encoding': 'gzip, br' } }, as)).headers[
      'content-encoding'
    ];
  for (const path of ['/', '/numbers', '/verify']) t.equal(await encodingOf(path), 'br', path);
  const authority = { roles: ['sharing-authority'] as const };
  for (const path of ['/', '/numbers', '/verify', '/console/grants', '/console/grants?q=x', '/compliance'])
    t.equal(await encodingOf(path, authority), undefined, `${path} with somebody signed in`);
  for (const path of ['/compliance', '/verify/AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG', '/nothing'])
    t.equal(await encodingOf(path), undefined, path);
});
