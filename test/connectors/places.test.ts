/**
 * Where a feed may read: nothing outside of the workspace and of what the installation declares, and nothing that a
 * link leads to.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import t, { type Test } from 'tap';
import { loadFeeds } from '../../connectors/feeds.js';
import { fingerprint, namedFiles } from '../../connectors/reading/files.js';
import { resolveServer } from '../../connectors/sql/server.js';
import { contract, workspace } from './fixtures.js';
import { read } from './reading.js';
import { makeWorkbook, row } from './workbook.js';

const CSV = 'code,name,status\n000000019,a,x\n';
const OLD = new Date(Date.now() - 60_000);

interface Kind {
  readonly kind: string;
  readonly ending: string;
  readonly content: string | Uint8Array;
  readonly more?: object;
}
const KINDS: readonly Kind[] = [
  { kind: 'csv', ending: 'csv', content: CSV },
  { kind: 'json', ending: 'json', content: JSON.stringify([{ code: '000000019', name: 'a', status: 'x' }]) },
  {
    kind: 'xlsx',
    ending: 'xlsx',
    content: makeWorkbook({ sheets: { a: row('code', 'name', 'status') + row('000000019', 'a', 'x') } }),
  },
  {
    kind: 'fixed-width',
    ending: 'txt',
    content: '000000019ax\n',
    more: {
      unit: 'characters',
      columns: [
        { name: 'code', start: 1, length: 9 },
        { name: 'name', start: 10, length: 1 },
        { name: 'status', start: 11, length: 1 },
      ],
    },
  },
];

/** `inbox` in the workspace, and beside the workspace what no feed may read. */
function layOut(
  t: Test,
  { ending, content }: Kind,
): { readonly dir: string; readonly inbox: string; readonly secret: string } {
  const base = t.testdir({ workspace: { inbox: {}, other: {} }, secrets: {} });
  const [dir, secret] = [join(base, 'workspace'), join(base, 'secrets', `secret.${ending}`)];
  for (const file of [secret, join(dir, 'other', `others.${ending}`), join(dir, 'inbox', `good.${ending}`)]) {
    writeFileSync(file, content);
    utimesSync(file, OLD, OLD);
  }
  return { dir, inbox: join(dir, 'inbox'), secret };
}

for (const kind of KINDS) {
  t.test(`a ${kind.kind} source reads what is its own, and nothing that its path or a link leads to`, async (t) => {
    const { dir, inbox, secret } = layOut(t, kind);
    const of = async (source: object) =>
      (await read(dir, { kind: kind.kind, settle: 'PT1S', ...kind.more, ...source }, {}))?.rows.length;
    const refused = (source: object, message: RegExp) =>
      t.rejects(of(source), { code: 'bad_feed', message }, JSON.stringify(source).replaceAll(dir, ''));
    t.equal(await of({ path: `inbox/good.${kind.ending}` }), 1);
    t.equal(await of({ folder: 'inbox' }), 1);
    t.equal(await of({ path: join(inbox, `good.${kind.ending}`) }), 1, 'its own by an absolute path');

    await refused({ path: `../secrets/${basename(secret)}` }, /leads out of the workspace/);
    await refused({ path: secret }, /leads out of the workspace/);
    await refused({ path: `inbox/../../secrets/${basename(secret)}` }, /leads out of the workspace/);
    await refused({ folder: '../secrets' }, /leads out of the workspace/);
    await refused({ path: '../../../../../../../../../../../../../etc/passwd' }, /leads out of the workspace/);

    // the folder is the department's: whoever delivers may put anything there
    const link = join(inbox, `link.${kind.ending}`);
    for (const to of [secret, relative(inbox, secret), `../other/others.${kind.ending}`, `good.${kind.ending}`]) {
      symlinkSync(to, link);
      await refused({ folder: 'inbox' }, new RegExp(`inbox.link\\.${kind.ending}\` is a link`));
      await refused({ path: `inbox/link.${kind.ending}` }, /is a link/);
      unlinkSync(link);
    }
    symlinkSync('../../secrets', join(inbox, 'below'));
    await refused({ path: `inbox/below/${basename(secret)}` }, /is a link/);
    await refused({ folder: 'inbox/below' }, /is a link/);
    unlinkSync(join(inbox, 'below'));
    t.equal(await of({ folder: 'inbox' }), 1, 'and goes on when it is gone');

    mkdirSync(join(dir, '.yitong'));
    writeFileSync(join(dir, '.yitong', `key.${kind.ending}`), kind.content);
    await refused({ path: `.yitong/key.${kind.ending}` }, /is hidden/);
    await refused({ folder: '.yitong' }, /is hidden/);
  });
}

t.test('a feed that names such a place is refused when it is loaded, with its file', async (t) => {
  const dir = t.testdir({ connectors: { feeds: { test: {} } } });
  const path = join(dir, 'connectors', 'feeds', 'test', 'companies.json');
  const load = (source: object, roots?: unknown) => {
    writeFileSync(
      path,
      JSON.stringify({
        source,
        schedule: 'P1D',
        mapping: { fields: { code: { from: 'code', steps: [{ key: 'digit9' }] }, name: { from: 'name' } } },
      }),
    );
    return loadFeeds({
      ...workspace(contract()),
      dir,
      layers: [dir],
      settings: roots === undefined ? {} : { connectors: { roots } },
    });
  };
  for (const { kind, more } of KINDS) {
    for (const named of [{ path: '../../etc/passwd' }, { path: ['in/a', '/etc/passwd'] }, { folder: '/var/spool' }]) {
      await t.rejects(
        load({ kind, ...more, ...named }),
        { code: 'bad_feed', message: /leads out of the workspace/, extra: { place: { file: path } } },
        `${kind}: ${JSON.stringify(named)}`,
      );
    }
    t.equal((await load({ kind, ...more, folder: 'inbox' })).size, 1);
  }
  t.equal(
    (await load({ kind: 'csv', folder: '/var/spool/city' }, ['/var/spool'])).size,
    1,
    'where the installation declares it',
  );
  t.equal(
    (await load({ kind: 'csv', folder: '../drop/city' }, ['../drop'])).size,
    1,
    'a root is relative to the workspace',
  );
  await t.rejects(
    load({ kind: 'csv', folder: '/var/spool2' }, ['/var/spool']),
    { code: 'bad_feed' },
    'a name that only begins alike',
  );
  await t.rejects(load({ kind: 'csv', folder: 'inbox' }, ['/']), {
    code: 'bad_config',
    message: /root of the file system/,
  });
  await t.rejects(
    load({ kind: 'csv', folder: 'inbox', roots: ['/etc'] }, []),
    { code: 'bad_feed', message: /unknown key `roots`/ },
    'no feed declares its own',
  );
});

t.test('what the installation declares is read, by the file or the environment, and no link below it', async (t) => {
  const kind = KINDS[0]!;
  const { dir, secret } = layOut(t, kind);
  const drop = join(dir, '..', 'secrets');
  const of = async (source: object) => (await read(dir, { kind: 'csv', settle: 'PT1S', ...source }, {}))?.rows.length;
  process.env['YITONG_CONNECTORS_ROOTS'] = JSON.stringify([drop]);
  t.teardown(() => delete process.env['YITONG_CONNECTORS_ROOTS']);
  t.equal(await of({ path: secret }), 1);
  t.equal(await of({ folder: '../secrets' }), 1);
  symlinkSync('/etc/passwd', join(drop, 'z.csv'));
  await t.rejects(of({ folder: '../secrets' }), { code: 'bad_feed', message: /is a link/ });
  // a root itself is who installs this' own, and may be a link
  const by = join(dir, '..', 'by');
  symlinkSync('workspace/other', by);
  process.env['YITONG_CONNECTORS_ROOTS'] = JSON.stringify([by]);
  t.equal(await of({ folder: '../by', ending: '.csv' }), 1);
  for (const wrong of ['x', '"/srv"', '[1]', '["/"]']) {
    process.env['YITONG_CONNECTORS_ROOTS'] = wrong;
    await t.rejects(of({ folder: 'inbox' }), { code: 'bad_config' }, wrong);
  }
});

t.test('files as Kubernetes mounts them are read: its links stay in their folder', async (t) => {
  const dir = t.testdir({ mounted: { '..2026_11_29': { 'a.csv': CSV } }, outside: { 'a.csv': CSV } });
  const at = (name: string): string => join(dir, 'mounted', name);
  symlinkSync('..2026_11_29', at('..data'));
  symlinkSync('..data/a.csv', at('a.csv'));
  const of = async (source: object) => (await read(dir, { kind: 'csv', settle: 'PT1S', ...source }, {}))?.rows.length;
  t.equal(await of({ path: 'mounted/a.csv' }), 1);
  t.equal(await of({ folder: 'mounted' }), 1);
  // what only looks like it
  for (const data of ['../outside', '..', '.', join(dir, 'outside'), '..2026_11_29/../../outside']) {
    rmSync(at('..data'));
    symlinkSync(data, at('..data'));
    await t.rejects(of({ path: 'mounted/a.csv' }), { code: 'bad_feed', message: /is a link/ }, data);
  }
  rmSync(at('..data'));
  rmSync(at('..2026_11_29'), { recursive: true });
  symlinkSync('../outside', at('..2026_11_29'));
  symlinkSync('..2026_11_29', at('..data'));
  await t.rejects(
    of({ path: 'mounted/a.csv' }),
    { code: 'bad_feed', message: /is a link/ },
    'the dated folder is one itself',
  );
});

t.test(
  'a link that is put in the way between the look and the reading is not followed, nor is a pipe waited for',
  { skip: process.platform === 'win32' ? 'no such links' : false },
  async (t) => {
    const dir = t.testdir({ in: { 'a.csv': CSV, 'b.csv': CSV }, other: { 'a.csv': 'secret\n', 'b.csv': 'secret\n' } });
    const [a, b] = await namedFiles(dir, ['in/a.csv', 'in/b.csv']);
    await fingerprint(a!);
    unlinkSync(join(dir, 'in', 'a.csv'));
    symlinkSync('../other/a.csv', join(dir, 'in', 'a.csv'));
    await t.rejects(fingerprint(a!), { code: 'bad_feed', message: /is a link/ });
    renameSync(join(dir, 'in'), join(dir, 'was'));
    symlinkSync('other', join(dir, 'in'));
    await t.rejects(fingerprint(b!), { code: 'bad_feed', message: /is a link/ }, 'the folder is another now');
    unlinkSync(join(dir, 'in'));
    renameSync(join(dir, 'was'), join(dir, 'in'));
    await fingerprint(b!);
    unlinkSync(join(dir, 'in', 'b.csv'));
    execFileSync('mkfifo', [join(dir, 'in', 'b.csv')]);
    await t.rejects(fingerprint(b!), { code: 'bad_feed', message: /is no file/ });
  },
);

t.test("a credential or key that a feed names lies there too: no feed sends another's to its own host", async (t) => {
  const base = t.testdir({ workspace: { token: 'own' }, token: "another's" });
  const dir = join(base, 'workspace');
  symlinkSync('../token', join(dir, 'link'));
  const api = (more: object) =>
    read(
      dir,
      {
        kind: 'http',
        url: 'http://127.0.0.1:9/x',
        allowHosts: ['127.0.0.1:9'],
        allowPrivate: true,
        retries: 0,
        ...more,
      },
      { overrides: { snapshot: false } },
    );
  const database = (more: object) =>
    resolveServer({ server: '127.0.0.1:9', database: 'd', user: 'u', ...more }, 5432, {
      workspace: workspace(),
      baseDir: dir,
      place: { file: 'feed.json' },
      env: {},
    });
  for (const [file, message] of [
    ['../token', /leads out/],
    [join(base, 'token'), /leads out/],
    ['link', /is a link/],
  ] as const) {
    await t.rejects(api({ headers: { authorization: { file } } }), { code: 'bad_feed', message }, file);
    await t.rejects(api({ parameters: { key: { file } } }), { code: 'bad_feed', message }, file);
    await t.rejects(api({ tls: { ca: file } }), { code: 'bad_feed', message }, file);
    await t.rejects(
      database({ password: { file } }),
      { code: 'bad_feed', message, extra: { place: { file: 'feed.json' } } },
      file,
    );
    await t.rejects(database({ tls: { cert: file } }), { code: 'bad_feed', message }, file);
  }
  const own = await api({ headers: { authorization: { file: 'token' } } }).catch((error: Error) => error.message);
  t.notMatch(String(own), /leads out|is a link/, 'its own is read, and nobody answers there');
  t.match(await database({ password: { file: 'token' } }), { password: 'own' });
});
