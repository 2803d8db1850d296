/** `freshness`: from the source's own commit (a record is pushed over HTTP) until a query shows it. */
import { join } from 'node:path';
import { connect, connectionOf } from '../../../gateway/client/index.js';
import { companies, stories } from '../../e2e/stories.js';
import { type BenchRow, quantile, round, spread } from './rows.js';
import { startCity } from './servers.js';

const SAMPLES = 300;
const QUICK_SAMPLES = 100;
/** Before what is measured: the first ones find a city that has just started. */
const WARM = 20;

export async function freshnessRow(dir: string, quick: boolean): Promise<BenchRow[]> {
  const samples = quick ? QUICK_SAMPLES : SAMPLES;
  const city = await startCity(join(dir, 'freshness'), ['--companies', '100']);
  try {
    const { publisher, reader } = stories.push;
    const [push, ask] = await Promise.all(
      [publisher, reader.client].map(async (client) => connect(await connectionOf(city.api, city.pki, client))),
    );
    if (push === undefined || ask === undefined) throw new Error('no client');
    const subjects = await companies(city.data);
    const times: number[] = [];
    for (let i = 0; i < WARM + samples; i++) {
      const subject = subjects[i % subjects.length] ?? '';
      const checkNumber = `bench-${i}`;
      const value = {
        checkNumber,
        uscc: subject.slice(subject.indexOf(':') + 1),
        name: null,
        plate: '云X00000',
        station: 'bench',
        checkedAt: new Date().toISOString(),
        totalMass: 4000,
        limit: 4500,
        overloaded: false,
        position: null,
      };
      const started = performance.now();
      await push.publish(reader.dataset, {
        sourceTime: new Date().toISOString(),
        records: [{ position: checkNumber, value }],
      });
      for (;;) {
        const answer = await ask.query({ purpose: reader.purpose, subject, datasets: [{ id: reader.dataset }] });
        if (answer.datasets[0]?.records.some(({ record }) => record['checkNumber'] === checkNumber) === true) break;
        if (performance.now() - started > 10_000) throw new Error('a pushed record did not become visible within 10 s');
      }
      if (i >= WARM) times.push(performance.now() - started);
    }
    push.close();
    ask.close();
    const p99 = quantile(times, 0.99);
    return [
      {
        id: 'freshness',
        what: 'a record is sent by its source → visible in a query, p99',
        value: round(p99),
        unit: 'ms',
        reference: null,
        ratio: null,
        floor: '< 1000',
        aim: '< 100',
        holds: p99 < 1000,
        runs: samples,
        spread: [round(spread(times)[0]), round(spread(times)[1])],
        note: `median ${round(quantile(times, 0.5))} ms; pushed over HTTP, embedded bus`,
      },
    ];
  } finally {
    await city.stop();
  }
}
