/** Under one name there is one tree: whoever lost the log does not begin it again, and says so. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { parseCheckpoint } from '../../gateway/log/proof/checkpoint.js';
import { parseNote } from '../../gateway/log/proof/note.js';
import { openFence, openRegister } from '../../gateway/log/replicas/epoch.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { fill, ORIGIN, sequencerOf } from './filled.js';

const check = (data: string) => verifyLog({ logDir: auditLayout(data).log, dataDir: data });

async function sequenced(data: string): Promise<void> {
  const sequencer = sequencerOf(data);
  await sequencer.runOnce();
  await sequencer.stop();
}

t.test(
  'a log whose sequencer lost its state does not verify, and nothing is begun over what is left of it',
  async (t) => {
    const base = join(t.testdir(), 'whole');
    await fill(base, 30);
    await sequenced(base);
    const { state, complete, log, bodies, index } = auditLayout(base);
    const inside = (path: string): string => path.slice(base.length + 1);
    const all = [
      inside(state),
      inside(complete),
      join(inside(log), 'checkpoint'),
      join(inside(log), 'tile'),
      inside(bodies),
      inside(index),
    ];
    // one after the other is gone as well, until nothing is left that could say so
    for (let gone = 1; gone < all.length; gone++) {
      const data = `${base}-${gone}`;
      cpSync(base, data, { recursive: true });
      for (const path of all.slice(0, gone)) rmSync(join(data, path), { recursive: true });
      mkdirSync(join(data, inside(state)));
      const { ok, fault = '' } = await check(data);
      t.notOk(ok, `without ${all.slice(0, gone).join(', ')}`);
      t.match(fault, /state of the sequencer is gone/);
      const sequencer = sequencerOf(data);
      await t.rejects(sequencer.runOnce(), { code: 'log_invalid', message: /never begun anew/ });
      await sequencer.stop();
      t.notOk(gone > 2 && existsSync(join(data, 'log', 'checkpoint')), 'and no second tree is signed');
    }
  },
);

t.test('a replica that was told of 163 entries does not begin a tree of its own, whatever its epoch', async (t) => {
  const data = t.testdir();
  const record = {
    epoch: 1,
    holder: 'west',
    established: true,
    size: 163,
    root: Buffer.alloc(32, 7).toString('base64'),
    origin: ORIGIN,
  };
  const register = openRegister(data);
  t.same(register.take(record), { kind: 'agreed' });
  await fill(data, 10);
  for (const epoch of [1, 2, 9]) {
    const sequencer = sequencerOf(data, { fence: openFence(openRegister(data), { name: 'east', epoch, others: [] }) });
    await t.rejects(sequencer.runOnce(), { code: 'sequencer_fenced' }, `epoch ${epoch}`);
    await sequencer.stop();
  }
  const alone = sequencerOf(data);
  await t.rejects(alone.runOnce(), { code: 'log_invalid', message: /163 entries/ }, 'nor where nobody asks the fence');
  await alone.stop();
  t.match(openRegister(data).current(), { holder: 'west', size: 163 }, 'the record stands');
  t.notOk(existsSync(join(data, 'log', 'checkpoint')));
});

t.test('a copy that lacks what was seen, or is another tree there, does not go on under the name', async (t) => {
  const dir = t.testdir();
  const [west, east] = [join(dir, 'west'), join(dir, 'east')];
  await fill(west, 20);
  await sequenced(west);
  cpSync(west, east, { recursive: true });
  await fill(west, 20, 'w2');
  await sequenced(west);
  const { size, root, origin } = parseCheckpoint(parseNote(readFileSync(join(west, 'log', 'checkpoint'))).text);
  openRegister(east).take({ epoch: 1, holder: 'west', established: true, size, root: root.toString('base64'), origin });
  const old = openFence(openRegister(east), { name: 'east', epoch: 2, others: [] });
  t.throws(() => old.hold(), { code: 'sequencer_fenced', message: /40 entries .* 20 are here/ });
  // it grew on its own instead, beyond what was seen
  await fill(east, 60, 'w3');
  await sequenced(east);
  const other = openFence(openRegister(east), { name: 'east', epoch: 2, others: [] });
  t.throws(() => other.hold(), { code: 'sequencer_fenced', message: /another tree at 40 entries .* a fork/ });
});
