/** What the shell shows of a running city, and how it builds a question: from texts and answers, without a city. */
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { momentOf } from '../../gateway/cli/moment.js';
import { figuresOf } from '../../gateway/cli/top/figures.js';
import { topLines } from '../../gateway/cli/top/lines.js';
import { samplesIn } from '../../gateway/cli/top/samples.js';
import { diskStanding, type Named, standingOf } from '../../gateway/cli/top/standing.js';
import { type Askable, buildQuestion, commandFor } from '../../gateway/cli/trying/built.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import type { Grant } from '../../policies/types.js';
import { cli } from '../e2e/city.js';
import { run } from '../e2e/command.js';
import { latinIn } from '../http/console/latin.js';

/** A city that has answered so many questions, of which so many took long. */
const metrics = (answered: number, slow: number, entries: number): string => `# HELP yitong_requests_total x
# TYPE yitong_requests_total counter
yitong_build_info{part="gateway",version="9.9.9",node="20"} 1
yitong_ready{part="gateway"} 1
yitong_requests_total{port="api",route="/v1/query",status="200"} ${String(answered)}
yitong_requests_total{port="api",route="/v1/query",status="503"} ${String(slow)}
yitong_request_seconds_bucket{port="api",route="/v1/query",le="0.005"} ${String(answered)}
yitong_request_seconds_bucket{port="api",route="/v1/query",le="0.5"} ${String(answered + slow)}
yitong_request_seconds_bucket{port="api",route="/v1/query",le="+Inf"} ${String(answered + slow)}
yitong_decisions_total{dataset="a.b",effect="allow",reason=""} ${String(answered)}
yitong_decisions_total{dataset="a.b",effect="deny",reason="not \\"granted\\""} ${String(slow)}
yitong_process_cpu_seconds_total{process="writer"} ${String(answered / 1024)}
yitong_process_up{process="writer"} 0
yitong_process_restarts_total{process="writer"} 3
yitong_dataset_status{dataset="a.b",status="current"} 0
yitong_dataset_status{dataset="a.b",status="stale"} 1
yitong_dataset_age_seconds{dataset="a.b"} 7200
yitong_task_age_seconds{task="watching"} 95
yitong_log_entries ${String(entries)}
yitong_log_behind_seconds 12
no sample at all
`;

t.test('top tells what happened between two looks', async (t) => {
  const figures = figuresOf(samplesIn(metrics(1000, 0, 50), 0), samplesIn(metrics(1300, 100, 90), 2000));
  t.match(figures, {
    version: '9.9.9',
    ready: true,
    rate: 200,
    failing: 50,
    allowed: 150,
    denied: 50,
    log: { entries: 90, rate: 20, behindSeconds: 12 },
    slowest: { task: 'watching', seconds: 95 },
    datasets: { all: 1, current: 0, others: [{ dataset: 'a.b', status: 'stale', age: 7200 }] },
    routes: [{ route: '/v1/query', rate: 200, failing: 50, median: 0.005, p99: 0.5 }],
    processes: [{ process: 'writer', up: false, cpu: 0.146484375, restarts: 3 }],
  });
  const again = figuresOf(samplesIn(metrics(1000, 0, 50), 0), samplesIn(metrics(20, 0, 50), 1000));
  t.equal(again.rate, 20, 'counters of a gateway that was started anew begin at zero');
  const shown = { figures, reasons: ['the writer is not running'], warnings: [], health: 'http://127.0.0.1:1', at: 0 };
  const zh = topLines(shown, 'zh').join('\n');
  t.match(zh, /每秒 200（出错 50.0）；提供 150，不予提供 50.0/);
  t.match(zh, /✗ the writer is not running[^]*writer ✗[^]*未及时更新 +2 小时/);
  t.match(
    topLines(shown, 'en').join('\n'),
    /200\/s \(50.0 failing\)[^]*the oldest waits since 12 s[^]*≤ 5 ms +≤ 500 ms/,
  );
  t.match(await run('top', '--once', '--health', 'http://127.0.0.1:1'), { code: 2, stderr: /nobody answers/ });
  t.match(await run('top', '--every', '0', '--health', 'http://127.0.0.1:1'), { code: 2, stderr: /from 1 to 60/ });
});

/** A gateway at night: what its health port says, and what its figures tell besides. */
const night = `yitong_process_up{process="writer"} 1
yitong_process_up{process="worker-1"} 0
yitong_dataset_status{dataset="tax.arrears",status="stale"} 1
yitong_dataset_age_seconds{dataset="tax.arrears"} 259200
yitong_dataset_frequency_seconds{dataset="tax.arrears"} 86400
yitong_dataset_status{dataset="fire.checks",status="stale"} 1
yitong_dataset_status{dataset="office.shops",status="current"} 1
yitong_witness_up{witness="甲",state="down"} 0
yitong_witness_up{witness="甲",state="up"} 1
yitong_witness_up{witness="乙",state="down"} 0
yitong_subscriptions_behind_seconds{client="desk",way="poll"} 9000
yitong_subscriptions_behind_seconds{client="desk",way="webhook"} 700
yitong_feed_state{feed="office.shops",state="refused"} 1
yitong_feed_state{feed="office.shops",state="complete"} 0
yitong_quarantine_rows{dataset="office.shops"} 12
`;

t.test('status tells what is wrong, what to do, and who can: the worst first, each once', async (t) => {
  const named: Named = {
    dataset: (id) => ({ zh: `名称${id}`, en: `name of ${id}` }),
    officerOf: (id) => ({ zh: `专员${id}`, en: `officer of ${id}` }),
    client: (id) => ({ zh: `系统${id}`, en: `system ${id}` }),
  };
  const found = standingOf(
    {
      samples: samplesIn(night, 0),
      reasons: ['the audit journal cannot be written: ENOSPC'],
      warnings: [
        'worker 1: policies on disk do not load since x; those of before are in force, without what was withdrawn: y',
        'worker 2: policies on disk do not load since x; those of before are in force, without what was withdrawn: y',
        'feeds: fire.checks has not been read since 2026-03-01T00:00:00.000Z: timeout',
        'writer: never heard of',
      ],
    },
    named,
  );
  t.match(found[0], { level: 'stop', more: 'YitongJournalUnhealthy', who: { en: 'the operators' } });
  const said = found.map(({ level, what, more }) => `${level} ${what.en} ${more ?? ''}`);
  const has = (pattern: RegExp): void =>
    void t.equal(said.filter((one) => pattern.test(one)).length, 1, String(pattern));
  has(/^see name of tax\.arrears is late: last read in full 3 d ago, promised every 24 h YitongDatasetStale/);
  has(/^see feeds: fire\.checks has not been read since/);
  has(/fire\.checks/);
  has(/^see `worker-1` did not answer within two seconds/);
  has(/^see the witness `乙` does not cosign/);
  has(/witness/);
  has(/^see system desk has not taken what changed for 12 min YitongSubscriptionBehind/);
  has(/^see name of office\.shops: its source lacked more records/);
  has(/^note name of office\.shops: 12 rows are held back/);
  has(/^see writer: never heard of/);
  has(/^see worker \d: policies on disk do not load.* YitongPoliciesStale$/);
  t.match(found.find(({ more }) => more === 'YitongFeedFailing')?.who.en, /officer of fire\.checks/, 'and whose it is');
  t.equal(found.at(-1)?.level, 'note', 'what is a daily work comes last');
  t.ok(found.every(({ mend, who }) => mend.en.length > 5 && mend.zh !== '' && who.zh !== ''));
  const ids = /office\.shops|tax\.arrears|fire\.checks|desk/g;
  t.same(
    found.flatMap(({ what, mend, who }) => latinIn(`${what.zh}${mend.zh}${who.zh}`.replace(ids, ''))),
    [],
    'in Chinese there is no word of a program',
  );
  const headings = readFileSync(join(packageRoot(), 'docs', 'operating.md'), 'utf8');
  for (const { more } of [...found, ...diskStanding({ free: 1, size: 10 })])
    if (more !== undefined) t.match(headings, `\n### ${more}\n`);
  t.same(diskStanding({ free: 30, size: 100 }), []);
  t.match(diskStanding({ free: 19, size: 100 }), [{ level: 'see', what: { en: '19 % of the disk are free' } }]);
  t.match(await run('status', '--health', 'http://127.0.0.1:1'), { code: 2, stderr: /nobody answers/ });
});

t.test('a moment is a date, or how long ago', (t) => {
  const now = Date.parse('2026-12-01T12:00:00Z');
  t.equal(momentOf('10m', 'since', now), now - 600_000);
  t.equal(momentOf('2h', 'since', now), now - 7_200_000);
  t.equal(momentOf('3d', 'since', now), now - 3 * 86_400_000);
  t.equal(momentOf('2026-01-31', 'since', now), Date.parse('2026-01-31'));
  for (const wrong of ['yesterday', '10 m', '-3d', '5w', ''])
    t.throws(() => momentOf(wrong, 'since', now), { code: 'bad_request', message: /10m, 2h or 3d/ }, wrong);
  t.end();
});

const grant = (id: string, change: Partial<Record<keyof Grant, unknown>>): Grant =>
  ({
    id,
    client: 'desk',
    dataset: 'a.b',
    purposes: ['permit'],
    delivery: ['query'],
    from: '2026-01-01',
    until: '2026-12-31',
    requires: [],
    status: 'active',
    ...change,
  }) as unknown as Grant;

t.test('a question is built from what grants in force leave open', async (t) => {
  const named = (id: string) => ({ id, name: { zh: `名称${id}`, en: `name of ${id}` } });
  const askable: Askable = {
    grants: [
      grant('one', { requires: ['caseId'] }),
      grant('two', { dataset: 'c.d' }),
      grant('ended', { client: 'old', until: '2026-02-01' }),
      grant('suspended', { client: 'gone', status: 'suspended' }),
      grant('batches', { client: 'night', delivery: ['batch'] }),
    ],
    clients: ['old', 'gone', 'night', 'desk'].map(named),
    purposes: ['permit', 'other'].map(named),
    datasets: ['a.b', 'c.d', 'e.f'].map((id) => ({ ...named(id), scheme: 'uscc' })),
    examples: [{ client: 'desk', purpose: 'permit', subject: 'uscc:91' }],
    now: Date.parse('2026-06-01T00:00:00Z'),
  };
  const said: string[] = [];
  const answers = ['9', '1', '', '2, 1', 'nobody', '', '', 'No. 1'];
  const question = await buildQuestion(
    askable,
    (lines, prompt, proposed) => {
      said.push(...lines, prompt);
      const answer = answers.shift() ?? t.fail('asked too often');
      return Promise.resolve(answer === '' ? proposed : String(answer));
    },
    'en',
  );
  t.same(question, {
    client: 'desk',
    purpose: 'permit',
    datasets: ['c.d', 'a.b'],
    subject: 'uscc:91',
    stated: { caseId: 'No. 1' },
    sandbox: false,
  });
  t.notMatch(said.join('\n'), /name of (?:old|gone|night|other|e\.f)/, 'nothing is offered that would be denied');
  t.equal(
    commandFor('yitong', question!, ' --workspace x'),
    "yitong query uscc:91 --datasets c.d,a.b --purpose permit --as desk --case-id 'No. 1' --workspace x",
  );
  const none = { ...askable, grants: [] };
  t.equal(await buildQuestion(none, () => Promise.reject(new Error('asked')), 'zh'), undefined);
  t.match(await run('try'), { code: 2, stderr: /asks at a terminal/ });
});

t.test('in the sandbox its own subjects are offered, of the key scheme that is asked', async (t) => {
  const named = (id: string, scheme = 'uscc') => ({ id, name: { zh: `名称${id}`, en: `name of ${id}` }, scheme });
  const asked: string[] = [];
  const askable: Askable = {
    grants: [
      grant('one', { requires: ['item', 'actor'] }),
      grant('two', { dataset: 'c.d' }),
      grant('three', { dataset: 'p.q' }),
    ],
    clients: [named('desk')],
    purposes: [named('permit')],
    datasets: [named('a.b'), named('c.d'), named('p.q', 'cn-id')],
    examples: [{ client: 'desk', purpose: 'permit', subject: 'uscc:91', case: { item: 'I-7' } }],
    invented: (client) => {
      asked.push(client);
      return Promise.resolve(
        ['cn-id:1', 'uscc:2', 'uscc:3'].map((subject) => ({ subject, title: { zh: subject, en: `of ${subject}` } })),
      );
    },
    now: Date.parse('2026-06-01T00:00:00Z'),
  };
  const said: string[] = [];
  // client, purpose, datasets of two kinds of keys, then as proposed, and whatever is proposed
  const answers = ['', '', '1,3', '', '2', '', ''];
  const question = await buildQuestion(
    askable,
    (lines, prompt, proposed) => {
      said.push(...lines, `${prompt} [${proposed}]`);
      const answer = answers.shift() ?? t.fail('asked too often');
      return Promise.resolve(answer === '' ? proposed : String(answer));
    },
    'en',
  );
  t.same(question, {
    client: 'desk',
    purpose: 'permit',
    datasets: ['a.b', 'c.d'],
    subject: 'uscc:3',
    stated: { item: 'I-7', actor: 'sample' },
    sandbox: true,
  });
  t.same(asked, ['desk'], 'as the client that was chosen');
  const text = said.join('\n');
  t.match(text, /numbers, with commas \[1,2\][^]*keys of different kinds/);
  t.notMatch(text, /of cn-id:1/, 'nobody is offered who has no such key');
  t.equal(
    commandFor('yitong', question!, ''),
    'yitong query uscc:3 --datasets a.b,c.d --purpose permit --as desk --item I-7 --actor sample --sandbox',
  );
});

t.test('logs are for people, as they come', async (t) => {
  const file = join(t.testdir(), 'gateway.log');
  const line = (level: string, process: string, msg: string, more = {}): string =>
    `${JSON.stringify({ level, time: '2026-03-01T00:00:00.000Z', process, ...more, msg })}\n`;
  writeFileSync(
    file,
    line('debug', 'writer', 'not shown') +
      line('info', 'worker-1', 'ready', { port: 1 }) +
      line('error', 'writer', 'broken\u001b[2J', { err: { message: 'disk' } }) +
      '(node:1) Warning: words\n',
  );
  const all = await run('logs', file);
  t.same(all.stdout.trimEnd().split('\n'), [
    '2026-03-01 08:00:00  INFO   worker-1    ready  port=1',
    '2026-03-01 08:00:00  ERROR  writer      broken [2J  : disk',
    '(node:1) Warning: words',
  ]);
  t.match(JSON.parse((await run('logs', file, '--level', 'error', '--process', 'writer', '--json')).stdout), [
    { level: 'error', process: 'writer' },
  ]);
  t.equal((await run('logs', file, '--process', 'writer', '--since', '2026-03-02')).stdout, '');
  t.match(await run('logs', join(t.testdirName, 'none.log')), { code: 2, stderr: /no file/ });
  const follower = spawn(process.execPath, [cli, 'logs', file, '-f', '--level', 'warn'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => follower.kill());
  const lines = createInterface({ input: follower.stdout })[Symbol.asyncIterator]();
  t.match((await lines.next()).value, 'broken');
  t.match((await lines.next()).value, 'Warning: words');
  const late = line('warn', 'writer', 'late');
  appendFileSync(file, late.slice(0, 20));
  appendFileSync(file, late.slice(20));
  t.match((await lines.next()).value, /WARN {3}writer {6}late$/);
});
