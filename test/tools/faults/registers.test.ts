import { join } from 'node:path';
import t from 'tap';
import { present } from '../../../contracts/present.js';
import { KINDS, live } from './registers/life.js';
import { database } from './registers/main.js';

const STEPS = 30;
/** Those that found something once, first: kind and seed. */
const FOUND: readonly (readonly [kind: (typeof KINDS)[number], seed: number])[] = [
  ['file', 1003],
  ['file', 1006],
  ['push', 1055],
  ['file', 2056],
];
const SEEDS = [101, 102, 103, 104];

t.test('whatever happens to a register, the answers say what it says', async (t) => {
  const db = await database();
  if (db === undefined && process.env['CI'] === 'true') t.fail('YITONG_TEST_POSTGRES is not set');
  t.teardown(async () => db?.close());
  for (const [kind, seed] of [...FOUND, ...KINDS.flatMap((kind) => SEEDS.map((seed) => [kind, seed] as const))]) {
    if (db === undefined && (kind === 'table' || kind === 'poll')) {
      t.comment(`${kind} is left out: YITONG_TEST_POSTGRES is not set`);
      continue;
    }
    const { findings, story, steps } = await live({
      kind,
      seed,
      steps: STEPS,
      dir: join(t.testdirName, `${kind}-${seed}`),
      ...present({ database: db }),
    });
    t.strictSame(
      findings,
      [],
      `${kind}, seed ${seed}: ${steps} ` +
        `steps${findings.length === 0 ? '' : `; the last ones: ${story.slice(-5).join(', ')}`}`,
    );
  }
});
