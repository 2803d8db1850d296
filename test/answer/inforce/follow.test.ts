import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { clientId, grantId } from '../../../contracts/ids.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { STAGES } from '../../../gateway/answer/inforce/expiry.js';
import { type Act, type Following, followInForce } from '../../../gateway/answer/inforce/follow.js';
import { changeSuspensions, readSuspensions } from '../../../gateway/answer/inforce/suspensions.js';
import { initPki, issueClient, revoke } from '../../../gateway/operate/pki/authority.js';
import { makeCrl, makeKeys, makeRoot } from '../../../gateway/operate/pki/x509.js';
import { cli } from '../../e2e/city.js';

const DAY = 86_400_000;
const base = t.testdir();
const template = join(base, 'template');
execFileSync(process.execPath, [cli, 'init', template]);

interface Here extends Following {
  readonly dir: string;
  readonly pki: string;
  readonly log: { readonly level: string; readonly message: string }[];
  readonly acts: Act[];
  readonly warnings: () => readonly string[];
  /** Why nobody can be answered. */
  readonly reasons: () => readonly string[];
  readonly figures: Map<string, number | boolean | undefined>;
  now: number;
  write(path: string, content: string | object): Promise<void>;
  read(path: string): Promise<Record<string, unknown>>;
  /** Looks until what is on disk has been taken. */
  settle(): Promise<void>;
  /** What `front-desk` is told of the shops. */
  effect(): string;
}

let count = 0;
async function following(t: Test, prepare?: (dir: string) => Promise<void>): Promise<Here> {
  const dir = join(base, `city-${String(count++)}`);
  const pki = join(dir, 'pki');
  await cp(template, dir, { recursive: true });
  await initPki(pki);
  await prepare?.(dir);
  const log: Here['log'] = [];
  const acts: Act[] = [];
  const figures: Here['figures'] = new Map();
  let warnings: readonly string[] = [];
  let reasons: readonly string[] = [];
  const made = { now: Date.now() };
  const workspace = await loadWorkspace(dir);
  const follow = await followInForce({
    workspace,
    developmentPki: pki,
    suspensions: join(dir, 'data', 'suspended'),
    now: () => made.now,
    log: (level, message) => void log.push({ level, message }),
    onWarnings: (said) => (warnings = said),
    onReasons: (said) => (reasons = said),
    onAct: (act) => void acts.push(act),
    figures: {
      policiesStale: (stale) => void figures.set('stale', stale),
      crlSecondsLeft: (anchor, seconds, stage) =>
        void figures.set(anchor, seconds).set(`${anchor} stage`, STAGES.indexOf(stage)),
    },
  });
  t.teardown(() => follow.stop());
  const client = follow.current().policies.clients.get(clientId('front-desk'));
  if (client === undefined) throw new Error('the template has no front desk');
  return Object.assign(made, {
    current: follow.current,
    look: () => follow.look(),
    start: (interval?: number) => follow.start(interval),
    stop: () => follow.stop(),
    dir,
    pki,
    log,
    acts,
    figures,
    warnings: () => warnings,
    reasons: () => reasons,
    async write(path: string, content: string | object) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), typeof content === 'string' ? content : JSON.stringify(content));
    },
    read: async (path: string) => JSON.parse(await readFile(join(dir, path), 'utf8')) as Record<string, unknown>,
    async settle() {
      await follow.look();
      await follow.look();
    },
    effect: () => {
      const { decider, policies } = follow.current();
      const known = policies.clients.get(client.id);
      return known === undefined
        ? 'unknown'
        : decider.decide({
            client: known,
            purpose: 'permit-check',
            dataset: 'office.shops',
            delivery: 'query',
            now: made.now,
          }).effect;
    },
  });
}

const GRANT = 'policies/grants/front-desk-shops.json';
const CLIENT = 'policies/clients/front-desk.json';

t.test('what has not changed is not loaded again', async (t) => {
  const here = await following(t);
  const before = here.current();
  await here.settle();
  t.equal(here.current(), before);
  t.match(here.acts, [{ action: 'policies_in_force', target: before.policies.version, detail: { start: true } }]);
  t.equal(here.figures.get('stale'), false);
});

t.test('a file that is half written is waited for, one that is written all the time is not', async (t) => {
  const here = await following(t);
  const grant = await here.read(GRANT);
  await here.write(GRANT, JSON.stringify({ ...grant, status: 'suspended' }).slice(0, 50));
  await here.look();
  await here.write(GRANT, { ...grant, status: 'suspended' });
  await here.look();
  t.equal(here.effect(), 'allow', 'not yet still');
  t.same(
    here.log.filter(({ level }) => level === 'error'),
    [],
  );
  await here.look();
  t.equal(here.effect(), 'deny');

  await here.write(GRANT, grant);
  await here.look();
  for (let i = 0; i < 3; i++) {
    here.now += 800;
    await here.write(`policies/grants/note-${String(i)}.txt`, 'x');
    await here.look();
  }
  t.equal(here.effect(), 'allow', 'within some two seconds in any case');
});

t.test('a change of one file is in force as a whole, with what it changed', async (t) => {
  const here = await following(t);
  const before = here.current();
  await here.write('policies/purposes.json', {
    ...(await here.read('policies/purposes.json')),
    audit: { name: { zh: '审计', en: 'audit' }, legalBasis: ['x'] },
  });
  await here.write(GRANT, { ...(await here.read(GRANT)), purposes: ['permit-check', 'audit'] });
  await here.settle();
  const after = here.current();
  t.not(after.policies.version, before.policies.version);
  t.equal(after.decider.version, after.policies.version);
  t.ok(after.purposes.has('audit'));
  t.notOk(before.purposes.has('audit'), 'the one of before is as it was');
  t.match(here.acts.at(-1), {
    action: 'policies_in_force',
    target: after.policies.version,
    detail: {
      before: before.policies.version,
      grants: { changed: ['front-desk-shops'] },
      purposes: { added: ['audit'] },
    },
  });
});

t.test('a policy that does not compile changes nothing, and is said until it is mended', async (t) => {
  const here = await following(t);
  const version = here.current().policies.version;
  await here.write('policies/rules/mine/policy.cedar', 'permit (principal, action, resource) when { nobody.knows };');
  await here.write('policies/grants/second.json', { ...(await here.read(GRANT)), fields: ['uscc'] });
  await here.settle();
  t.equal(here.current().policies.version, version, 'also the file that would do is not taken by itself');
  t.match(here.warnings(), [
    /^policies on disk do not load since .*`policies\/rules\/mine\/policy.cedar.*\[bad_policy\]$/,
  ]);
  t.equal(here.figures.get('stale'), true);
  await here.settle();
  t.equal(here.log.filter(({ level }) => level === 'error').length, 1, 'and logged once');
  await rm(join(here.dir, 'policies/rules/mine'), { recursive: true });
  await here.settle();
  t.same(here.warnings(), []);
  t.equal(here.figures.get('stale'), false);
  t.ok(here.current().policies.grants.has(grantId('second')));
});

for (const [what, act] of [
  ['a grant that is deleted', (here: Here) => rm(join(here.dir, GRANT))],
  [
    'a grant that is suspended',
    async (here: Here) => here.write(GRANT, { ...(await here.read(GRANT)), status: 'suspended' }),
  ],
  [
    'a grant that is ended',
    async (here: Here) => here.write(GRANT, { ...(await here.read(GRANT)), from: '2026-01-01', until: '2026-01-02' }),
  ],
  [
    'a client that is suspended',
    async (here: Here) => here.write(CLIENT, { ...(await here.read(CLIENT)), status: 'suspended' }),
  ],
  ['a client that is deleted', (here: Here) => rm(join(here.dir, CLIENT))],
] as const) {
  t.test(`${what} beside a broken file is withdrawn, and stays so until all loads`, async (t) => {
    const here = await following(t);
    const [grant, client] = [await here.read(GRANT), await here.read(CLIENT)];
    await here.write('policies/grants/broken.json', '{');
    await here.settle();
    t.equal(here.effect(), 'allow');
    const before = here.current().policies.version;
    await act(here);
    await here.settle();
    t.not(here.effect(), 'allow');
    t.not(here.current().policies.version, before, 'under a version of its own');
    t.match(here.acts.at(-1), { action: 'policies_in_force', detail: { withdrawals: true } });
    await here.write(GRANT, grant);
    await here.write(CLIENT, client);
    await here.settle();
    t.not(here.effect(), 'allow', 'nothing comes back from a folder that does not load');
    await rm(join(here.dir, 'policies/grants/broken.json'));
    await here.settle();
    t.equal(here.effect(), 'allow');
  });
}

t.test('a folder that is away for a moment withdraws nothing', async (t) => {
  const here = await following(t);
  await rename(join(here.dir, 'policies'), join(here.dir, 'away'));
  await here.settle();
  t.equal(here.effect(), 'allow');
  t.match(here.warnings(), [/do not load/]);
  const { serial } = await issueClient(here.pki, 'one');
  await revoke(here.pki, serial, { now: new Date(here.now + 5000) });
  await here.settle();
  t.equal(
    [...(here.current().anchors[0]?.revocation?.held().values() ?? [])][0]?.revoked.size,
    1,
    'a revocation list that stands elsewhere counts',
  );
  await rename(join(here.dir, 'away'), join(here.dir, 'policies'));
  await here.settle();
  t.same(here.warnings(), []);
});

t.test('a folder that is swapped by a link, as a mounted configuration is, is seen', async (t) => {
  const here = await following(t, async (dir) => {
    await rename(join(dir, 'policies'), join(dir, 'one'));
    await cp(join(dir, 'one'), join(dir, 'two'), { recursive: true, preserveTimestamps: true });
    await rm(join(dir, 'two/grants'), { recursive: true });
    await symlink('one', join(dir, 'policies'));
  });
  t.equal(here.effect(), 'allow');
  await symlink('two', join(here.dir, 'next'));
  await rename(join(here.dir, 'next'), join(here.dir, 'policies'));
  await here.settle();
  t.equal(here.effect(), 'deny');
});

t.test(
  'revocation lists: newer ones are taken, whatever else is wrong; older, foreign and missing ones are not',
  async (t) => {
    const here = await following(t);
    const list = join(here.pki, 'crl.pem');
    const [one, two] = [await issueClient(here.pki, 'one'), await issueClient(here.pki, 'two')];
    const held = () => [...(here.current().anchors[0]?.revocation?.held().values() ?? [])][0];
    const first = await readFile(list, 'utf8');
    await here.write('policies/grants/broken.json', '{');
    await revoke(here.pki, one.serial, { now: new Date(here.now + 5000) });
    await here.settle();
    t.equal(held()?.revoked.size, 1, 'also while policies do not load');
    t.match(here.acts.at(-1), { action: 'revocation_list_in_force', target: 'development', detail: { revoked: 1 } });
    await rm(join(here.dir, 'policies/grants/broken.json'));
    await here.settle();
    t.same(here.warnings(), []);

    // two of one second, told apart by their number
    const second = Math.ceil(here.now / 1000) * 1000 + 6000;
    await revoke(here.pki, undefined, { now: new Date(second + 900) });
    await here.settle();
    await revoke(here.pki, undefined, { now: new Date(second + 100) });
    await here.settle();
    t.match(here.warnings(), [
      /^anchor `development`: a revocation list has number \d+, lower than that of the one in force/,
    ]);

    await writeFile(list, first);
    await here.settle();
    t.equal(held()?.revoked.size, 1);
    t.match(here.warnings(), [/^anchor `development`: a revocation list of .* is older than the one in force/]);

    const other = join(here.dir, 'other');
    await initPki(other);
    await writeFile(list, await readFile(join(other, 'crl.pem')));
    await here.settle();
    t.equal(held()?.revoked.size, 1);
    t.match(here.warnings(), [/is not signed by a certificate of its anchor; the list in force goes on$/]);

    await rm(list);
    await here.settle();
    t.equal(held()?.revoked.size, 1);
    t.match(here.warnings(), [/cannot be read; the list in force goes on$/]);
    t.equal(here.figures.get('stale'), true);
    t.equal(here.log.filter(({ level }) => level === 'error').length, 5, 'each said once');

    await writeFile(list, first);
    await revoke(here.pki, one.serial, { now: new Date(here.now + 20_000) });
    await revoke(here.pki, two.serial, { now: new Date(here.now + 21_000) });
    await here.settle();
    t.equal(held()?.revoked.size, 2);
    t.same(here.warnings(), []);
    t.equal(here.effect(), 'allow');
  },
);

t.test(
  'the end of a revocation list is said before it is due, a day before it stops to count, and then; the figure tells it all the time',
  async (t) => {
    const here = await following(t);
    const start = here.now;
    const nextUpdate = new Date(Math.floor(start / 1000) * 1000 + 10 * DAY);
    await revoke(here.pki, undefined, { now: new Date(start + 2000), nextUpdate });
    await here.settle();
    const end = nextUpdate.getTime() + DAY;
    const at = async (time: number): Promise<readonly string[]> => {
      here.now = time;
      await here.look();
      await here.look();
      return here.warnings();
    };
    t.same(await at(end - 2 * DAY - 1000), []);
    t.equal(here.figures.get('development stage'), 0);
    t.match(
      await at(end - 2 * DAY),
      [
        /^the revocation list of anchor `development` is to be renewed by .*: put a newer one into the file that the anchor names; from .* on nobody of this anchor is let in$/,
      ],
      'a day ahead of nextUpdate',
    );
    t.equal(here.figures.get('development stage'), 1);
    await at(end - DAY - 1000);
    t.equal(here.figures.get('development'), 86_401);
    t.match(await at(end - DAY), [
      /^the revocation list of anchor `development` ends within a day; from .* on nobody of this anchor is let in$/,
    ]);
    t.match(await at(end - 1), [/ends within a day/]);
    t.same(here.reasons(), []);
    t.match(await at(end), [/^the revocation list of anchor `development` ended on/]);
    t.match(
      here.reasons(),
      [
        /^no client is let in, for the revocation list of each anchor has ended: development; put newer lists into the files/,
      ],
      'nothing is answered, so it is not ready',
    );
    t.match(await at(end + 60_000), [/ended on/]);
    t.equal(here.figures.get('development'), -60);
    t.same(
      here.log.filter(({ level }) => level !== 'info').map(({ level }) => level),
      ['warn', 'warn', 'error'],
      'one line each',
    );
    await revoke(here.pki, undefined, { now: new Date(end + DAY) });
    await here.settle();
    t.same(here.warnings(), []);
    t.same(here.reasons(), [], 'ready again with the new list');
  },
);

t.test('with a grace of more than a day it is said as soon as the update is due', async (t) => {
  const { stageOf } = await import('../../../gateway/answer/inforce/expiry.js');
  t.same(
    [0, 10, 11 * DAY - 1, 11 * DAY, 12 * DAY].map((now) => stageOf(10, 12 * DAY, now)),
    ['good', 'due', 'due', 'day', 'over'],
  );
});

t.test(
  'an anchor that is added is trusted, one that is removed is not; the last one stays, and so does one in the place of which a development CA stands',
  async (t) => {
    const dir = join(base, 'production');
    await cp(template, dir, { recursive: true });
    const span = { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + 30 * DAY) };
    const anchors = join(dir, 'policies/anchors');
    await mkdir(anchors, { recursive: true });
    const declare = async (id: string): Promise<void> => {
      const keys = await makeKeys('ec');
      const certificate = await makeRoot('City', id, '01', keys, span);
      await writeFile(join(anchors, `${id}.pem`), certificate);
      await writeFile(
        join(anchors, `${id}.crl`),
        await makeCrl({ certificate, key: keys.privateKey }, new Map(), new Date(), new Date(Date.now() + DAY)),
      );
      await writeFile(
        join(anchors, `${id}.json`),
        JSON.stringify({ name: { zh: id, en: id }, ca: `${id}.pem`, crl: `${id}.crl`, authorities: '*' }),
      );
    };
    await declare('one');
    let warnings: readonly string[] = [];
    const follow = await followInForce({
      workspace: await loadWorkspace(dir),
      developmentPki: undefined,
      suspensions: join(dir, 'data', 'suspended'),
      now: Date.now,
      log: () => undefined,
      onWarnings: (said) => (warnings = said),
    });
    const ids = async (): Promise<string[]> => {
      await follow.look();
      await follow.look();
      return follow.current().anchors.map(({ id }) => id);
    };
    await declare('two');
    t.same(await ids(), ['one', 'two']);
    await rm(join(anchors, 'one.json'));
    t.same(await ids(), ['two']);
    await rm(join(anchors, 'two.json'));
    t.same(await ids(), ['two']);
    t.match(warnings.join(), /nobody could be let in/);
    await declare('two');
    await declare('three');
    await ids();
    await writeFile(join(anchors, 'three.pem'), await readFile(join(anchors, 'two.pem')));
    await writeFile(join(anchors, 'three.crl'), await readFile(join(anchors, 'two.crl')));
    await ids();
    t.match(warnings.join(), /`three` and `two` hold the same CA certificate/, 'neither entitlement counts for both');
    await rm(join(anchors, 'three.json'));
    await ids();
    await initPki(join(dir, 'pki'));
    await writeFile(join(anchors, 'two.pem'), await readFile(join(dir, 'pki/ca.pem')));
    await writeFile(join(anchors, 'two.crl'), await readFile(join(dir, 'pki/crl.pem')));
    const before = follow.current().anchors[0]?.certificates[0]?.fingerprint256;
    t.same(await ids(), ['two']);
    t.equal(follow.current().anchors[0]?.certificates[0]?.fingerprint256, before);
    t.match(warnings.join(), /is a development CA/);
    await follow.stop();
  },
);

t.test(
  'a suspended grant is refused at the next look, whatever else is wrong on disk; it goes on when it is resumed',
  async (t) => {
    const here = await following(t);
    const dir = join(here.dir, 'data', 'suspended');
    const suspension = { at: new Date().toISOString(), by: 'sharing-authority', reason: 'too much', entry: 'w1-0:1' };
    const [id = ''] = here.current().policies.grants.keys();
    const { version } = here.current().policies;
    t.equal(here.effect(), 'allow');
    await here.write('policies/purposes.json', '{ broken');
    await here.settle();
    changeSuspensions(dir, (grants) => grants.set(id, suspension));
    await here.look();
    t.equal(here.effect(), 'deny');
    t.not(here.current().policies.version, version, 'entries name by which version it was refused');
    t.match(here.acts.at(-1), {
      action: 'policies_in_force',
      detail: { suspensions: true, grants: { changed: [id] } },
    });
    changeSuspensions(dir, (grants) => grants.delete(id));
    await here.look();
    t.equal(here.effect(), 'allow');
    t.equal(here.current().policies.version, version);
  },
);

t.test(
  'suspensions that cannot be read, or are gone, lift none, and say so; a gateway does not start on them',
  async (t) => {
    const here = await following(t);
    const dir = join(here.dir, 'data', 'suspended');
    const [id = ''] = here.current().policies.grants.keys();
    const suspend = (): unknown =>
      changeSuspensions(dir, (grants) => grants.set(id, { at: 'x', by: 'sharing-authority', reason: 'r', entry: 'e' }));
    suspend();
    await here.look();
    for (const [what, harm] of [
      ['not JSON', () => writeFile(join(dir, '000000000002'), '{')],
      ['an unknown key', () => writeFile(join(dir, '000000000002'), '{"grants":{},"lifted":true}')],
      ['gone', () => rm(dir, { recursive: true })],
    ] as const) {
      await harm();
      await here.look();
      t.equal(here.effect(), 'deny', what);
      t.match(here.warnings().join(), /suspended grants cannot be read/, what);
      t.equal(here.figures.get('stale'), true);
      if (what === 'not JSON') t.throws(() => readSuspensions(dir), { code: 'bad_policy' });
    }
    suspend();
    changeSuspensions(dir, (grants) => grants.delete(id));
    await here.look();
    t.equal(here.effect(), 'allow');
    t.same(here.warnings(), []);
  },
);

t.test('two who suspend at once lose nothing of each other', async (t) => {
  const dir = join(base, 'at-once');
  const one = { at: 'x', by: 'sharing-authority', reason: 'r', entry: 'e' };
  changeSuspensions(dir, (grants) => {
    grants.set('first', one);
    if (!readSuspensions(dir).grants.has('second')) changeSuspensions(dir, (others) => others.set('second', one));
  });
  t.same([...readSuspensions(dir).grants.keys()].sort(), ['first', 'second']);
});
