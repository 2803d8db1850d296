import t from 'tap';
import { present } from '../../contracts/present.js';
import type { ReadEntry } from '../../gateway/log/store/reading.js';
import { accessReader } from '../../gateway/procedures/watch/access.js';
import { type Access, type Finding, loadRules, readThresholds } from '../../gateway/procedures/watch/rule.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Monday, midnight in Shanghai. */
const MONDAY = Date.parse('2026-03-02T00:00:00+08:00');
const place = { file: 'yitong.json' };
const rules = await loadRules();
const thresholds = readThresholds(rules, {}, place);

type Parts = Partial<Access> & { readonly time: number };
const access = (index: number, parts: Parts): Access => ({
  index,
  client: 'counter',
  authority: 'samr',
  purpose: 'licence',
  weight: 1,
  subject: `s-${index}`,
  answered: true,
  found: true,
  step: 0,
  actor: `a-${index % 9}`,
  case: `c-${index}`,
  ...parts,
});

/**
 * `days` ordinary days: five clients of four authorities at working hours, a nightly batch, now and then a subject
 * without records.
 */
function* ordinary(days: number): Generator<Parts> {
  for (let day = 0; day < days; day++) {
    const start = MONDAY + day * DAY;
    // in the order of time: the night's batch, then the day
    if (day % 7 < 5)
      for (let chunk = 0; chunk < 10; chunk++)
        yield {
          time: start + 2 * HOUR + chunk * 1000,
          client: 'credit',
          authority: 'ndrc',
          purpose: 'credit-report',
          weight: 100,
          subject: '',
          actor: '',
          case: '',
        };
    if (day % 7 >= 5) continue;
    const many = 900 + ((day * 37) % 200);
    for (let n = 0; n < many; n++) {
      const of = n % 5;
      yield {
        time: start + 9 * HOUR + Math.floor((n / many) * 8 * HOUR),
        client: `client-${of}`,
        authority: `authority-${of % 4}`,
        purpose: of === 0 && n % 2 === 0 ? 'inspection' : 'licence',
        subject: `s-${(n * 7919 + day * 31) % 5000}`,
        actor: `${of}-${n % 6}`,
        case: `${day}-${n}`,
        found: n % 9 !== 0,
        step: ([0, 1, 0, 0, -1] as const)[(Math.imul(n + day, 2_654_435_761) >>> 8) % 5] ?? 0,
      };
    }
  }
}

/** What all rules find in a stream. */
function found(stream: Iterable<Parts>): (Finding & { readonly rule: string })[] {
  const watching = [...thresholds].map(([name, own]) => ({ name, rule: rules.get(name)?.begin(own, undefined) }));
  const findings: (Finding & { rule: string })[] = [];
  let index = 0;
  for (const parts of stream) {
    const one = access(index++, parts);
    const { subject, actor, case: stated, ...rest } = one;
    const plain: Access = {
      ...rest,
      ...(subject === '' || subject === undefined ? {} : { subject }),
      ...(actor === '' || actor === undefined ? {} : { actor }),
      ...(stated === '' || stated === undefined ? {} : { case: stated }),
    };
    for (const { name, rule } of watching) {
      const finding = rule?.see(plain);
      if (finding !== undefined) findings.push({ rule: name, ...finding });
    }
  }
  return findings;
}

const DAYS = 28;
const day = MONDAY + DAYS * DAY;
const planted = (more: Iterable<Parts>): Iterable<Parts> =>
  (function* (): Generator<Parts> {
    yield* ordinary(DAYS);
    yield* more;
  })();
const times = (n: number, make: (i: number) => Parts): Parts[] => Array.from({ length: n }, (_, i) => make(i));

t.test('an auditor is left alone on ordinary days', (t) => {
  t.same(found(ordinary(60)), []);
  t.end();
});

t.test('a client that asks far more than ever is told', (t) => {
  const alerts = found(
    planted(
      times(2000, (i) => ({
        time: day + 10 * HOUR + i * 100,
        client: 'client-1',
        authority: 'authority-1',
        actor: '',
        case: '',
        subject: `s-${i}`,
      })),
    ),
  );
  t.same(
    alerts.map(({ rule, client }) => [rule, client]),
    [['volume', 'client-1']],
  );
  t.equal(alerts[0]?.entries.length, 100);
  t.end();
});

t.test('a client that asks at night is told, once a night', (t) => {
  const alerts = found(
    planted(
      times(60, (i) => ({
        time: day + 3 * HOUR + i * 20_000,
        client: 'client-2',
        authority: 'authority-2',
        actor: '',
        case: '',
      })),
    ),
  );
  t.match(alerts, [{ rule: 'hour', client: 'client-2', facts: { hour: 3, weekend: 0 } }]);
  t.equal(alerts[0]?.entries.length, 20);
  t.end();
});

t.test('a purpose that a client never stated is told', (t) => {
  const alerts = found(
    planted([
      { time: day + 10 * HOUR, client: 'client-3', authority: 'authority-3', purpose: 'curiosity' },
      { time: day + 10 * HOUR + 1, client: 'client-3', authority: 'authority-3', purpose: 'curiosity' },
    ]),
  );
  t.match(alerts, [{ rule: 'purpose', client: 'client-3', facts: { purpose: 'curiosity' }, entries: [Number] }]);
  t.equal(alerts.length, 1);
  t.end();
});

t.test('a subject that many look up is told', (t) => {
  const alerts = found(
    planted(
      times(8, (i) => ({
        time: day + 10 * HOUR + i * 60_000,
        client: `new-${i}`,
        authority: `authority-${i % 3}`,
        subject: 'star',
        actor: '',
        case: '',
      })),
    ),
  );
  t.match(alerts, [{ rule: 'subject', subject: 'star', facts: { clients: 6 } }]);
  t.equal(alerts.length, 1);
  t.same(
    found(
      planted(
        times(8, (i) => ({
          time: day + 10 * HOUR + i * 20 * 60_000,
          client: `new-${i}`,
          authority: `authority-${i % 3}`,
          subject: 'star',
          actor: '',
          case: '',
        })),
      ),
    ),
    [],
    'over hours they are no crowd',
  );
  t.end();
});

t.test('a client that tries numbers is told, whether it jumps or goes in order', (t) => {
  const jumps = found(
    planted(
      times(300, (i) => ({
        time: day + 10 * HOUR + i * 10_000,
        client: 'client-4',
        authority: 'authority-0',
        subject: `try-${i}`,
        found: i % 3 === 0,
        actor: '',
        case: '',
      })),
    ),
  );
  t.match(jumps, [{ rule: 'enumeration', client: 'client-4', facts: { subjects: 200 } }]);
  const order = found(
    planted(
      times(25, (i) => ({
        time: day + 10 * HOUR + i * 10_000,
        client: 'client-4',
        authority: 'authority-0',
        subject: `n-${i}`,
        step: 1,
        actor: '',
        case: '',
      })),
    ),
  );
  t.match(order, [{ rule: 'enumeration', client: 'client-4', facts: { sequence: 20 } }]);
  t.same(
    found(
      planted(
        times(300, (i) => ({
          time: day + 10 * HOUR + i * 10_000,
          client: 'client-4',
          authority: 'authority-0',
          subject: `on-record-${i}`,
          actor: '',
          case: '',
        })),
      ),
    ),
    [],
    'many that are on record are work',
  );
  t.end();
});

t.test('an actor with more cases than a shift holds is told', (t) => {
  const alerts = found(
    planted(
      times(120, (i) => ({
        time: day + 9 * HOUR + i * 60_000,
        client: 'client-1',
        authority: 'authority-1',
        actor: 'busy',
        case: `x-${i}`,
      })),
    ),
  );
  t.match(alerts, [{ rule: 'actor', client: 'client-1', actor: 'busy', facts: { cases: 80 } }]);
  t.equal(alerts.length, 1);
  t.end();
});

t.test('a rule or threshold that does not exist refuses the start', (t) => {
  t.throws(() => readThresholds(rules, { volumes: {} }, place), {
    code: 'bad_config',
    message: /unknown rule `volumes`/,
  });
  t.throws(() => readThresholds(rules, { volume: { factors: 3 } }, place), {
    code: 'bad_config',
    message: /unknown key `factors`/,
  });
  t.throws(() => readThresholds(rules, { volume: { factor: 0 } }, place), {
    code: 'bad_config',
    message: /at least 1/,
  });
  t.match(readThresholds(rules, { volume: { factor: 5 }, hour: false }, place).get('volume'), {
    factor: 5,
    least: 500,
  });
  t.equal(readThresholds(rules, { hour: false }, place).has('hour'), false);
  t.end();
});

t.test('registers that are asked for a report look like nobody who tries numbers', (t) => {
  const entry = (index: number, report?: string): ReadEntry =>
    ({
      index,
      references: {},
      opened: { subject: `uscc:9199010${String(index)}MA00001234`, details: {} },
      body: {
        type: 'released',
        time: new Date(MONDAY).toISOString(),
        client: 'credit',
        authority: 'data',
        purpose: 'credit-report',
        subject: { pseudonym: `p-${String(index)}`, enc: 'x' },
        datasets: [{ dataset: 'a.b', effect: 'allow', records: 0 }],
        ...present({ report }),
      },
    }) as unknown as ReadEntry;
  const read = accessReader();
  t.match(read(entry(1)), { answered: true, found: false, subject: 'p-1' });
  t.match(read(entry(2, 'credit')), { answered: false, found: false, step: 0, subject: 'p-2' });
  t.end();
});
