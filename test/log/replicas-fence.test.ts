/** However many replicas want to sequence, there is one log; those that do not say why. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { isYitongError } from '../../contracts/errors.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { parseCheckpoint } from '../../gateway/log/proof/checkpoint.js';
import { parseNote } from '../../gateway/log/proof/note.js';
import { type Fence, openFence, type Register, registerIn } from '../../gateway/log/replicas/epoch.js';
import type { SequencerAlert } from '../../gateway/log/sequencer/sequencer.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { until } from '../e2e/ask.js';
import { fill, sequencerOf } from './filled.js';
import { type Replica, replicas } from './replicas.js';

t.setTimeout(120_000);

const sizeOf = (data: string): number =>
  parseCheckpoint(parseNote(readFileSync(join(auditLayout(data).log, 'checkpoint'))).text).size;

/** What a standby needs of the log: the log itself with its key, and not the journals nor the key of the replica. */
function bringLog(from: Replica, to: Replica): void {
  for (const part of [
    'log/checkpoint',
    'log/tile',
    'log/vkey',
    'audit/state',
    'audit/bodies',
    'audit/index',
    'audit/staged',
    'audit/checkpoint',
    'keys/log.key',
    'mirrors',
  ]) {
    if (existsSync(join(from.data, part)))
      cpSync(join(from.data, part), join(to.data, part), { recursive: true, force: true });
  }
}

interface Running {
  readonly alerts: SequencerAlert[];
  readonly fence: Fence;
  stop(): Promise<void>;
}

function run(t: Test, one: Replica, epoch = 1): Running {
  const fence = one.fence(epoch);
  const alerts: SequencerAlert[] = [];
  const following = one.follow({ fence, pause: 10, patience: 1000 });
  const sequencer = sequencerOf(one.data, { fence, interval: 10, onAlert: (alert) => void alerts.push(alert) });
  let ended: Promise<unknown> | undefined;
  const stop = async (): Promise<void> => void (await (ended ??= Promise.all([following.stop(), sequencer.stop()])));
  t.teardown(stop);
  return { alerts, fence, stop };
}

async function sequencedOnce(data: string): Promise<void> {
  const sequencer = sequencerOf(data);
  await sequencer.runOnce();
  await sequencer.stop();
}

t.test('two started at once on the same log make one log; the loser stops and says so', async (t) => {
  const { east, west } = await replicas(t, t.testdir(), ['east', 'west']);
  await fill(west.data, 50);
  await sequencedOnce(west.data);
  bringLog(west, east);
  await fill(west.data, 30);
  await fill(east.data, 30);
  await Promise.all([east.serve(), west.serve()]);
  const runs = [run(t, east), run(t, west)] as const;
  const winner = await until(
    'one that sequences',
    () => Promise.resolve([east, west].find(({ data }) => sizeOf(data) >= 110)),
    (one) => one !== undefined,
  );
  const [won, lost] = winner === east ? [east, west] : [west, east];
  const loser = runs[lost === east ? 0 : 1];
  await until(
    'the word of the loser',
    () => Promise.resolve(loser.alerts.filter(({ kind }) => kind === 'fenced')),
    (said) => said.length > 0,
  );
  t.match(
    loser.alerts.filter(({ kind }) => kind === 'fenced'),
    [{ reason: new RegExp(won.name) }],
  );
  t.match(loser.fence.fenced, new RegExp(won.name));
  t.equal(sizeOf(lost.data), 50, 'the loser added nothing');
  await fill(lost.data, 5, 'w2');
  await until(
    'entries of the loser',
    () => Promise.resolve(sizeOf(won.data)),
    (size) => size === 115,
  );
  await Promise.all(runs.map(({ stop }) => stop()));
  t.match(await verifyLog({ logDir: auditLayout(won.data).log, dataDir: won.data }), {
    ok: true,
    size: 115,
    declaredMissing: 0,
    newer: 0,
  });
});

t.test('a standby takes over with the newest copy and a higher epoch; the one before stops and says so', async (t) => {
  const { east, west } = await replicas(t, t.testdir(), ['east', 'west']);
  await Promise.all([east.serve(), west.serve()]);
  await fill(west.data, 20);
  const before = run(t, west);
  await until(
    'the log',
    () => Promise.resolve(before.fence.claim()),
    ({ established, size }) => established && size === 20,
  );
  await until(
    'the word of the other',
    () => Promise.resolve(east.register.current()),
    (claim) => claim?.established === true && claim.size === 20,
  );
  // without the log, or at the same epoch, nobody takes over
  t.throws(() => east.fence(1).hold(), { code: 'sequencer_fenced' });
  const bare = run(t, east, 2);
  await until(
    'the refusal',
    () => Promise.resolve(bare.fence.fenced),
    (said) => said !== undefined,
  );
  t.match(bare.fence.fenced, /0 entries, and 20 were seen/);
  await bare.stop();
  t.equal(before.fence.fenced, undefined, 'it goes on');

  bringLog(west, east);
  const after = run(t, east, 3);
  await fill(east.data, 10);
  await until(
    'entries under the new sequencer',
    () => Promise.resolve(sizeOf(east.data)),
    (size) => size === 30,
  );
  await until(
    'the word of the one before',
    () => Promise.resolve(before.alerts),
    (said) => said.some(({ kind }) => kind === 'fenced'),
  );
  t.match(before.fence.fenced, /`east` is the sequencer since epoch 3/);
  t.equal(sizeOf(west.data), 20);
  await fill(west.data, 7);
  await until(
    'entries of the replica that sequenced before',
    () => Promise.resolve(sizeOf(east.data)),
    (size) => size === 37,
  );
  await Promise.all([before.stop(), after.stop()]);
  t.match(await verifyLog({ logDir: auditLayout(east.data).log, dataDir: east.data }), { ok: true, size: 37 });
});

t.test('a sequencer that no other replica has agreed to signs nothing', async (t) => {
  const { west } = await replicas(t, t.testdir(), ['east', 'west']);
  await fill(west.data, 3);
  const fence = west.fence();
  const sequencer = sequencerOf(west.data, { fence });
  await t.rejects(sequencer.runOnce(), { code: 'audit_unavailable', message: /`east` must agree/ });
  await sequencer.stop();
});

interface Node {
  readonly register: Register;
  readonly log: string[];
  epoch: number;
  fence: Fence;
}

t.test('in any order of claims, lost answers, restarts and take-overs, every commit stands on the newest log', (t) => {
  const at = fc.nat(2);
  const act = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('claim' as const), from: at, to: at, heard: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('campaign' as const), from: at }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const), from: at }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), from: at }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('take-over' as const), from: at, to: at }) },
  );
  let committed = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 20, maxLength: 120, size: 'max' }), (acts) => {
      const names = ['a', 'b', 'c'];
      const others = (name: string): string[] => names.filter((other) => other !== name);
      const nodes = names.map((name): Node => {
        let stored: { number: number; text: string } | undefined;
        const log: string[] = [];
        const register = registerIn(
          {
            read: () => stored,
            swap(after, text) {
              if ((stored?.number ?? 0) !== after) return false;
              stored = { number: after + 1, text };
              return true;
            },
          },
          () => ({
            size: log.length,
            root: log.length === 0 ? '' : createHash('sha256').update(log.join()).digest('base64'),
          }),
        );
        return { register, log, epoch: 1, fence: openFence(register, { name, epoch: 1, others: others(name) }) };
      });
      const reopen = (i: number): void => {
        const node = nodes[i];
        if (node !== undefined)
          node.fence = openFence(node.register, {
            name: names[i] ?? '',
            epoch: node.epoch,
            others: others(names[i] ?? ''),
          });
      };
      let newest: readonly string[] = [];
      const byEpoch = new Map<number, number>();
      for (const [step, one] of acts.entries()) {
        const from = nodes[one.from];
        if (from === undefined) continue;
        const claim = (to: number, heard: boolean): void => {
          if (to === one.from) return;
          const judgement = nodes[to]?.register.take(from.fence.claim());
          if (!heard || judgement === undefined) return;
          if (judgement.kind === 'agreed') from.fence.agreed(names[to] ?? '');
          else from.fence.lost(judgement.reason);
        };
        try {
          switch (one.kind) {
            case 'claim':
              claim(one.to, one.heard);
              break;
            case 'campaign':
              for (const to of nodes.keys()) claim(to, true);
              break;
            case 'commit':
              from.fence.hold();
              if (from.log.join() !== newest.join()) return false;
              if ((byEpoch.get(from.epoch) ?? one.from) !== one.from) return false;
              byEpoch.set(from.epoch, one.from);
              from.log.push(`${one.from}:${step}`);
              newest = [...from.log];
              committed++;
              break;
            case 'restart':
              reopen(one.from);
              break;
            case 'take-over': {
              const source = nodes[one.to]?.log ?? [];
              // a log that grew is not replaced by an older one: that is a restored backup, which a fence does not see
              if (source.length < from.log.length) break;
              from.log.splice(0, from.log.length, ...source);
              from.epoch = Math.max(...nodes.map(({ epoch }) => epoch)) + 1;
              reopen(one.from);
              break;
            }
          }
        } catch (error) {
          if (!isYitongError(error)) throw error;
        }
      }
      return true;
    }),
    { numRuns: 1500 },
  );
  t.ok(committed > 1000, `${committed} commits`);
  t.end();
});
