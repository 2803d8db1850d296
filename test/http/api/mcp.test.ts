/**
 * Who comes to `/mcp` with which token: every way in which one may not be what it should, over connections with real
 * certificates; and that nothing is there where no issuer is configured.
 */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer as createTls, type TLSSocket } from 'node:tls';
import { type JWTPayload, SignJWT } from 'jose';
import t, { type Test } from 'tap';
import { loadBundles } from '../../../contracts/bundle/load.js';
import { holdsKey } from '../../../contracts/keys.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { PROMPTS, promptText, proposedFor } from '../../../gateway/http/api/mcp/prompts.js';
import { tokenReader } from '../../../gateway/http/api/mcp/token.js';
import { TOOLS } from '../../../gateway/http/api/mcp/tools.js';
import { initPki, issueClient, issueServer } from '../../../gateway/operate/pki/authority.js';
import { configuredTokens } from '../../../gateway/operate/process/configured-tokens.js';
import { faces } from './faces.js';

t.setTimeout(120_000);

const ISSUER = 'https://issuer.example';
const RESOURCE = 'https://gateway.example:8443/mcp';

/** The gateway's end of a connection of a client of a development CA; without one of a stranger. */
async function connection(
  t: Test,
  client?: string,
): Promise<{ readonly socket: TLSSocket; readonly thumbprint: string }> {
  const pki = await mkdtemp(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rm(pki, { recursive: true, force: true }));
  await initPki(pki);
  const server = await issueServer(pki);
  const own = client === undefined ? undefined : await issueClient(pki, client);
  const read = (file: string) => readFile(file);
  const credentials = own === undefined ? {} : { cert: await read(own.cert), key: await read(own.key) };
  const listener = createTls({
    cert: await read(server.cert),
    key: await read(server.key),
    ca: await read(join(pki, 'ca.pem')),
    requestCert: true,
    rejectUnauthorized: false,
  });
  const come = new Promise<TLSSocket>((resolve) => listener.once('secureConnection', resolve));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const peer = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...credentials });
  const socket = await come;
  t.teardown(() => {
    peer.destroy();
    socket.destroy();
    listener.close();
  });
  const raw = socket.getPeerX509Certificate()?.raw ?? Buffer.alloc(0);
  return { socket, thumbprint: createHash('sha256').update(raw).digest('base64url') };
}

interface Issuer {
  readonly keys: string;
  readonly key: KeyObject;
  /** What it gives in place of its keys. */
  broken: string | undefined;
}

async function issuer(t: Test): Promise<Issuer> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const made = { key: privateKey, broken: undefined as string | undefined, keys: '' };
  const server = createServer((_request, response) => {
    response.writeHead(made.broken === '' ? 500 : 200, { 'content-type': 'application/json' });
    response.end(
      made.broken ??
        JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256', use: 'sig' }] }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  made.keys = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/jwks`;
  return made;
}

t.test('a token counts for its issuer, address, time and certificate, and for nothing else', async (t) => {
  const by = await issuer(t);
  const { socket, thumbprint } = await connection(t, 'one-stop-counter');
  const other = await connection(t, 'food-inspector');
  const stranger = await connection(t);
  const now = Date.now();
  const seconds = Math.floor(now / 1000);
  const good: JWTPayload = {
    iss: ISSUER,
    aud: RESOURCE,
    iat: seconds,
    exp: seconds + 600,
    client_id: 'one-stop-counter',
    scope: 'mcp:read mcp:draft',
    cnf: { 'x5t#S256': thumbprint },
  };
  const made = (more: JWTPayload = {}, header: object = {}, key: KeyObject | Uint8Array = by.key) =>
    new SignJWT({ ...good, ...more })
      .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'at+jwt', ...header })
      .sign(key);
  const read = tokenReader({ issuer: ISSUER, keys: by.keys }, () => now);
  const bearer = async (token: string | Promise<string>, at: unknown = socket) =>
    read(`Bearer ${await token}`, RESOURCE, at);

  t.strictSame([...(await bearer(made())).scopes], ['mcp:read', 'mcp:draft']);
  t.strictSame([...(await bearer(made({ scope: 5 }))).scopes], [], 'a scope that is none allows nothing');
  await t.rejects(read(undefined, RESOURCE, socket), { code: 'token_required' });

  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const [, claims = ''] = (await made()).split('.');
  const unsigned = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${claims}.`;
  const { cnf: _, ...unbound } = good;
  const { exp: __, ...endless } = good;
  const bare = (payload: JWTPayload) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'at+jwt' }).sign(by.key);
  for (const [what, token] of [
    ['of another address', made({ aud: 'https://other.example/mcp' })],
    ['of this address and others', made({ aud: [RESOURCE, 'https://other.example/mcp'] })],
    ['of the same host', made({ aud: 'https://gateway.example:8443' })],
    ['of another issuer', made({ iss: 'https://other.example' })],
    ['expired', made({ exp: seconds - 60 })],
    ['not yet valid', made({ nbf: seconds + 600 })],
    ['without an end', bare(endless)],
    ['bound to nothing', bare(unbound)],
    ['bound to another certificate', made({ cnf: { 'x5t#S256': other.thumbprint } })],
    ['bound to a part of it', made({ cnf: { 'x5t#S256': thumbprint.slice(0, 20) } })],
    ['bound in another way', made({ cnf: { jkt: thumbprint } })],
    ['an ID token', made({}, { typ: 'JWT' })],
    ['signed by another key', made({}, {}, foreign)],
    ['of a key that the issuer does not have', made({}, { kid: 'other' })],
    ['signed with a secret', made({}, { alg: 'HS256' }, Buffer.from('a secret that is long enough, of 32 bytes'))],
    ['not signed', unsigned],
    ['none', 'abc'],
    ['too long', `${'a'.repeat(9000)}.b.c`],
  ] as const)
    await t.rejects(bearer(token), { code: 'token_refused' }, what);
  await t.rejects(bearer(made(), other.socket), { code: 'token_refused' }, 'stolen by another client');
  await t.rejects(bearer(made(), stranger.socket), { code: 'token_refused' }, 'stolen by a stranger');
  await t.rejects(bearer(made(), {}), { code: 'token_refused' }, 'on no connection of TLS');
});

t.test('an issuer whose keys cannot be read lets nobody in, and refuses nobody', async (t) => {
  const by = await issuer(t);
  const { socket } = await connection(t, 'one-stop-counter');
  const token = await new SignJWT({ iss: ISSUER, aud: RESOURCE })
    .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'at+jwt' })
    .sign(by.key);
  for (const broken of ['no JSON', '{}', '']) {
    by.broken = broken;
    const read = tokenReader({ issuer: ISSUER, keys: by.keys }, Date.now);
    await t.rejects(read(`Bearer ${token}`, RESOURCE, socket), { code: 'tokens_unavailable' }, broken);
  }
  const nobody = tokenReader({ issuer: ISSUER, keys: 'http://127.0.0.1:1/jwks' }, Date.now);
  await t.rejects(nobody(`Bearer ${token}`, RESOURCE, socket), { code: 'tokens_unavailable' });
});

t.test('where no issuer is configured there is nothing', async (t) => {
  const here = await faces(t);
  for (const [method, path] of [
    ['POST', '/mcp'],
    ['GET', '/.well-known/oauth-protected-resource'],
    ['GET', '/.well-known/oauth-protected-resource/mcp'],
  ] as const)
    t.equal(
      (await here.ask({ method, path, ...(method === 'POST' ? { body: {} } : {}) }, 'one-stop-counter')).status,
      404,
    );
  const settings = { mcpIssuer: '', mcpKeys: '', mcpResource: '' };
  t.equal(configuredTokens(settings, {}), undefined);
  t.throws(() => configuredTokens({ ...settings, mcpIssuer: ISSUER }, {}), { code: 'bad_config' });
  t.strictSame(configuredTokens({ mcpIssuer: ISSUER, mcpKeys: `${ISSUER}/jwks`, mcpResource: RESOURCE }, {}), {
    issuer: ISSUER,
    keys: `${ISSUER}/jwks`,
    resource: RESOURCE,
  });
  t.equal(
    configuredTokens(
      { ...settings, mcpIssuer: ISSUER, mcpKeys: `${ISSUER}/jwks`, mcpResource: RESOURCE },
      { developmentPki: 'pki', developmentIssuer: 'http://127.0.0.1:1' },
    )?.issuer,
    ISSUER,
    'what is configured counts before the development provider',
  );
});

t.test('what tools say of themselves names nobody, and is the same for everybody', async (t) => {
  const { schemes } = await loadWorkspace(packageRoot());
  const said = JSON.stringify(TOOLS.map(({ call: _, ...tool }) => tool));
  t.notOk(holdsKey(said, schemes.values()), 'no key of anybody');
  t.notMatch(said, /\d{9}/);
  for (const { name, input, description } of TOOLS) {
    t.ok(description.length > 40, name);
    t.equal((input as { additionalProperties?: unknown }).additionalProperties, false, `${name} takes nothing else`);
  }
  for (const name of ['query', 'verify'])
    t.match(TOOLS.find((one) => one.name === name)?.input.required, ['purpose', 'case', 'subject'], name);
});

t.test(
  'prompts hold nothing of anybody but what was filled in, and matters are completed by id and title',
  async (t) => {
    const workspace = await loadWorkspace(packageRoot());
    t.notOk(holdsKey(JSON.stringify(PROMPTS), workspace.schemes.values()), 'no key of anybody');
    const given = { bundle: 'open-restaurant', subject: 'S-1', caseId: 'C-2', purpose: 'P-3' };
    for (const { name, arguments: wanted } of PROMPTS) {
      const text = promptText(name, given) ?? '';
      for (const { name: each } of wanted) t.match(text, given[each as keyof typeof given], `${name} has ${each}`);
      for (const { name: each } of wanted)
        t.equal(promptText(name, { ...given, [each]: '' }), undefined, `${name} wants ${each}`);
      t.equal(promptText(name, { ...given, subject: 'x'.repeat(201) }) === undefined, wanted.length > 0);
    }
    t.equal(promptText('nothing', given), undefined);
    const { bundles } = await loadBundles(workspace);
    const heads = [...bundles.values()];
    t.strictSame(proposedFor('prepare', { name: 'bundle', value: '餐饮' }, heads), ['open-restaurant']);
    t.same(proposedFor('prepare', { name: 'bundle', value: '' }, heads).length, heads.length);
    t.strictSame(proposedFor('prepare', { name: 'subject', value: 'u' }, heads), [], 'nobody is proposed');
    t.strictSame(proposedFor('start', { name: 'bundle', value: '' }, heads), []);
  },
);
