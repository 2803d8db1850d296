/**
 * The protocol's own conformance suite against `/mcp` of a running city. The suite speaks plain HTTP and knows no
 * certificate and no token: a door on loopback puts both behind what it sends, and nothing else.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { agentOf, fetchAs } from './agent.js';
import { type City, city } from './city.js';

t.setTimeout(300_000);

/** Tools and answers that the suite wants to find by name, made for it: no server but one for tests has them. */
const FIXTURE = 'wants a tool of the suite’s own server, which only tests have';
const PROMPTS = 'no prompts with pictures or embedded resources: those that there are are text';
const RESOURCES = 'no resources: everything is asked for a purpose and a case, which an address cannot say';
const STREAMS = 'no streams: an answer is whole, and its receipt is its last member';
const SESSIONS = 'no sessions: each message stands alone, with its own token';
const ASKS_BACK = 'the gateway asks nothing of the agent or of who is behind it';
/** What it asks of servers that this one is not; whatever else fails is a failure, and so is one here that passes. */
const ABSENT: Readonly<Record<string, string>> = {
  'logging-set-level': STREAMS,
  'tools-call-image': FIXTURE,
  'tools-call-audio': FIXTURE,
  'tools-call-embedded-resource': FIXTURE,
  'tools-call-mixed-content': FIXTURE,
  'tools-call-with-logging': STREAMS,
  'tools-call-with-progress': STREAMS,
  'tools-call-sampling': ASKS_BACK,
  'tools-call-elicitation': ASKS_BACK,
  'elicitation-sep1034-defaults': ASKS_BACK,
  'elicitation-sep1330-enums': ASKS_BACK,
  'json-schema-2020-12': FIXTURE,
  'server-sse-polling': STREAMS,
  'server-sse-multiple-streams': SESSIONS,
  'resources-list': RESOURCES,
  'resources-read-text': RESOURCES,
  'resources-read-binary': RESOURCES,
  'resources-templates-read': RESOURCES,
  'resources-subscribe': RESOURCES,
  'resources-unsubscribe': RESOURCES,
  'prompts-get-embedded-resource': PROMPTS,
  'prompts-get-with-image': PROMPTS,
};

/** Tools by which the suite looks at any text and any refusal: ours that give one. */
const OURS: Readonly<Record<string, { readonly name: string; readonly arguments: object }>> = {
  test_simple_text: { name: 'catalogue', arguments: { dataset: 'samr.company-register' } },
  test_error_handling: {
    name: 'query',
    arguments: {
      purpose: 'open-restaurant',
      case: { caseId: '2026-0001' },
      subject: 'uscc:91990101MA000013H9',
      datasets: [{ id: 'tax.tax-registration' }],
    },
  },
};

/** The same of prompts; what it fills in stands where ours has something to be filled in. */
const PROMPTED: Readonly<Record<string, { readonly name: string; readonly arguments: object }>> = {
  test_simple_prompt: { name: 'start', arguments: {} },
  test_prompt_with_arguments: {
    name: 'prepare',
    arguments: { bundle: 'open-restaurant', subject: 'testValue1', caseId: 'testValue2' },
  },
};

function bodyOf(chunks: readonly Buffer[]): { readonly body?: string } {
  if (chunks.length === 0) return {};
  const body = Buffer.concat(chunks).toString('utf8');
  const message = JSON.parse(body) as { readonly params?: { readonly name?: string } };
  const ours = { ...OURS, ...PROMPTED }[message.params?.name ?? ''];
  return { body: ours === undefined ? body : JSON.stringify({ ...message, params: ours }) };
}

/** What comes to it goes on with certificate and token; its own address stands for that of the gateway. */
async function door(t: Test, running: City): Promise<string> {
  const agent = await agentOf(running, 'one-stop-counter');
  const ask = fetchAs(running, 'one-stop-counter');
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { host = '', origin, ...headers } = request.headers;
      const names = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
        /^(?:accept|content-type|mcp-.*)$/.test(name) ? [[name, String(value)]] : [],
      );
      const own = new Set([`http://${host}`, running.api]);
      const from: [string, string][] =
        origin === undefined ? [] : [['origin', own.has(origin) && host === address ? running.api : origin]];
      void ask(`${running.api}${request.url ?? ''}`, {
        method: request.method ?? 'GET',
        headers: [...names, ...from, ['authorization', `Bearer ${agent.token()}`]],
        ...bodyOf(chunks),
      }).then(async (answer) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
    ask.close();
    await agent.close();
  });
  return `http://${address}/mcp`;
}

/** The suite imports a function that Node has from 22 on, for another of its commands. */
const FOR_NODE_20 = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(`
    export async function load(url, context, next) {
      const loaded = await next(url, context);
      return url.endsWith('/conformance/dist/index.js')
        ? { ...loaded, source: String(loaded.source).replace(/globSync as \\w+,/, '') }
        : loaded;
    }`)}));
`)}`;

function conformance(args: readonly string[], cwd: string): Promise<{ readonly code: number; readonly text: string }> {
  const suite = join(packageRoot(), 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
  const old = Number(process.versions.node.split('.')[0]) < 22;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...(old ? ['--import', FOR_NODE_20] : []), suite, ...args],
      { cwd, maxBuffer: 64 * 1_048_576 },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), text: `${stdout}\n${stderr}` }),
    );
  });
}

t.test('the conformance suite passes, but for what this server does not have', async (t) => {
  const url = await door(t, await city(t));
  const dir = t.testdir();
  const baseline = join(dir, 'absent.yml');
  writeFileSync(
    baseline,
    `server:\n${Object.keys(ABSENT)
      .map((name) => `  - ${name}\n`)
      .join('')}`,
  );
  const { code, text } = await conformance(
    ['server', '--url', url, '--suite', 'all', '--expected-failures', baseline],
    dir,
  );
  t.equal(code, 0, text);
  const passed = [...text.matchAll(/^✓ ([a-z0-9-]+): [1-9]\d* passed, 0 failed$/gm)].map(([, name]) => name);
  t.strictSame(passed, [
    'server-initialize',
    'ping',
    'completion-complete',
    'tools-list',
    'tools-call-simple-text',
    'tools-call-error',
    'prompts-list',
    'prompts-get-simple',
    'prompts-get-with-args',
    'dns-rebinding-protection',
  ]);
  for (const [name, why] of Object.entries(ABSENT)) t.comment(`not for this server: ${name}: ${why}`);
});
