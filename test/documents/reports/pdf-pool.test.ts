/** Reports drawn in threads are those drawn here; one that cannot be drawn takes no other with it. */
import t from 'tap';
import type { ReportModel } from '../../../gateway/documents/model/model.js';
import { draw } from '../../../gateway/documents/pdf/draw.js';
import { drawOptions } from '../../../gateway/documents/pdf/options.js';
import { pdfPool } from '../../../gateway/documents/pdf/pool.js';
import { verifyPdf } from '../../../gateway/documents/pdf/verify.js';
import { CODE, office, URL_OF_CODE } from './documents.js';
import { sampleReport } from './sample.js';

t.setTimeout(120_000);
const PLACEHOLDER = / 1000000000 1000000000 1000000000\]/;

t.test('each comes back to whoever asked for it, genuine, and drawn as it is drawn without threads', async (t) => {
  const { sign, ca } = await office(t.testdir());
  const pool = pdfPool({ threads: 2 });
  t.teardown(() => pool.close());
  const models = Array.from({ length: 9 }, (_, seed) => sampleReport({ seed, domains: 5 }));
  const at = new Date();
  const options = { code: CODE, url: URL_OF_CODE, sign, at };
  const all = await Promise.all(models.map((model) => pool.render(model, options)));
  for (const [i, { bytes }] of all.entries()) {
    const model = models[i] as ReportModel;
    const here = draw(model, drawOptions(model, options)).bytes;
    const range = here.toString('latin1').search(PLACEHOLDER);
    t.ok(range > 0);
    // all but what the signature is, and where it says it stands
    t.ok(bytes.subarray(0, range).equals(here.subarray(0, range)));
    t.equal(bytes.length, here.length);
    const check = await verifyPdf(bytes, [ca]);
    t.equal(check.ok, true, check.fault ?? 'genuine');
    t.equal((check.model as ReportModel).sections[0]?.digest, model.sections[0]?.digest);
  }
});

t.test('a model that is no JSON is refused by its code, also from a thread; the others are drawn', async (t) => {
  const { sign } = await office(t.testdir());
  const pool = pdfPool({ threads: 1 });
  t.teardown(() => pool.close());
  const model = sampleReport({ domains: 2 });
  const options = { code: CODE, url: URL_OF_CODE, sign };
  const [bad, uncloned, good] = await Promise.allSettled([
    pool.render({ ...model, bearer: '\ud800' }, options),
    pool.render({ ...model, bearer: (() => '') as unknown as string }, options),
    pool.render(model, options),
  ]);
  t.match(bad, { status: 'rejected', reason: { code: 'bad_value' } });
  t.equal(uncloned?.status, 'rejected');
  t.equal(good?.status, 'fulfilled');
});

t.test('a pool that is closed refuses what waits and what comes', async (t) => {
  const { sign } = await office(t.testdir());
  const pool = pdfPool({ threads: 1 });
  const options = { code: CODE, url: URL_OF_CODE, sign };
  const waiting = Promise.allSettled(Array.from({ length: 5 }, () => pool.render(sampleReport(), options)));
  await pool.close();
  for (const one of await waiting) t.equal(one.status, 'rejected');
  await t.rejects(pool.render(sampleReport({ domains: 1 }), options), { code: 'shutting_down' });
});
