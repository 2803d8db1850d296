/**
 * One new thing is one new folder or file. A dataset, a feed, a policy and a bundle go into a workspace; a source kind, a key
 * scheme and a service go into a copy of the build. Nothing else is edited, and each is served.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { dirname, join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { type City, city, cli } from './city.js';

// five cities are started here, each in seconds on a quiet machine
t.setTimeout(300_000);

function put(file: string, content: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

const words = (text: string) => ({ zh: text, en: text });

/**
 * A dataset of dogs, keyed by a scheme that only the copy of the build knows, from a source kind that only it knows.
 */
function addDataset(workspace: string, scheme: string, source: object): void {
  const dir = join(workspace, 'contracts/datasets/kennel/dogs');
  put(join(workspace, 'contracts/datasets/kennel/authority.json'), { name: words('kennel office') });
  const signed = { role: 'head', date: '2026-01-01' };
  put(join(dir, 'contract.json'), {
    name: words('dogs'),
    description: words('dogs'),
    subject: { scheme, field: 'tag', persons: false },
    recordId: [],
    updateFrequency: 'P1D',
    sharing: { attribute: 'unconditional', delivery: ['query'] },
    grading: { category: 'animals', grade: 'general' },
    approval: signed,
    assessments: { secrecy: signed, personalInformation: signed },
  });
  const field = (name: string) => ({ name, type: 'string', title: words(name), classification: 'public' });
  put(join(dir, 'v1.avsc'), { type: 'record', name: 'Dog', fields: [field('tag'), field('name')] });
  put(join(workspace, 'connectors/feeds/kennel/dogs.json'), {
    source,
    schedule: 'PT1H',
    snapshot: true,
    mapping: { fields: { tag: { from: 'tag', steps: [{ key: scheme }] }, name: { from: 'name' } } },
  });
  put(join(workspace, 'policies/grants/front-desk-dogs.json'), {
    client: 'front-desk',
    dataset: 'kennel.dogs',
    fields: ['tag', 'name'],
    rows: { all: true },
    purposes: ['permit-check'],
    delivery: ['query'],
    from: '2026-01-01',
    until: '2099-12-31',
    legalBasis: ['test'],
    requires: [],
    subjectNotice: { mode: 'immediate' },
    status: 'active',
  });
}

const ask = async (running: City, subject: string, dataset: string, item?: string) =>
  (
    await (
      await running.as('front-desk')
    ).query({
      purpose: 'permit-check',
      subject,
      datasets: [{ id: dataset }],
      ...(item === undefined ? {} : { case: { item } }),
    })
  ).datasets[0];

t.test('a dataset, a feed, a policy and a bundle are served by adding their files to a workspace', async (t) => {
  const workspace = join(t.testdir(), 'city');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  addDataset(workspace, 'uscc', { kind: 'csv', path: 'inbox/dogs.csv', charset: 'utf-8', separator: ',' });
  put(join(workspace, 'inbox/dogs.csv'), 'tag,name\n91990101MAEXA0001X,Bello\n');
  // a rule of its own: animals are asked about for an administrative item only
  put(
    join(workspace, 'policies/rules/dogs/policy.cedar'),
    'forbid (principal, action, resource) when { resource.category == "animals" && !context.hasItem };\n',
  );
  addBundle(workspace);
  execFileSync(process.execPath, [cli, 'contracts', 'register', '--workspace', workspace]);
  const running = await city(t, { workspace });
  await t.rejects(ask(running, 'uscc:91990101MAEXA0001X', 'kennel.dogs'), { code: 'denied' }, 'the new rule is asked');
  const dogs = await ask(running, 'uscc:91990101MAEXA0001X', 'kennel.dogs', 'dog-licence');
  t.equal(dogs?.status, 'current');
  t.same(
    dogs?.records.map(({ record }) => record),
    [{ tag: '91990101MAEXA0001X', name: 'Bello' }],
  );
  const shops = await ask(running, 'uscc:91990101MAEXA0001X', 'office.shops');
  t.equal(shops?.records.length, 1, 'what stood there before is served as before');
  const desk = await running.as('front-desk');
  t.match(await desk.bundles(), { bundles: [{ id: 'keep-a-dog' }] });
  t.match(await desk.mergeBundle('keep-a-dog', { barks: true }), {
    items: [{ id: 'tag', applies: 'yes' }],
    figures: { forms: { before: 1, after: 1 }, fields: { before: 3, after: 2, names: ['barks', 'dog.name'] } },
  });
});

/** A matter of one item, whose form takes a name from the shop register and asks for the dog's. */
function addBundle(workspace: string): void {
  const shop = { dataset: 'office.shops', by: 'shop.key' };
  put(join(workspace, 'contracts/elements.json'), {
    groups: { shop: words('shop'), dog: words('dog') },
    elements: {
      'shop.key': { title: words('key'), type: 'key', scheme: 'uscc', identity: ['company'], examples: ['x'] },
      'shop.name': {
        title: words('shop name'),
        type: 'text',
        registers: [{ ...shop, field: 'name' }],
        examples: ['x'],
      },
      'dog.name': { title: words('dog name'), type: 'text', examples: ['Rex'] },
    },
  });
  const folder = join(workspace, 'contracts/bundles/keep-a-dog');
  put(join(folder, 'bundle.json'), {
    title: words('keep a dog'),
    summary: words('a dog in a shop'),
    authority: 'office',
    client: 'front-desk',
    purpose: 'permit-check',
    applicant: 'company',
    basis: [],
    reviewed: '2026-11-30',
    intents: { says: ['I want a dog'], not: [{ says: 'I want a cat' }] },
    questions: { barks: { asks: words('does it bark?'), type: 'yes-no' } },
    items: { tag: { title: words('tag'), authority: 'office', basis: [], term: { unit: 'on-the-spot', basis: [] } } },
    materials: {},
    outcomes: {
      done: { title: words('kept'), kind: 'done' },
      refused: { title: words('refused'), kind: 'refused', item: 'tag' },
    },
    steps: { fill: { title: words('fill in'), uses: ['form'] } },
    usual: { answers: { barks: true } },
  });
  put(join(folder, 'forms/tag.json'), {
    title: '犬牌申请表',
    type: 'object',
    required: ['shop', 'dog'],
    properties: {
      shop: { title: '店名', element: 'shop.name' },
      dog: { title: '犬名', element: 'dog.name' },
      loud: { title: '吠叫说明', element: 'shop.key', when: 'barks' },
    },
  });
}

/** The build, copied, with its packages. */
function copyOfBuild(dir: string): { root: string; cli: string } {
  const root = join(dir, 'build');
  const from = packageRoot();
  mkdirSync(root, { recursive: true });
  for (const dir of ['contracts', 'policies', 'connectors', 'gateway'])
    cpSync(join(from, 'dist', dir), join(root, 'dist', dir), { recursive: true });
  for (const path of ['package.json', 'policies/rules', 'gateway/cli/template', 'gateway/http'])
    cpSync(join(from, path), join(root, path), { recursive: true });
  symlinkSync(join(from, 'node_modules'), join(root, 'node_modules'));
  return { root, cli: join(root, 'dist/gateway/cli/main.js') };
}

t.test('a source kind, a key scheme and a service are served by adding a folder or file to the build', async (t) => {
  const dir = t.testdir();
  const build = copyOfBuild(dir);
  put(
    join(build.root, 'dist/contracts/subjects/dog-tag.js'),
    `export default { id: 'dog-tag', name: { zh: '犬牌', en: 'dog tag' }, standard: 'none', persons: false,
       parse: (input) => /^D[0-9]{3}$/.test(input) ? { ok: true, key: input, changed: false } : { ok: false, code: 'bad_value', reason: 'a D and three digits' },
       mask: () => 'D***', make: (n) => 'D' + String(n % 1000).padStart(3, '0') };`,
  );
  put(
    join(build.root, 'dist/connectors/sources/litter/index.js'),
    `export default { kind: 'litter', description: 'numbered dogs', schema: { type: 'object', additionalProperties: false, required: ['kind', 'count'], properties: { kind: { const: 'litter' }, count: { type: 'integer' } } },
       async open({ feed, now }) {
         async function* rows() { yield Array.from({ length: feed.source.count }, (_, i) => ({ position: 'litter#' + i, rowNumber: i + 1, cells: { tag: 'D' + String(i).padStart(3, '0'), name: 'dog ' + i } })); }
         return { sourceTime: now().toISOString(), rows: rows() };
       } };`,
  );
  put(
    join(build.root, 'dist/gateway/http/api/bark/index.js'),
    `export default { port: 'api', register(app) { app.get('/v1/bark', { schema: { summary: 'barks' } }, ` +
      '(request) => ({ to: request.client.id })); } };',
  );
  const workspace = join(dir, 'city');
  execFileSync(process.execPath, [build.cli, 'init', workspace]);
  addDataset(workspace, 'dog-tag', { kind: 'litter', count: 7 });
  execFileSync(process.execPath, [build.cli, 'contracts', 'register', '--workspace', workspace]);
  const running = await city(t, { workspace, cli: build.cli });
  const dogs = await ask(running, 'dog-tag:D003', 'kennel.dogs');
  t.same(
    dogs?.records.map(({ record }) => record),
    [{ tag: 'D003', name: 'dog 3' }],
  );
  t.same(await (await running.as('front-desk')).get('/v1/bark'), { to: 'front-desk' });
  const described = (await (await running.as('front-desk')).get('/v1/openapi.json')) as {
    paths: Record<string, unknown>;
  };
  t.ok('/v1/bark' in described.paths, 'the new service describes itself');
});

t.test('a workspace never brings code', async (t) => {
  const workspace = join(t.testdir(), 'city');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const proof = join(workspace, 'ran');
  const code = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(proof)}, ''); export default {};`;
  for (const place of [
    'connectors/sources/evil/index.js',
    'contracts/subjects/evil.js',
    'gateway/http/api/evil/index.js',
    'policies/evil.js',
  ])
    put(join(workspace, place), code);
  const running = await city(t, { workspace });
  t.equal((await ask(running, 'uscc:91990101MAEXA0001X', 'office.shops'))?.records.length, 1);
  t.throws(() => readFileSync(proof), { code: 'ENOENT' }, 'nothing of it ran');
  addDataset(workspace, 'uscc', { kind: 'evil' });
  execFileSync(process.execPath, [cli, 'contracts', 'register', '--workspace', workspace]);
  await running.stop();
  await t.rejects(city(t, { workspace }), /bad_feed|unknown source kind/);
});

t.test("the people's port shows the catalogue and carries no script", async (t) => {
  const workspace = join(t.testdir(), 'city');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const running = await city(t, { workspace });
  const answer = await new Promise<{ headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    get(`${running.people}/?lang=en`, { ca: readFileSync(join(running.pki, 'ca.pem')) }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ headers: response.headers, body }));
    }).on('error', reject);
  });
  t.match(answer.body, 'Shop register');
  t.match(answer.headers['content-security-policy'], "default-src 'none'");
  t.notMatch(answer.body, /<script|style=/);
});
