/**
 * Grants that applications made come into force beside those in files, on every replica; whatever happens to the store,
 * none is added by it, none is lost, and none that has ended or was suspended comes back.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import type { GrantId } from '../../../contracts/ids.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { APPLIED, appliedGrants, endedGrants, readApplied } from '../../../gateway/answer/inforce/applied-grants.js';
import { followInForce } from '../../../gateway/answer/inforce/follow.js';
import { followApplied } from '../../../gateway/answer/inforce/follow-applied.js';
import { changeSuspensions } from '../../../gateway/answer/inforce/suspensions.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { initPki } from '../../../gateway/operate/pki/authority.js';
import type { GrantFile } from '../../../policies/shapes.js';
import { until } from '../../support/conformance/state.js';

t.setTimeout(60_000);
const workspace = await loadWorkspace(packageRoot());
const pki = join(t.testdir({}), 'pki');
await initPki(pki);
const ID = 'a-0123456789abcdef-0-0';
const grant: GrantFile = {
  client: 'transport-licensing',
  dataset: 'tax.tax-registration',
  fields: ['name', 'status'],
  rows: { all: true },
  purposes: ['open-transport-company'],
  delivery: ['query'],
  callsADay: 200,
  from: '2026-01-01',
  until: '2035-12-31',
  legalBasis: ['道路运输条例第二十四条'],
  requires: [],
  subjectNotice: { mode: 'immediate' },
  status: 'active',
};
const applied = (id = ID, more: Partial<GrantFile> = {}) => ({
  id,
  grant: { ...grant, ...more },
  matter: '0123456789abcdef',
  part: grant.dataset,
  entry: 'w1:1',
});
const END = { at: '2026-12-01T00:00:00Z', entry: 'w1:2' };

async function replica(t: Test, state: () => Promise<State | undefined>, dir: string) {
  const said: string[] = [];
  const inForce = await followInForce({
    workspace,
    developmentPki: pki,
    suspensions: join(dir, 'suspended'),
    applied: join(dir, 'applied'),
    now: Date.now,
    log: (_level, message) => void said.push(message),
  });
  const followed = followApplied(state, join(dir, 'applied'), () => undefined);
  inForce.start(50);
  t.teardown(async () => {
    await followed.stop();
    await inForce.stop();
  });
  /** As a question under the grant is decided now. */
  const decided = (id = ID): string => {
    const { policies, decider } = inForce.current();
    const found = policies.grants.get(id as GrantId);
    const client = policies.clients.get(grant.client as never);
    if (client === undefined) throw new Error('the client is there');
    const {
      effect,
      grant: by,
      reasons,
    } = decider.decide({
      client,
      purpose: 'open-transport-company',
      dataset: grant.dataset,
      delivery: 'query',
      now: Date.parse('2026-12-01T00:00:00Z'),
    });
    return `${found?.status ?? 'none'} ${by === id ? effect : `${effect === 'deny' ? 'deny' : 'other'} ${reasons[0]?.code ?? ''}`}`;
  };
  return { followed, inForce, decided, said, dir };
}

t.test('what is agreed to is answered on each replica, and refused on each once it has ended', async (t) => {
  const at = t.testdir({ store: {}, one: {}, two: {} });
  const state = openEmbeddedState({ dir: join(at, 'store') });
  t.teardown(() => state.close());
  const open = async (): Promise<State> => state;
  const [one, two] = [await replica(t, open, join(at, 'one')), await replica(t, open, join(at, 'two'))];
  t.match(one.decided(), 'none deny');
  await state.commit(appliedGrants([applied()]));
  for (const { decided } of [one, two]) await until(() => decided() === 'active allow', 'answered');
  t.equal(one.inForce.current().policies.grants.get(ID as GrantId)?.callsADay, 200);
  t.equal(one.inForce.current().policies.version, two.inForce.current().policies.version, 'replicas agree');

  changeSuspensions(join(two.dir, 'suspended'), (grants) =>
    grants.set(ID, { at: END.at, by: 'sharing-authority', reason: 'too much', entry: 'w1:3' }),
  );
  await until(() => two.decided().startsWith('suspended deny'), 'suspended as one in a file is');

  await state.commit(endedGrants([ID], END));
  for (const { decided } of [one, two]) await until(() => decided().startsWith('none deny'), 'refused');
  // the store is put back to before its end
  await state.commit(appliedGrants([applied()]));
  await until(
    async () => JSON.stringify([...(await state.set(APPLIED)).members]).includes('ended'),
    'it is told again',
  );
  for (const { decided } of [one, two]) t.match(decided(), 'none deny', 'what has ended does not come back');
});

t.test('a store that is away adds nothing and loses nothing, also over a restart', async (t) => {
  const at = t.testdir({ store: {}, one: {} });
  const state = openEmbeddedState({ dir: join(at, 'store') });
  t.teardown(() => state.close());
  const one = await replica(t, async () => state, join(at, 'one'));
  await state.commit(appliedGrants([applied()]));
  await until(() => one.decided() === 'active allow', 'answered');
  await one.followed.stop();
  await one.inForce.stop();
  const away = await replica(t, () => Promise.reject(new Error('it is away')), join(at, 'one'));
  await away.followed.known;
  t.equal(away.decided(), 'active allow', 'what is known stays in force');
  rmSync(join(at, 'one', 'applied'), { recursive: true });
  await until(() => away.said.some((message) => message.includes('cannot be read')), 'it is said');
  t.equal(away.decided(), 'active allow', 'a folder that is gone brings nothing back and takes nothing away');
});

t.test('what is no grant of the workspace is not in force, and is said', async (t) => {
  const at = t.testdir({ store: {}, one: {} });
  const state = openEmbeddedState({ dir: join(at, 'store') });
  t.teardown(() => state.close());
  const one = await replica(t, async () => state, join(at, 'one'));
  const bad = 'a-0123456789abcdef-1-0';
  await state.commit(
    appliedGrants([
      applied(),
      applied(bad, { fields: ['no-such-field'] }),
      applied('transport-licensing-company-register'),
    ]),
  );
  await until(() => one.decided() === 'active allow', 'the good one is');
  t.match(one.decided(bad), 'none');
  await until(() => one.said.filter((message) => message.startsWith('not in force')).length === 2, 'both are said');
  t.same(
    one.inForce.current().policies.grants.get('transport-licensing-company-register' as GrantId)?.dataset,
    'samr.company-register',
    'a file is not replaced',
  );
  t.equal(readApplied(join(at, 'one', 'applied')).grants.size, 3);
});
