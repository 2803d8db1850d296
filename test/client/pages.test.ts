import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { pythonForTest } from '../support/python.js';
import { answerDiffers, type Block, blocksOf, differs } from './blocks.js';
import { callsOf } from './calls.js';
import { exampleCity } from './city.js';
import { checker, type Described, routeOf, routesOf, schemasOf } from './described.js';
import { project } from './outside.js';
import { runPage, writeProgram } from './running.js';
import { sendJson, stub } from './stub.js';

t.setTimeout(300_000);

const docs = join(packageRoot(), 'docs', 'api');
const pages = ((): readonly string[] => {
  const table = [...readFileSync(join(docs, 'README.md'), 'utf8').matchAll(/^\| \[[^\]]*\]\((\w+\.md)\)/gm)].map(
    ([, page = '']) => page,
  );
  return ['README.md', ...table];
})();

t.test('what an example shows is compared, and nothing passes for it', (t) => {
  for (const [shown, actual] of [
    ['…', 3],
    ['…', { a: 1 }],
    ['w1-…', 'w1-3f'],
    [
      ['a', '…'],
      ['a', 'b', 'c'],
    ],
    [['a', '…'], ['a']],
    [
      { a: 1, '…': '…' },
      { a: 1, b: 2 },
    ],
    [{ a: '…' }, { a: null }],
  ] as const)
    t.equal(differs(shown, actual), undefined, JSON.stringify(shown));
  for (const [shown, actual] of [
    [3, '3'],
    ['w1-…', 'w2-3f'],
    [['a'], ['a', 'b']],
    [['a', 'b', '…'], ['a']],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1, b: '…' }, { a: 1 }],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [['…'], {}],
    ['a.c', 'abc'],
    ['…a', 'ab'],
  ] as const)
    t.type(differs(shown, actual), 'string', JSON.stringify(shown));
  const [block] = blocksOf('p.md', '# x\n\n```sh\necho {}\n```\n\nso\n\n```json\n{ "a": 1 }\n```\n');
  t.match(block, { line: 3, kind: 'sh', text: 'echo {}\n', answer: { kind: 'json' } });
  t.match(answerDiffers(block?.answer ?? { kind: 'text', text: '' }, '{}'), /lacks `a`/);
  t.match(answerDiffers({ kind: 'jsonl', text: '{ "a": 1 }\n' }, '{"a":1}\n{"a":2}\n'), /2 items/);
  t.match(answerDiffers({ kind: 'text', text: 'a … c' }, 'a b d'), /says/);
  t.end();
});

t.test('the pages of the API', async (t) => {
  t.strictSame([...pages].sort(), readdirSync(docs).sort(), 'the table of README.md names every page');
  const city = await exampleCity(t);
  const { dir, compile } = project(t.testdir());
  const blocks = new Map(
    pages.map((page): [string, readonly Block[]] => [page, blocksOf(page, readFileSync(join(docs, page), 'utf8'))]),
  );
  for (const [page, own] of blocks) writeProgram(dir, page, own);
  const openapi = (await (await city.as('one-stop-counter')).openapi()) as unknown as Described;
  const all = routesOf(openapi);
  const check = checker(openapi);

  await t.test('the TypeScript of the pages compiles in a project that has nothing but our package', async (t) =>
    t.equal(await compile(), ''),
  );

  const shownBy = new Set<string>();
  for (const [page, own] of blocks) {
    await t.test(`the examples of ${page} run, and answer as it shows`, async (t) => {
      const outputs = await runPage({ env: { API: city.api, PEOPLE: city.people, PKI: city.pki }, dir }, page, own);
      for (const [i, { line, text, kind, answer }] of own.entries()) {
        const output = outputs[i] ?? '';
        if (answer !== undefined) t.equal(answerDiffers(answer, output), undefined, `line ${String(line)}`);
        // the last request of a block is the one whose answer it writes
        const last = kind === 'sh' ? `${text.split('curl ').at(-1) ?? ''}` : '';
        const asked = /\$API(\/[^\s"]+)/.exec(last)?.[1];
        if (asked === undefined) continue;
        const method = / -X ([A-Z]+) /.exec(last)?.[1] ?? (last.includes('--json') ? 'POST' : 'GET');
        const route = routeOf(all, method, asked.replaceAll('$ID', 'x'));
        if (route === undefined) {
          t.fail(`line ${String(line)}: no route is described for ${asked}`);
          continue;
        }
        shownBy.add(route.operation.operationId);
        if (answer?.kind !== 'json') continue;
        const value = JSON.parse(output) as object;
        const schemas = schemasOf(route.operation, !('code' in value && 'title' in value) && !('error_code' in value));
        t.equal(
          check({ anyOf: schemas }, value),
          undefined,
          `line ${String(line)}: the answer of ${route.operation.operationId} is as OpenAPI says`,
        );
      }
    });
  }
  await t.test('every route has an example in the pages, by curl or by the client', (t) => {
    const called = [...blocks.values()]
      .flat()
      .filter(({ kind }) => kind === 'ts')
      .map(({ text }) => text)
      .join('\n');
    const missing = all
      .map(({ operation }) => operation.operationId)
      .filter((id) => id !== 'openapi' && !shownBy.has(id) && !called.includes(`.${id}(`));
    t.strictSame(missing, []);
    t.end();
  });

  await t.test(
    'each operation says what it does, how it is refused, and shows an example that is as its schemas say',
    (t) => {
      for (const { method, path, operation } of all) {
        const name = `${method} ${path}`;
        t.type(operation.operationId, 'string', name);
        for (const [what, text = ''] of Object.entries({
          summary: operation.summary,
          description: operation.description,
        }))
          t.ok(text.length > 10, `${name} has a ${what}`);
        for (const status of ['401', '403', '429', '500', '503'])
          t.ok(status in operation.responses, `${name} tells of ${status}`);
        for (const [status, { description, content = {} }] of Object.entries(operation.responses)) {
          t.not(description, 'Default Response', `${name} ${status}`);
          if (Number(status) >= 400 && !path.startsWith('/registry'))
            t.ok('application/problem+json' in content, `${name} ${status} is problem+json`);
        }
        for (const { name: parameter, required = false, schema, example } of operation.parameters ?? []) {
          if (example === undefined) t.notOk(required, `${name}: no example of ${parameter}`);
          else t.equal(check(schema, example), undefined, `${name}: the example of ${parameter}`);
        }
        const body = operation.requestBody?.content['application/json'];
        if (body !== undefined)
          t.equal(check(body.schema, body.example), undefined, `${name}: the example of a request`);
        const [answer] = Object.entries(operation.responses)
          .filter(([status]) => status.startsWith('2'))
          .flatMap(([, { content = {} }]) => Object.values(content));
        if (operation.operationId !== 'openapi')
          t.equal(check(answer?.schema ?? {}, answer?.example), undefined, `${name}: the example of an answer`);
      }
      t.end();
    },
  );

  await t.test("others' validator of OpenAPI takes the description", (t) => {
    const python = pythonForTest(t, 'openapi_spec_validator', 'openapi-spec-validator');
    if (python === undefined) return void t.end();
    const file = join(dir, 'openapi.json');
    writeFileSync(file, JSON.stringify(openapi));
    t.match(execFileSync(python, ['-m', 'openapi_spec_validator', file], { encoding: 'utf8' }), /OK/);
    writeFileSync(file, JSON.stringify({ ...openapi, paths: { '/x': { get: { responses: 3 } } } }));
    t.throws(() => execFileSync(python, ['-m', 'openapi_spec_validator', file], { stdio: 'ignore' }), 'and not any');
    t.end();
  });

  await t.test("each route has the client's method of its name, which asks for that route and no other", async (t) => {
    const seen: { method: string; url: string; body: string }[] = [];
    const { client: connected } = await stub(t, (request, response, body) => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', body });
      if (request.url === '/v1/reports' && request.method === 'POST') response.writeHead(201).end('{"result":{}}\n');
      else if (request.url === '/v1/query/batch') response.writeHead(200).end('{"summary":{}}\n');
      else if (request.url?.includes('/changes?') === true)
        response.writeHead(200).end('{"next":"x","changes":0,"receipt":{}}\n');
      else if (request.headers.range !== undefined)
        response.writeHead(206, { 'content-range': 'bytes 0-1/2' }).end('{}');
      else sendJson(response, {});
    });
    const client = await connected();
    const calls = await callsOf(client);
    t.strictSame(Object.keys(calls).sort(), all.map(({ operation }) => operation.operationId).sort());
    for (const [method, call] of Object.entries(calls)) {
      seen.length = 0;
      await call();
      const [asked] = seen;
      const route = routeOf(all, asked?.method ?? '', asked?.url ?? '');
      t.equal(route?.operation.operationId, method, `${asked?.method ?? ''} ${asked?.url ?? ''}`);
      const schema = route?.operation.requestBody?.content['application/json']?.schema;
      if (schema !== undefined)
        t.equal(
          check(schema, JSON.parse(asked?.body ?? '')),
          undefined,
          `what ${method} sends is what its route takes`,
        );
      const parameters = route?.operation.parameters ?? [];
      for (const [name, value] of new URL(asked?.url ?? '', 'https://x').searchParams) {
        const found = parameters.find((one) => one.in === 'query' && one.name === name);
        t.equal(check(found?.schema ?? { not: {} }, value), undefined, `${method}: ${name}=${value}`);
      }
    }
  });
});
