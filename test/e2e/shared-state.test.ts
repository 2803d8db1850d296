/**
 * Two gateways that share a state on PostgreSQL and a bus on Kafka: whatever somebody did at one is so at the other, at
 * once, and of two who do the same thing at both, one does it.
 */
import t from 'tap';
import { dayIn } from '../../gateway/documents/compute/index.js';
import { kafkaForTest } from '../support/servers/kafka.js';
import { ask, type RawAnswer, until } from './ask.js';
import { Browser } from './browser.js';
import type { City } from './city.js';
import { run } from './command.js';
import { pairOfCities } from './pair.js';
import { companies } from './stories.js';

t.setTimeout(400_000);

/** Requests a second that the other gateway serves while a grant is suspended; more for a figure. */
const RATE = Number(process.env['YITONG_TEST_LOAD'] ?? '40');
/** ms within which a suspension is to count at the other gateway; it is seen within 5 s where the machine has room. */
const REFUSED_WITHIN = 20_000;
const CONNECTIONS = 16;

const objections = (at: City, subject: string, path: string, body: object): Promise<RawAnswer> =>
  ask(at.api, at.pki, 'credit-report-centre', { method: 'POST', path, body, headers: { 'yitong-subject': subject } });

const asked = {
  report: 'credit',
  from: '2022-01-01',
  to: dayIn(Date.now()),
  purpose: 'listing',
  bearer: '云州银行',
};

const broker = kafkaForTest(t);
if (broker !== undefined)
  void t.test('two gateways, one state', async (t) => {
    const pair = await pairOfCities(t, broker);
    if (pair === undefined) return;
    const { workspace } = pair;
    const [east, west] = [await pair.start('east'), await pair.start('west')];
    const [company = '', other = ''] = await companies(east.data);

    await t.test('a report that is issued at one is verified at the other at once', async (t) => {
      const issuing = await east.as('credit-report-centre');
      const bidding = await west.as('bidding-centre');
      const body = { ...asked, as: company, subjects: [company] };
      const centreInWest = await west.as('credit-report-centre');
      await until(
        'the registers at the other',
        async () => (await centreInWest.previewReport(body)).model,
        (model) => model?.sections.every(({ missing }) => missing.length === 0) === true,
      );
      const issued = await issuing.issueReport(body);
      const { results } = await bidding.verifyDocuments({ codes: [issued.code] });
      t.match(results, [{ outcome: 'genuine', document: issued.document }]);
      const shown = await centreInWest.showReport(issued.id, company);
      t.strictSame(shown.document, issued.document, 'and its company finds it there');
      const path = `/v1/reports/${issued.id}/revocation`;
      const revoked = await ask(west.api, west.pki, 'credit-report-centre', {
        method: 'POST',
        path,
        body: { reason: '出具对象有误' },
      });
      t.equal(revoked.status, 200, revoked.text);
      const there = await east.as('bidding-centre');
      t.match((await there.verifyDocuments({ codes: [issued.code] })).results, [{ outcome: 'revoked' }]);
    });

    await t.test('of two who do the same on a ticket at both at the same moment, one does it', async (t) => {
      const opens = (at: City): Promise<RawAnswer> =>
        objections(at, other, '/v1/objections', {
          lifecycle: 'omission',
          dataset: 'samr.penalties',
          subject: other,
          act: 'file',
          fields: { missing: '2026年3月的不予处罚决定没有登记' },
        });
      const opened = await Promise.all([opens(east), opens(west)]);
      t.same(opened.map(({ status }) => status).sort(), [201, 409], opened.map(({ text }) => text).join('\n'));
      const first = opened.find(({ status }) => status === 201);
      const { id } = JSON.parse(first?.text ?? '{}') as { readonly id: string };
      const withdraws = (at: City): Promise<RawAnswer> =>
        objections(at, other, `/v1/objections/${id}`, { act: 'withdraw', fields: {} });
      const done = await Promise.all([withdraws(west), withdraws(east)]);
      t.same(done.map(({ status }) => status).sort(), [200, 409], done.map(({ text }) => text).join('\n'));
      const again = await Promise.all([opens(west), opens(east)]);
      t.same(again.map(({ status }) => status).sort(), [201, 409], 'and a new one is one again');
    });

    await t.test('an erasure at one is one at both: nobody can open what was shared any more', async (t) => {
      const [here, there] = [await east.as('credit-report-centre'), await west.as('credit-report-centre')];
      const issued = await here.issueReport({ ...asked, as: other, subjects: [other] });
      t.strictSame((await there.showReport(issued.id, other)).document, issued.document);
      const done = await run(
        'audit',
        'erase',
        other,
        '--reason',
        'order 1',
        '--legal-basis',
        '个人信息保护法 Art.47',
        '--workspace',
        workspace,
        '--data',
        east.data,
      );
      t.equal(done.code, 0, done.stderr);
      for (const at of [east, west]) {
        const bidding = await at.as('bidding-centre');
        await until(
          'the key to be forgotten',
          async () => (await bidding.verifyDocuments({ codes: [issued.code] })).results[0]?.outcome,
          (outcome) => outcome === 'unknown',
          5000,
        );
      }
    });

    await t.test('what is suspended at one is refused at the other, which serves others meanwhile', async (t) => {
      const browser = new Browser();
      await browser.signIn(east, 'gao-sharing');
      const page = '/console/grants/counter-fire-checks';
      const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => west.as('one-stop-counter')));
      /** What comes of the dataset whose grant is suspended; the other goes on. */
      const statusAt = async (client: (typeof clients)[number]): Promise<string> => {
        const { datasets } = await client.query({
          purpose: 'open-restaurant',
          subject: other,
          datasets: [{ id: 'samr.company-register' }, { id: 'fire.fire-checks' }],
        });
        if (datasets[0]?.status !== 'current') throw new Error(`the other one is ${datasets[0]?.status ?? 'none'}`);
        return datasets[1]?.status ?? 'none';
      };
      interface Answer {
        /** ms since 1970 */
        readonly begun: number;
        readonly ended: number;
        readonly status: string;
      }
      const answers: Answer[] = [];
      const asks = async (client: (typeof clients)[number]): Promise<void> => {
        const begun = Date.now();
        const status = await statusAt(client);
        answers.push({ begun, ended: Date.now(), status });
      };
      const running: Promise<void>[] = [];
      let sent = 0;
      const startedAt = performance.now();
      // as many as are due by now; a machine that is too slow for it gets what it can answer
      const timer = setInterval(() => {
        for (
          const due = ((performance.now() - startedAt) / 1000) * RATE;
          sent < due && sent - answers.length < 4 * CONNECTIONS;
          sent++
        ) {
          const client = clients[sent % CONNECTIONS];
          if (client !== undefined) running.push(asks(client));
        }
      }, 5);
      try {
        await until(
          'an answer',
          async () => answers.length,
          (count) => count > RATE,
        );
        t.notOk(
          answers.some(({ status }) => status === 'denied'),
          'granted before',
        );
        const done = await browser.post(east, page, `${page}/suspend`, { reason: 'it goes too far' });
        t.equal(done.status, 303, done.text.slice(0, 500));
        const at = Date.now();
        await until(
          'the refusal',
          async () => answers.at(-1)?.status,
          (status) => status === 'denied',
          REFUSED_WITHIN,
        );
        await until(
          'more answers',
          async () => answers.filter(({ begun }) => begun > at).length,
          (count) => count > 4 * RATE,
        );
        clearInterval(timer);
        await Promise.all(running);
        const released = answers.filter(({ status }) => status !== 'denied');
        const last = Math.max(...released.map(({ begun }) => begun));
        t.ok(last - at < REFUSED_WITHIN);
        const rate =
          (answers.length * 1000) / (Math.max(...answers.map(({ ended }) => ended)) - (answers[0]?.begun ?? 0));
        t.comment(
          `${String(answers.length)} answers, ${rate.toFixed(0)} a second; the last that was released was asked ` +
            `${String(last - at)} ms after the suspension`,
        );
        const resumed = await browser.post(west, page, `${page}/resume`, { reason: 'it was right after all' });
        t.equal(resumed.status, 303, 'and is resumed at the other');
        const counter = await east.as('one-stop-counter');
        await until(
          'the answer again',
          () => statusAt(counter),
          (status) => status !== 'denied',
        );
      } finally {
        clearInterval(timer);
        await Promise.allSettled(running);
      }
    });

    await t.test('a sign-in at one counts at the other, and its end too', async (t) => {
      const browser = new Browser();
      await browser.signIn(east, 'lin-auditor');
      t.match(await browser.get(east, '/console'), { status: 303, location: /^\/console/ });
      t.match(await browser.get(west, '/console'), { status: 303, location: /^\/console/ });
      await east.stop();
      t.match(
        await browser.get(west, '/console'),
        { status: 303, location: /^\/console/ },
        'the one that made it is gone',
      );
      t.match(await new Browser().get(west, '/console'), { status: 303, location: /^\/sign-in/ });
    });
  });
