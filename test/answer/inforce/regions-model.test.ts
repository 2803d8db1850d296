/**
 * A region over time: its file put, replaced by one of another root, changed on its way, suspended, taken away, and the
 * rest of the policies broken and mended meanwhile. After each step four certificates come over real TLS, two questions
 * are decided, and all is as a small model says that knows nothing but what stands on disk and what stood there before.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { connect, createServer } from 'node:tls';
import t from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { followInForce } from '../../../gateway/answer/inforce/follow.js';
import { makeIdentifier } from '../../../gateway/ground/identity/identify.js';
import { serverTlsOptions } from '../../../gateway/ground/identity/tls.js';
import { signOffer } from '../../../gateway/log/proof/region-offer.js';
import { ephemeralSigner } from '../../../gateway/log/store/signer.js';
import { initPki, issueClient, issueServer } from '../../../gateway/operate/pki/authority.js';
import { decideAsk, regionClientId } from '../../../policies/regions.js';
import type { RegionOffer } from '../../../policies/types.js';
import { cli } from '../../e2e/city.js';

t.setTimeout(300_000);

const dir = join(t.testdir(), 'city');
execFileSync(process.execPath, [cli, 'init', dir]);
const [own, first, second] = ['own', 'first', 'second'].map((name) => join(dirname(dir), name)) as [
  string,
  string,
  string,
];
const URI = 'spiffe://yitong.example/region/linjiang';
const gatewayOf = async (pki: string) => issueClient(pki, 'region-gateway', { spiffe: [URI] });
for (const pki of [own, first, second]) await initPki(pki);
await issueServer(own);
const CERTIFICATES = {
  first: await gatewayOf(first),
  second: await gatewayOf(second),
  // under the region's root, and nobody
  clerk: await issueClient(first, 'front-desk'),
  // by our own root, under the region's name
  forged: await gatewayOf(own),
} as const;
type Name = keyof typeof CERTIFICATES;

const log = ephemeralSigner('linjiang.example/log');
const replica = ephemeralSigner('linjiang.example/log/replica');
const offerOf = (pki: string): RegionOffer =>
  signOffer(
    {
      format: 'yitong-region/1',
      region: 'linjiang',
      name: { zh: '临江市（虚构）', en: 'Linjiang' },
      ca: readFileSync(join(pki, 'ca.pem'), 'utf8'),
      spiffe: URI,
      api: ['https://127.0.0.1:1'],
      log: { vkey: log.vkey, replicas: [replica.vkey], witnesses: [] },
      purposes: ['permit-check'],
      datasets: ['office.shops'],
    },
    log,
  );
const OFFERS = { first: offerOf(first), second: offerOf(second) } as const;
const LINE = {
  clients: ['front-desk'],
  purposes: ['permit-check'],
  datasets: ['office.shops'],
  delivery: ['query'],
  from: '2026-01-01',
  legalBasis: ['law'],
};

/** What the model knows of a file. */
interface File {
  readonly root: 'first' | 'second';
  readonly status: 'active' | 'suspended';
  readonly over: boolean;
  readonly whole: boolean;
}
interface State {
  file: File | undefined;
  grant: boolean;
}

const [REGION, GRANT, BROKEN] = ['regions/linjiang', 'grants/linjiang-shops', 'grants/broken'].map((name) =>
  join(dir, 'policies', `${name}.json`),
) as [string, string, string];
const grant = JSON.parse(await readFile(join(dir, 'policies/grants/front-desk-shops.json'), 'utf8')) as object;
async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
const putFile = ({ root, status, over, whole }: File): Promise<void> => {
  const offer = whole ? OFFERS[root] : { ...OFFERS[root], api: ['https://elsewhere.example'] };
  const asks = [{ ...LINE, until: over ? '2026-01-02' : '2035-12-31' }];
  return put(REGION, JSON.stringify({ status, authority: 'office', asks, offer }));
};

/** What stands on disk, and what is in force of it: all of it where it loads; else only what takes something away. */
class Model {
  readonly disk: State & { broken: boolean } = { file: undefined, grant: false, broken: false };
  force: State = { file: undefined, grant: false };

  look(): void {
    const { file, grant: granted, broken } = this.disk;
    const loads = !broken && file?.whole !== false && (!granted || file !== undefined);
    if (loads) {
      this.force = { file, grant: granted };
      return;
    }
    if (file === undefined) this.force.file = undefined;
    else if (file.status === 'suspended' && this.force.file !== undefined)
      this.force.file = { ...this.force.file, status: 'suspended' };
    if (!granted) this.force.grant = false;
  }

  standing(name: Name): 'in' | 'suspended' | 'out' {
    const { file } = this.force;
    if (file === undefined || name !== file.root) return 'out';
    return file.status === 'active' ? 'in' : 'suspended';
  }
}

/** Small, and the same on every machine. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function act(model: Model, pick: (below: number) => number): Promise<string> {
  const { disk } = model;
  const made = (parts: Partial<File>): File => ({
    ...(disk.file ?? { root: 'first', status: 'active', over: false, whole: true }),
    ...parts,
  });
  const write = async (parts: Partial<File>): Promise<void> => putFile((disk.file = made(parts)));
  const acts: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['put', () => write({ status: 'active', whole: true, over: false })],
    ['another root', () => write({ root: pick(2) === 0 ? 'first' : 'second', whole: true })],
    ['changed on its way', () => write({ whole: false })],
    ['suspended', () => write({ status: 'suspended' })],
    ['resumed', () => write({ status: 'active' })],
    ['term over', () => write({ over: true })],
    ['taken away', () => ((disk.file = undefined), rm(REGION, { force: true }))],
    ['granted', () => ((disk.grant = true), put(GRANT, JSON.stringify({ ...grant, client: 'region-linjiang' })))],
    ['grant ended', () => ((disk.grant = false), rm(GRANT, { force: true }))],
    ['broken', () => ((disk.broken = true), put(BROKEN, '{'))],
    ['mended', () => ((disk.broken = false), rm(BROKEN, { force: true }))],
    ['mended', () => ((disk.broken = false), rm(BROKEN, { force: true }))],
  ];
  const [name, run] = acts[pick(acts.length)] ?? acts[0] ?? ['', async () => undefined];
  await run();
  return name;
}

t.test('a region is what its file says, and never more than it was where the rest does not load', async (t) => {
  const workspace = await loadWorkspace(dir);
  const follow = await followInForce({
    workspace,
    developmentPki: own,
    suspensions: join(dir, 'data', 'suspended'),
    now: Date.now,
    log: () => undefined,
  });
  t.teardown(() => follow.stop());
  const identify = makeIdentifier({ inForce: follow.current, now: Date.now });
  const pem = (name: string): string => readFileSync(join(own, name), 'utf8');
  const options = () =>
    serverTlsOptions({ cert: pem('server/cert.pem'), key: pem('server/key.pem'), anchors: follow.current().anchors });
  const server = createServer(options(), (socket) => {
    const identity = identify(socket);
    socket.on('error', () => socket.destroy());
    socket.end(identity.kind === 'client' ? `in ${identity.client.id}` : identity.code);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const come = async (name: Name): Promise<string> => {
    const { cert, key } = CERTIFICATES[name];
    const [pair, ca] = [{ cert: readFileSync(cert), key: readFileSync(key) }, pem('ca.pem')];
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...pair });
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    await once(socket, 'end');
    socket.destroy();
    return Buffer.concat(parts).toString();
  };

  const model = new Model();
  const seen = new Map<string, number>();
  for (const seed of [1, 2, 3]) {
    const pick = random(seed);
    const steps: string[] = [];
    for (let step = 0; step < 40; step++) {
      steps.push(await act(model, pick));
      while (await follow.look());
      model.look();
      server.setSecureContext(options());
      const { policies, decider } = follow.current();
      const where = `seed ${String(seed)}: ${steps.slice(-8).join(', ')}`;
      for (const name of ['first', 'second', 'clerk', 'forged'] as const) {
        const said = await come(name);
        const is = said === 'in region-linjiang' ? 'in' : said === 'client_suspended' ? 'suspended' : 'out';
        if (said.startsWith('in ') && is !== 'in') t.fail(`${name} is ${said}; ${where}`);
        const should = model.standing(name);
        seen.set(`${name} ${should}`, (seen.get(`${name} ${should}`) ?? 0) + 1);
        if (is !== should) t.equal(is, should, `${name}: ${said}; ${where}`);
      }
      const now = Date.now();
      const { file, grant: granted } = model.force;
      const asked = decideAsk(
        policies.regions.get('linjiang'),
        { client: 'front-desk', purpose: 'permit-check', datasets: ['office.shops'], delivery: 'query' },
        now,
      );
      const may = file?.status === 'active' && !file.over;
      if ((asked.effect === 'allow') !== may) t.equal(asked.effect, may ? 'allow' : 'deny', `asks; ${where}`);
      const client = policies.clients.get(regionClientId('linjiang'));
      const answered =
        client !== undefined &&
        decider.decide({ client, purpose: 'permit-check', dataset: 'office.shops', delivery: 'query', now }).effect ===
          'allow';
      const given = file?.status === 'active' && granted;
      if (answered !== given) t.equal(answered, given, `given; ${where}`);
      seen.set(`asks ${String(may)}`, (seen.get(`asks ${String(may)}`) ?? 0) + 1);
      seen.set(`given ${String(given)}`, (seen.get(`given ${String(given)}`) ?? 0) + 1);
    }
  }
  t.comment([...seen].map(([what, times]) => `${what}: ${String(times)}`).join('; '));
  for (const state of ['first in', 'first suspended', 'second in', 'asks true', 'given true'])
    t.ok((seen.get(state) ?? 0) > 0, `it was seen: ${state}`);
});
