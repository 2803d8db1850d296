/**
 * Calls a day of a grant, over time: two replicas ask, rest, end in order or are killed, days pass, volumes change. A
 * small model counts what was allowed: never more than the volume, and whoever is refused is refused because all of it
 * was taken, but for what died with a process.
 */
import t, { type Test } from 'tap';
import { callsOf, Volumes } from '../../../gateway/answer/question/volumes.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { grantsBeyond } from '../../../policies/volume.js';
import { contract } from '../../policies/city.js';
import { randomOf } from '../../support/conformance/state-model.js';
import { SHARED, sharedState } from '../../support/shared-state.js';

t.setTimeout(120_000);

const DAY = 86_400_000;
/** 00:00 in Shanghai, of a day to come: the store has a clock of its own, and keeps no counter past its end. */
const BEGIN = Date.UTC(2040, 4, 5, 16);

const take = (volumes: Volumes, callsADay: number, grant = 'one'): Promise<boolean> =>
  volumes.take([{ grant, callsADay }]).then(
    () => true,
    (error: { code?: string }) => {
      if (error.code !== 'volume_exhausted') throw error;
      return false;
    },
  );

async function byDays(t: Test, states: readonly State[]): Promise<void> {
  const random = randomOf(11);
  let now = BEGIN;
  const start = (i: number): Volumes =>
    new Volumes(
      async () => states[i] as State,
      () => now,
    );
  const replicas = [start(0), start(1)];
  let volume = 700;
  let allowed = 0;
  /** Whether somebody was killed on this day, so that some calls of it are lost. */
  let killed = false;
  let days = 0;
  let refusals = 0;
  for (let step = 0; step < 400; step++) {
    const i = random() < 0.5 ? 0 : 1;
    const draw = random();
    if (draw < 0.8) {
      const calls = Math.floor(random() * 30);
      const answers = await Promise.all(Array.from({ length: calls }, () => take(replicas[i] as Volumes, volume)));
      allowed += answers.filter(Boolean).length;
      refusals += answers.filter((is) => !is).length;
    } else if (draw < 0.88) await Promise.all(replicas.map((one) => one.giveBack(false)));
    else if (draw < 0.92) {
      await replicas[i]?.close();
      replicas[i] = start(i);
    } else if (draw < 0.94) {
      // its portion dies with it
      killed = true;
      replicas[i] = start(i);
    }
    if (allowed > volume) return void t.fail(`${String(allowed)} of ${String(volume)} calls`);
    if (step % 40 !== 39) continue;
    for (const one of replicas) await one.giveBack(true);
    const counted = (await callsOf(states[1] as State, now)).get('one') ?? 0;
    if (!killed) t.equal(counted, allowed, 'what is counted are the calls that were made');
    // all that is left can be made, by whoever asks
    await new Promise((resolve) => setTimeout(resolve, 1010));
    while (await take(replicas[0] as Volumes, volume)) allowed++;
    if (killed) t.ok(allowed <= volume && allowed >= volume * 0.7, `${String(allowed)} of ${String(volume)}`);
    else t.equal(allowed, volume);
    now += DAY;
    days++;
    volume = 1 + Math.floor(random() * 900);
    allowed = 0;
    killed = false;
  }
  t.comment(`${String(days)} days, ${String(refusals)} refusals`);
  for (const one of replicas) await one.close();
}

for (const kind of SHARED) {
  t.test(`on a state that is ${kind}`, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return t.pass('this machine has none of that kind');
    const states = [await open(), await open()];
    await t.test('never more than the volume', (t) => byDays(t, states));
    await t.test('many at once, at two replicas', async (t) => {
      const now = BEGIN + 100 * DAY;
      const replicas = states.map(
        (state) =>
          new Volumes(
            async () => state,
            () => now,
          ),
      );
      const all = await Promise.all(
        Array.from({ length: 3000 }, (_, n) => take(replicas[n % 2] as Volumes, 1000, 'many')),
      );
      t.equal(all.filter(Boolean).length, 1000);
      const shares = replicas.flatMap((one) => one.figures().values.map(({ value }) => value));
      t.ok(shares.length === 2 && Math.max(...shares) > 0.9 && Math.max(...shares) <= 1, 'and how near its end it is');
      for (const one of replicas) await one.close();
    });
    await t.test('of several grants all are taken or none', async (t) => {
      const now = BEGIN + 200 * DAY;
      const [state] = states as [State];
      const volumes = new Volumes(
        async () => state,
        () => now,
      );
      const both = [
        { grant: 'wide', callsADay: 5 },
        { grant: 'narrow', callsADay: 1 },
      ];
      await volumes.take(both);
      await t.rejects(volumes.take(both), { code: 'volume_exhausted' });
      for (let i = 0; i < 4; i++) await volumes.take(both.slice(0, 1));
      await t.rejects(volumes.take(both.slice(0, 1)), { code: 'volume_exhausted' });
      await volumes.close();
    });
    await t.test('a smaller volume counts at once', async (t) => {
      const now = BEGIN + 300 * DAY;
      const [state] = states as [State];
      const volumes = new Volumes(
        async () => state,
        () => now,
      );
      t.equal(await take(volumes, 1000, 'less'), true);
      t.equal(await take(volumes, 1, 'less'), false);
      t.equal(await take(volumes, 2, 'less'), true);
      t.equal(await take(volumes, 2, 'less'), false);
      await volumes.close();
    });
  });
}

t.test('thresholds of a dataset', async (t) => {
  const of = (volume?: { perConsumer?: number; total?: number }) => {
    const one = contract('tax.debts');
    return { ...one, sharing: { ...one.sharing, ...(volume === undefined ? {} : { volume }) } };
  };
  const grant = (client: string, callsADay?: number, status: 'active' | 'suspended' = 'active') =>
    ({ client, dataset: 'tax.debts', status, ...(callsADay === undefined ? {} : { callsADay }) }) as never;
  const beyond = (volume: Parameters<typeof of>[0], ...grants: never[]) => grantsBeyond([of(volume)], grants);
  t.strictSame(beyond(undefined, grant('a')), [], 'without thresholds nothing is beyond them');
  t.strictSame(beyond({ perConsumer: 10, total: 15 }, grant('a', 4), grant('a', 6), grant('b', 5)), []);
  t.match(beyond({ perConsumer: 10 }, grant('a', 5), grant('a', 6), grant('b', 10)), [
    { dataset: 'tax.debts', client: 'a', threshold: 'perConsumer', limit: 10, calls: 11 },
  ]);
  t.match(beyond({ total: 15 }, grant('a', 10), grant('b', 6)), [{ threshold: 'total', limit: 15, calls: 16 }]);
  t.match(beyond({ perConsumer: 10 }, grant('a')), [{ client: 'a', calls: undefined }], 'nobody knows how many');
  t.strictSame(beyond({ perConsumer: 10 }, grant('a', 11, 'suspended')), []);
});
