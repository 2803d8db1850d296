/** What is said of an error never repeats what somebody sent or a source holds, and still says where to look. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { YitongError } from '../../../contracts/errors.js';
import { counter, exposition, type Family, gauge, merge } from '../../../gateway/ground/counts/families.js';
import { asText, openLog } from '../../../gateway/ground/logging/log.js';
import { errorInLog, inWords } from '../../../gateway/ground/logging/words.js';
import { parsed, promtool, promtoolForTest } from './rules.js';

const NAME = '欧阳修竹 13800138477';
const caught = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

t.test('errors of others keep their messages to themselves', (t) => {
  const foreign = [
    caught(() => JSON.parse(`{"name":"${NAME}"`)),
    caught(() => BigInt(NAME)),
    caught(() => new URL(NAME)),
    caught(() => NAME in (NAME as unknown as object)),
    Object.assign(new Error(`duplicate key value: Key (name)=(${NAME}) already exists`), {
      code: '23505',
      detail: NAME,
      where: NAME,
    }),
    Object.assign(new Error('x'), { code: NAME }),
    NAME,
    new Error(NAME, { cause: new TypeError(NAME) }),
    new YitongError('internal', 'the row could not be written', { cause: new RangeError(NAME) }),
  ];
  for (const error of foreign) t.notMatch(`${inWords(error)} ${JSON.stringify(errorInLog(error))}`, /欧阳|13800/);
  t.match(inWords(foreign[0]), /^SyntaxError at JSON\.parse/);
  t.match(errorInLog(foreign[8]), {
    type: 'YitongError',
    code: 'internal',
    message: 'the row could not be written',
    cause: { type: 'RangeError' },
  });
  t.end();
});

t.test("our own messages, the system's and the engine's are said", (t) => {
  t.equal(inWords(new YitongError('spool_full', 'the spool is full')), 'the spool is full [spool_full]');
  t.match(inWords(caught(() => readFileSync('/nowhere/at-all'))), /^ENOENT: .*\/nowhere\/at-all/);
  const nothing = undefined as unknown as { readonly rows: object };
  t.match(inWords(caught(() => nothing.rows)), /^Cannot read properties of undefined \(reading 'rows'\)$/);
  t.match(errorInLog(caught(() => nothing.rows)).stack?.[0], /words\.test/);
  t.end();
});

t.test('a log writes nothing below its level, JSON or text', (t) => {
  const lines: string[] = [];
  const json = openLog('supervisor', { format: 'json', level: 'warn' }, (line) => lines.push(line));
  json('info', 'not worth it');
  json('error', 'line\nbreak', { err: new Error(NAME), feed: 'a.b' }, 'worker-1');
  t.equal(lines.length, 1);
  t.match(JSON.parse(lines[0] ?? ''), {
    level: 'error',
    process: 'worker-1',
    feed: 'a.b',
    err: { type: 'Error' },
    msg: 'line\nbreak',
  });
  t.equal(lines[0]?.split('\n').length, 2, 'one line');
  const text: string[] = [];
  openLog('x', { format: 'text', level: 'info' }, (line) => text.push(line))('warn', 'the bus is away', {}, 'writer');
  asText((line) => text.push(line)).write(
    '{"level":"error","process":"worker-1","err":{"message":"no","code":"internal"},"msg":"request failed"}\n',
  );
  t.strictSame(text, ['warn: writer: the bus is away\n', 'error: worker-1: request failed: no [internal]\n']);
  t.end();
});

const label = fc.string({ unit: 'grapheme', maxLength: 20 });

t.test('whatever a label holds comes back as it was', (t) => {
  fc.assert(
    fc.property(label, fc.double({ noNaN: true }), (text, value) => {
      const [sample] = parsed(exposition([gauge('yitong_ready', [[{ part: text }, value]])])).samples;
      t.equal(
        sample?.labels['part']?.replace(/\\(.)/gs, (_, one: string) => (one === 'n' ? '\n' : one)),
        text,
      );
      const read =
        sample?.value === undefined || Number.isNaN(sample.value) ? (value > 0 ? Infinity : -Infinity) : sample.value;
      t.equal(read, value === 0 ? 0 : value);
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test('sums over processes do not depend on their order, and nothing is counted twice or left out', (t) => {
  const family = fc
    .array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 1000 })), { maxLength: 5 })
    .map(
      (given): Family =>
        counter(
          'yitong_alerts_total',
          [...new Map(given)].map(([rule, n]) => [{ rule }, n] as const),
        ),
    );
  const total = (families: readonly Family[]): number =>
    families.flatMap(({ values }) => values).reduce((sum, { value }) => sum + value, 0);
  fc.assert(
    fc.property(fc.array(family, { maxLength: 6 }), (all) => {
      const merged = merge(all.map((one) => [one]));
      t.equal(total(merged), total(all));
      const of = (families: readonly Family[]): Record<string, number> =>
        Object.fromEntries(
          families.flatMap(({ values }) => values).map(({ labels, value }) => [String(labels['rule']), value]),
        );
      t.same(of(merge(all.toReversed().map((one) => [one]))), of(merged));
    }),
    { numRuns: 200 },
  );
  t.strictSame(
    merge([[gauge('yitong_bus_up', 1)], [gauge('yitong_bus_up', 3)]])[0]?.values[0]?.value,
    3,
    'a gauge is the worst of them unless it says otherwise',
  );
  t.strictSame(gauge('yitong_bus_up', undefined).values, [], 'what is not known has no sample');
  t.end();
});

if (promtoolForTest(t) === true) {
  void t.test('Prometheus reads what is written', (t) => {
    const { ok, said } = promtool(
      ['check', 'metrics'],
      exposition([
        {
          ...gauge('yitong_witness_up', [[{ witness: 'x"y\\z\n', state: 2 }, 1e-7]]),
          help: 'a "help" with \\ and\na break',
        },
        counter('yitong_journal_given_back_bytes_total', 3),
      ]),
    );
    t.ok(ok && said === '', said);
    t.end();
  });
}
