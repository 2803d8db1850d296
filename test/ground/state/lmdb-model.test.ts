import t from 'tap';
import { stateOverTime } from '../../support/conformance/state-model.js';
import { driver } from './lmdb.driver.js';

const SEEDS =
  process.env['YITONG_TEST_SEED'] === undefined ? [1, 2, Date.now() % 1e6] : [Number(process.env['YITONG_TEST_SEED'])];

for (const seed of SEEDS)
  t.test('the embedded store over time is as its model', async (t) => {
    const place = await driver.fresh(t);
    if (place === undefined) return;
    await stateOverTime(t, seed, (now) => driver.open(place, now));
  });
