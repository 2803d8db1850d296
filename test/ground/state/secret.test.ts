/** Secrets that all replicas share: who has the whole store, and not the key of the installation, has none of them. */
import { createSecretKey, randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { adoptSecret, secretIn } from '../../../gateway/ground/state/secret.js';

/** The same store as a replica with this key has it. */
function replicas(t: Test) {
  const dir = t.testdir();
  return async (installation?: Buffer): Promise<State> => {
    const state = await openEmbeddedState({ dir });
    t.teardown(() => state.close());
    return installation === undefined
      ? state
      : Object.assign(state, { installationKey: createSecretKey(installation) });
  };
}

const bytesOf = async (state: State, name: string): Promise<string> =>
  (await secretIn(state, name)).export().toString('hex');

t.test('all replicas with the key have one secret, and the store does not hold it', async (t) => {
  const open = replicas(t);
  const key = randomBytes(32);
  const [one, other] = [await open(key), await open(key)];
  const secret = await bytesOf(one, 'subjects');
  t.equal(await bytesOf(other, 'subjects'), secret);
  t.not(await bytesOf(one, 'guesses'), secret, 'each use has its own');
  const stored = JSON.stringify((await one.document('secret', 'subjects'))?.body);
  for (const form of ['hex', 'base64'] as const)
    t.notOk(stored.includes(Buffer.from(secret, 'hex').toString(form)), form);
});

t.test('without the key, or with another one, it is refused and nothing is made anew', async (t) => {
  const open = replicas(t);
  const key = randomBytes(32);
  const secret = await bytesOf(await open(key), 'subjects');
  await t.rejects(secretIn(await open(), 'subjects'), { code: 'bad_config' });
  await t.rejects(secretIn(await open(randomBytes(32)), 'subjects'), { code: 'bad_config' });
  t.equal(await bytesOf(await open(key), 'subjects'), secret);
});

t.test('what stood in the open is wrapped by the first who has the key', async (t) => {
  const open = replicas(t);
  const plain = await open();
  const secret = await bytesOf(plain, 'subjects');
  const key = randomBytes(32);
  t.equal(await bytesOf(await open(key), 'subjects'), secret);
  const stored = JSON.stringify((await plain.document('secret', 'subjects'))?.body);
  t.notOk(stored.includes(Buffer.from(secret, 'hex').toString('base64')));
});

t.test('one is not put in the place of another', async (t) => {
  const open = replicas(t);
  const key = randomBytes(32);
  const state = await open(key);
  await secretIn(state, 'subjects');
  await secretIn(state, 'guesses');
  const other = await state.document('secret', 'guesses');
  await state.commit([{ do: 'put', kind: 'secret', id: 'subjects', body: other?.body ?? null }]);
  await t.rejects(secretIn(await open(key), 'subjects'), { code: 'bad_config' });
});

t.test('that of a data folder becomes that of all, once', async (t) => {
  const open = replicas(t);
  const key = randomBytes(32);
  const own = randomBytes(32);
  await adoptSecret(await open(key), 'subjects', own);
  await adoptSecret(await open(key), 'subjects', own);
  t.equal(await bytesOf(await open(key), 'subjects'), own.toString('hex'));
  await t.rejects(adoptSecret(await open(key), 'subjects', randomBytes(32)), { code: 'state_conflict' });
});
