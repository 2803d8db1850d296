/**
 * The index of names: what is taken for one name, what is found by a part of it, and that it is what the topic says,
 * over renames, removals, restarts and other topics.
 */
import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fit, normalName, soughtOf } from '../../../gateway/documents/names/normal.js';
import { type NameChange, NamesReader, NamesWriter } from '../../../gateway/documents/names/store.js';

t.setTimeout(180_000);

const FORMS = ['有限公司', '股份有限公司', '有限责任公司', '公司'];

void t.test('width, case, spaces, punctuation and traditional characters make no difference', async (t) => {
  for (const [one, other] of [
    ['云州安光快餐有限公司', '雲州安光快餐有限公司'],
    ['云州ＡＢＣ餐饮', '云州abc餐饮'],
    [' 云州　安光 快餐 ', '云州安光快餐'],
    ['云州安光（东湖）快餐', '云州安光(东湖)快餐'],
    ['云州·安光“快餐”', '云州安光快餐'],
    ['雲州龍鳳樓飲食實業', '云州龙凤楼饮食实业'],
    ['云州１２３货运', '云州123货运'],
  ] as const)
    t.equal(normalName(one), normalName(other), `${one} ${other}`);
  t.not(normalName('云州安光快餐'), normalName('云州安光餐饮'));
});

void t.test('a legal form at the end makes no difference, and is no question by itself', async (t) => {
  t.equal(soughtOf('云州安光快餐有限责任公司', FORMS), '云州安光快餐');
  t.equal(soughtOf('安光', FORMS), '安光');
  for (const short of ['', ' ', '云', '有限公司', '股份有限公司', '公司', '（）'])
    t.equal(soughtOf(short, FORMS), undefined, `\`${short}\``);
  const name = '云州安光快餐股份有限公司';
  t.strictSame(
    [
      fit(name, '云州安光快餐', FORMS),
      fit(name, '云州安光', FORMS),
      fit(name, '安光', FORMS),
      fit(name, '安明', FORMS),
    ],
    [0, 1, 2, undefined],
  );
});

/** A small generator of numbers, the same for the same seed. */
function draws(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PARTS = ['云州', '安光', '明月', '江海', '餐饮', '快餐', '物流', '实业', '有限公司', '分公司'];

async function model(t: Test, seed: number, steps: number): Promise<void> {
  const dir = t.testdir();
  const draw = draws(seed);
  let source = 'topic 1';
  let writer = NamesWriter.open(dir);
  await writer.follow(source);
  /** What the topic holds, and what of it is on disk. */
  let log: NameChange[] = [];
  let taken = 0;
  let flushed = 0;
  const nameOf = (): string => Array.from({ length: 2 + draw(4) }, () => PARTS[draw(PARTS.length)] ?? '').join('');
  const stands = (upTo: number): Map<string, string> => {
    const names = new Map<string, string>();
    for (const { record, name } of log.slice(0, upTo)) {
      if (name === undefined) names.delete(record);
      else names.set(record, name);
    }
    return names;
  };
  const compare = async (): Promise<void> => {
    const reader = NamesReader.open(dir);
    if (reader === undefined) throw new Error('there is no index');
    const sought = soughtOf(nameOf(), FORMS) ?? '云州';
    const expected = [...stands(flushed)]
      .filter(([, name]) => name.includes(sought))
      .map(([record]) => record.replace(/\|.*$/s, ''))
      .sort();
    const { companies, more } = await reader.find(sought, FORMS, 10_000);
    if (JSON.stringify(companies.map(({ subject }) => subject).sort()) !== JSON.stringify(expected) || more)
      t.fail(`seed ${String(seed)}: \`${sought}\``, { expected, found: companies });
    const few = await reader.find(sought, FORMS, 3);
    if (few.companies.length !== Math.min(3, expected.length) || few.more !== expected.length > 3)
      t.fail(`seed ${String(seed)}: of ${String(expected.length)} the first three`);
    const ranks = companies.map(({ name }) => fit(name, sought, FORMS) ?? 9);
    if (ranks.some((rank, i) => i > 0 && (ranks[i - 1] ?? 0) > rank))
      t.fail(`seed ${String(seed)}: the best do not come first`);
    await reader.close();
  };
  for (let step = 0; step < steps; step++) {
    const what = draw(20);
    if (what < 12) {
      const record = `uscc:${String(draw(60))}|${draw(5) === 0 ? 'a\n\0b' : ''}`;
      log.push({ partition: 0, offset: log.length, record, name: draw(4) === 0 ? undefined : normalName(nameOf()) });
    } else if (what < 16) {
      // some of it comes again
      writer.take(log.slice(Math.max(0, taken - draw(5))));
      taken = log.length;
      if (writer.next(0) !== taken) t.fail(`seed ${String(seed)}: it does not go on where it was`);
    } else if (what < 18) {
      await writer.flush();
      flushed = taken;
      await compare();
    } else if (what === 18) {
      // killed, or stopped: what was not written is read again
      await writer.close();
      writer = NamesWriter.open(dir);
      await writer.follow(source);
      taken = flushed;
      if (writer.next(0) !== flushed) t.fail(`seed ${String(seed)}: after a restart it goes on at another place`);
    } else if (draw(6) === 0) {
      source = `topic ${String(step)}`;
      await writer.follow(source);
      log = [];
      taken = 0;
      flushed = 0;
      await compare();
    }
  }
  await writer.close();
}

void t.test('it is what the topic says, over renames, removals, repeats, restarts and other topics', async (t) => {
  for (let seed = 1; seed <= 25; seed++) await model(t, seed, 160);
  t.pass('25 runs of 160 steps');
});

void t.test(
  'there is nothing to read before its writer has made it, and a reader sees what was written since',
  async (t) => {
    const dir = t.testdir();
    t.equal(NamesReader.open(dir), undefined);
    const writer = NamesWriter.open(dir);
    await writer.follow('x');
    const reader = NamesReader.open(dir);
    t.strictSame((await reader?.find('安光', FORMS, 3))?.companies, []);
    writer.take([{ partition: 0, offset: 0, record: 'uscc:1|', name: '云州安光快餐有限公司' }]);
    await writer.flush();
    t.match((await reader?.find('安光', FORMS, 3))?.companies, [{ subject: 'uscc:1', name: '云州安光快餐有限公司' }]);
    t.strictSame((await reader?.find('uscc', FORMS, 3))?.companies, [], 'a key is no name');
    await reader?.close();
    await writer.close();
  },
);

void t.test('one that was cut short is thrown away and read anew', async (t) => {
  const dir = t.testdir();
  const first = NamesWriter.open(dir);
  await first.follow('x');
  first.take(
    Array.from({ length: 3000 }, (_, n) => ({
      partition: 0,
      offset: n,
      record: `uscc:${String(n)}|`,
      name: `云州安光${String(n)}有限公司`,
    })),
  );
  await first.flush();
  await first.close();
  const file = join(dir, 'names', 'index.mdb');
  truncateSync(file, statSync(file).size / 2);
  t.equal(NamesReader.open(dir), undefined, 'nobody reads what is not whole');
  const second = NamesWriter.open(dir);
  await second.follow('x');
  t.equal(second.next(0), 0);
  await second.close();
});
