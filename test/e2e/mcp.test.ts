/**
 * Agents by the official client, over real certificates, against a running city: a matter is prepared up to where its
 * applicant confirms, what is asked stands in the log with its receipt, and who may not is refused.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import t, { type Test } from 'tap';
import { elements, named, written } from '../procedures/cases/office.js';
import { agentOf, type CallAgent, fetchAs, resultOf, tokenFor } from './agent.js';
import { ask, until } from './ask.js';
import { type City, city, cli } from './city.js';
import { entries } from './command.js';

t.setTimeout(300_000);

const COMPANY = 'uscc:91990101MA000013H9';
const PURPOSE = 'open-restaurant';
const CASE = { item: 'open-restaurant', caseId: '2026-0001' };

/** From what somebody wants to the draft that is theirs to confirm. */
async function prepared(t: Test, { call }: CallAgent): Promise<string> {
  const { bundles } = await call<{ bundles: { id: string; title: { zh: string } }[] }>('bundles', {});
  t.ok(bundles.some(({ id, title }) => id === PURPOSE && title.zh === '开办餐饮店'));
  const bundle = named(PURPOSE);
  const answers = { ...bundle.usual.answers, 'wants-sign': false };
  const plan = await call<{ questions: string[]; open: string[]; figures: { fields: { after: number } } }>(
    'plan_bundle',
    { bundle: PURPOSE, answers },
  );
  t.strictSame(plan.open, [], 'every question is answered');
  const { id, phase } = await call<{ id: string; phase: string }>('open_draft', { subject: COMPANY, bundle: PURPOSE });
  t.equal(phase, 'draft');
  const fill = (values: Readonly<Record<string, unknown>>) =>
    call('fill_draft', { subject: COMPANY, case: id, answers, values });
  await fill(written(bundle));
  interface Form {
    fields: { element: string; from: string; value?: unknown; dataset?: string; sourceTime?: string }[];
    missing: { what: string; name: string }[];
    obstacles: unknown[];
  }
  const form = await call<Form>('case_form', { subject: COMPANY, case: id });
  t.match(
    form.fields.find(({ element }) => element === 'company.name'),
    { dataset: 'samr.company-register', value: /云州/, sourceTime: String },
    'registers fill it in, each with source and time',
  );
  // the account says it once the applicant shows who they are
  const ofIdentity = new Set(form.fields.flatMap(({ from, element }) => (from === 'identity' ? [element] : [])));
  const more = form.missing
    .filter(({ what, name }) => what === 'value' && !ofIdentity.has(name))
    .map(({ name }) => [name, elements.elements.get(name)?.examples[0] ?? null]);
  await fill({ ...written(bundle), ...(Object.fromEntries(more) as object) });
  const last = await call<Form>('case_form', { subject: COMPANY, case: id });
  t.strictSame(
    last.missing.filter(({ name }) => !ofIdentity.has(name)).map(({ what, name }) => `${what} ${name}`),
    ['material plan'],
    'beside who the applicant is only the plan is missing, which is with them',
  );
  t.strictSame(last.obstacles, []);
  return id;
}

async function confirmed(t: Test, agent: CallAgent, id: string): Promise<void> {
  const { phase, acts, steps } = await agent.call<{
    phase: string;
    acts: { act: string; port?: string }[];
    steps: { step: string; done: string[] }[];
  }>('case_progress', { subject: COMPANY, case: id });
  t.equal(phase, 'draft', 'nothing was filed');
  t.ok(
    acts.some(({ act, port }) => act === 'step' && port === 'signature'),
    'the signature is left, and it is with the applicant',
  );
  t.ok(steps.every(({ done }) => done.length === 0));
  const { tools } = await agent.agent.listTools();
  const names = tools.map(({ name }) => name).join();
  t.notMatch(names, /submit|sign|step|withdraw|grant|refuse/, 'no tool submits, signs or decides');
}

t.test('an agent prepares 开办餐饮店, and it is all on record', async (t) => {
  const running = await city(t, { args: ['--day', '300'] });
  const agent = await agentOf(running, 'one-stop-counter');
  const { call } = agent;

  await t.test('up to the confirmation of the applicant', async (t) => {
    const id = await prepared(t, agent);
    await confirmed(t, agent, id);
    const { cases } = await call<{ cases: { id: string }[] }>('cases', { subject: COMPANY });
    t.ok(cases.some((one) => one.id === id));
  });

  await t.test('an answer has its receipt, which holds for its bytes', async (t) => {
    const raw = await agent.raw('query', {
      purpose: PURPOSE,
      case: CASE,
      subject: COMPANY,
      datasets: [{ id: 'samr.company-register', fields: ['name', 'status'] }],
    });
    const { requestId, receipt } = raw.structuredContent as { requestId: string; receipt: { journal: string } };
    t.match(receipt, { journal: String, seq: Number, signature: String });
    const [found] = await until(
      'the entry in the log',
      () => entries<object>(running.data, '--type', 'released', '--request', requestId),
      ({ length }) => length > 0,
    );
    t.match(found, {
      type: 'released',
      via: 'mcp',
      requestId,
      purpose: PURPOSE,
      client: 'one-stop-counter',
      datasets: [{ dataset: 'samr.company-register', effect: 'allow' }],
    });
    const text = raw.content[0]?.text ?? '';
    const cut = text.lastIndexOf(',"receipt":');
    t.equal(
      createHash('sha256')
        .update(`${text.slice(0, cut)}}`)
        .digest('base64url'),
      (receipt as { bodySha256?: string }).bodySha256,
      'the digest of the log is over what the agent got',
    );
  });

  await t.test('what is denied says which application would be needed', async (t) => {
    const denied = await agent.raw('query', {
      purpose: PURPOSE,
      case: CASE,
      subject: COMPANY,
      datasets: [{ id: 'tax.tax-registration', fields: ['authority'] }, { id: 'no.such' }],
    });
    t.equal(denied.isError, true);
    t.match(denied.structuredContent, {
      code: 'denied',
      receipt: { signature: String },
      applications: [
        {
          dataset: 'tax.tax-registration',
          fields: ['authority'],
          purpose: PURPOSE,
          delivery: 'query',
          reasons: ['not_granted'],
        },
      ],
      applicationsPage: `${running.people}/console/applications`,
    });
    t.equal(
      (denied.structuredContent['applications'] as unknown[]).length,
      1,
      'for what is not there nobody can apply',
    );
    t.match(denied.content[1]?.text, /共享申请.*tax\.tax-registration.*authority.*open-restaurant/);
    const part = await agent.raw('query', {
      purpose: PURPOSE,
      case: CASE,
      subject: COMPANY,
      datasets: [{ id: 'samr.company-register', fields: ['name'] }, { id: 'tax.tax-registration' }],
    });
    t.notOk(part.isError, 'what is granted is answered');
    const [needed] = part.structuredContent['applications'] as { fields: string[] }[];
    t.ok((needed?.fields.length ?? 0) > 3, 'where no field was named, all that the dataset has');
    const claimed = await agent.raw('verify', {
      purpose: PURPOSE,
      case: CASE,
      subject: COMPANY,
      claims: [{ dataset: 'tax.tax-registration', field: 'authority', value: 'x' }],
    });
    t.equal(claimed.isError, true);
    t.match(claimed.structuredContent['applications'], [{ fields: ['authority'], delivery: 'verify' }]);
    t.notMatch(JSON.stringify(denied.content[1]), /91990101/, 'nobody is named in it');
  });

  await t.test('without purpose or case nothing is asked', async (t) => {
    const asked = { subject: COMPANY, datasets: [{ id: 'samr.company-register' }] };
    for (const given of [
      asked,
      { ...asked, purpose: PURPOSE },
      { ...asked, case: CASE },
      { ...asked, purpose: '', case: CASE },
    ]) {
      const { isError, content } = await agent.raw('query', given);
      t.equal(isError, true);
      t.match(content[0]?.text, /purpose|case/);
      t.notMatch(content[0]?.text, /91990101/);
    }
    await until(
      'that it was asked without a purpose stands on record',
      () => entries<{ code: string }>(running.data, '--type', 'refused', '--client', 'one-stop-counter'),
      (found) => found.filter(({ code }) => code === 'purpose_required').length >= 2,
    );
    const { status, text } = await ask(running.api, running.pki, 'one-stop-counter', {
      method: 'POST',
      path: '/v1/query',
      body: asked,
    });
    t.equal(status, 400);
    t.match(JSON.parse(text), { code: 'purpose_required' });
    const found = await until(
      'and by the API as well',
      () => entries<{ code: string; route: string }>(running.data, '--type', 'refused', '--client', 'one-stop-counter'),
      (all) => all.some(({ route }) => route === 'POST /v1/query'),
    );
    t.ok(found.some(({ code, route }) => code === 'purpose_required' && route === 'POST /v1/query'));
    const made = await agent.raw('query', { ...asked, purpose: 'no-such-purpose', case: CASE });
    t.match(made, { isError: true, structuredContent: { code: 'denied' } });
  });

  await t.test('who may not is refused', (t) => refusals(t, running, agent.token()));
  await t.test('on stdin and stdout', (t) => stdio(t, running));
  await agent.close();
});

const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
const accept = 'application/json, text/event-stream';

async function refusals(t: Test, running: City, token: string): Promise<void> {
  const post = (client: string, headers: Record<string, string>, body: object = LIST) =>
    ask(running.api, running.pki, client, {
      method: 'POST',
      path: '/mcp',
      body,
      headers: { accept, ...headers },
    });
  const bearer = (of: string) => ({ authorization: `Bearer ${of}` });
  t.equal((await post('one-stop-counter', bearer(token))).status, 200, 'it is good where it belongs');

  const none = await post('one-stop-counter', {});
  t.match(none, { status: 401, text: /token_required/ });
  const where = /resource_metadata="([^"]+)"/.exec(String(none.headers['www-authenticate']))?.[1] ?? '';
  t.equal(where, `${running.api}/.well-known/oauth-protected-resource/mcp`);
  const metadata = await ask(running.api, running.pki, 'one-stop-counter', { path: new URL(where).pathname });
  t.match(JSON.parse(metadata.text), {
    resource: `${running.api}/mcp`,
    authorization_servers: [/^http:\/\/127\.0\.0\.1:/],
    tls_client_certificate_bound_access_tokens: true,
  });

  const [issuer] = (JSON.parse(metadata.text) as { authorization_servers: [string] }).authorization_servers;
  const elsewhere = await tokenFor(running, issuer, 'one-stop-counter', 'https://other.example/mcp');
  const [head = '', body = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  const forged = Buffer.from(JSON.stringify({ ...claims, client_id: 'food-inspector' })).toString('base64url');
  for (const [what, client, given] of [
    ['stolen: with the certificate of another client', 'food-inspector', bearer(token)],
    ['of another address', 'one-stop-counter', bearer(elsewhere)],
    ['changed', 'one-stop-counter', bearer(`${head}.${forged}.${signature}`)],
    ['without a signature', 'one-stop-counter', bearer(`${head}.${body}.`)],
    ['no token', 'one-stop-counter', bearer('x')],
    ['by another scheme', 'one-stop-counter', { authorization: `Basic ${token}` }],
  ] as const) {
    const answer = await post(client, given);
    t.match(answer, { status: 401, text: /token_refused/ }, what);
    t.match(answer.headers['www-authenticate'], /error="invalid_token".*resource_metadata=/, what);
    const [entry] = await until(
      'the refusal in the log',
      () => entries<object>(running.data, '--type', 'refused', '--request', String(answer.headers['x-request-id'])),
      ({ length }) => length > 0,
    );
    t.match(entry, { route: 'POST /mcp', code: 'token_refused', client }, `${what}: on record`);
  }
  const stranger = fetchAs(running, undefined);
  const without = await stranger(`${running.api}/mcp`, {
    method: 'POST',
    body: JSON.stringify(LIST),
    headers: { accept, 'content-type': 'application/json', ...bearer(token) },
  });
  t.equal(without.status, 401, 'stolen: without a certificate');
  t.match(await without.text(), /certificate_required/);
  stranger.close();
  t.match(await post('one-stop-counter', { ...bearer(token), origin: 'https://evil.example' }), {
    status: 403,
    text: /origin_foreign/,
  });

  const own = `${running.api}/mcp`;
  const draft = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'open_draft', arguments: { subject: COMPANY, bundle: PURPOSE } },
  };
  const reading = await tokenFor(running, issuer, 'one-stop-counter', own);
  for (const body of [draft, [LIST, draft]]) {
    const narrow = await post('one-stop-counter', bearer(reading), body);
    t.match(narrow, { status: 403, text: /token_insufficient/ }, 'a token to read opens no draft');
    t.match(narrow.headers['www-authenticate'], /error="insufficient_scope", scope="mcp:read mcp:draft"/);
  }
  const empty = await tokenFor(running, issuer, 'one-stop-counter', own, '');
  t.match(await post('one-stop-counter', bearer(empty)), { status: 403, text: /token_insufficient/ });
  t.equal((await post('one-stop-counter', bearer(reading))).status, 200);
}

async function stdio(t: Test, running: City): Promise<void> {
  const args = [cli, 'mcp', '--as', 'one-stop-counter', '--api', running.api, '--pki', running.pki];
  const agent = new Client({ name: 'test-agent', version: '1' });
  await agent.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'pipe' }));
  const { tools } = await agent.listTools();
  t.equal(tools.length, 10, 'the same tools');
  const asked = {
    purpose: PURPOSE,
    case: CASE,
    subject: COMPANY,
    datasets: [{ id: 'samr.company-register', fields: ['name'] }],
  };
  t.match(resultOf(await agent.callTool({ name: 'query', arguments: asked })).structuredContent, {
    datasets: [{ status: 'current', records: [{ record: { name: /云州/ } }] }],
    receipt: { signature: String },
  });
  t.match(
    resultOf(
      await agent.callTool({ name: 'query', arguments: { ...asked, datasets: [{ id: 'tax.tax-registration' }] } }),
    ),
    { isError: true, structuredContent: { code: 'denied', applications: [{ dataset: 'tax.tax-registration' }] } },
  );
  await agent.close();

  const hello = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'a', version: '1' } },
  };
  const said = spawnSync(process.execPath, args, {
    input: `${JSON.stringify(hello)}\n`,
    encoding: 'utf8',
    timeout: 60_000,
  });
  t.ok(
    said.stdout.split('\n').every((line) => line === '' || (JSON.parse(line) as { jsonrpc: string }).jsonrpc === '2.0'),
    'nothing but the protocol is on stdout',
  );
  t.equal(said.status, 0, 'and it ends with its input');
  const nobody = spawnSync(
    process.execPath,
    [cli, 'mcp', '--as', 'nobody', '--api', running.api, '--pki', running.pki],
    { encoding: 'utf8', input: '' },
  );
  t.match(nobody, { status: 2, stdout: '', stderr: /no certificate of a client `nobody`/ });
}
