/**
 * Whatever a Chinese page, document or command may have to say has Chinese words: no code, no id and no English word is
 * left for want of them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadSourceKinds } from '../../connectors/sources/load.js';
import { durationInWords } from '../../contracts/duration.js';
import { errorWords, errorWordsOf } from '../../contracts/error-words.js';
import { type ErrorCode, errorTable } from '../../contracts/errors.js';
import type { Localised } from '../../contracts/types.js';
import { factNames } from '../../gateway/documents/words/entry.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { ROLES, roleNames } from '../../gateway/ground/identity/person.js';
import { actionTable, actionWords, lookTable, lookWords } from '../../gateway/log/entries/actions.js';
import { eventTable } from '../../gateway/log/entries/events.js';
import { complianceSteps, gapNames, signInOutcomes, verdicts } from '../../gateway/log/entries/outcomes.js';
import { loadRules } from '../../gateway/procedures/watch/rule.js';
import { deliveryNames, formNames, reasonWords } from '../../policies/words.js';
import { latinIn } from '../http/console/latin.js';

/** What is wrong with words of a table, by what they name. */
function gaps(table: Readonly<Record<string, Localised>>): readonly string[] {
  return Object.entries(table).flatMap(([name, { zh, en }]) => [
    ...(/\p{Script=Han}/u.test(zh) ? [] : [`${name} has no Chinese words`]),
    ...latinIn(zh).map((word) => `${name}: \`${word}\``),
    ...(/[a-z]/.test(en) && !/\p{Script=Han}/u.test(en) ? [] : [`${name} has no English words`]),
  ]);
}
const each = <K extends string>(
  names: readonly K[],
  words: (name: K) => Localised,
): Readonly<Record<string, Localised>> => Object.fromEntries(names.map((name) => [name, words(name)]));

t.test('every error code has Chinese and English words, each its own', (t) => {
  const codes = Object.keys(errorTable) as ErrorCode[];
  t.ok(codes.length > 120);
  t.same(gaps(each(codes, errorWords)), []);
  const zh = codes.map((code) => errorWords(code).zh);
  t.same(
    zh.filter((words, i) => zh.indexOf(words) !== i),
    [],
    'no two are told alike',
  );
  t.match(errorWordsOf('of_another_version'), { zh: '原因未登记' });
  t.equal(errorWordsOf('toString').zh, '原因未登记');
  t.end();
});

t.test('every act and every look that the log records has words', (t) => {
  t.same(gaps(actionTable), []);
  t.same(gaps(lookTable), []);
  t.equal(actionWords('of_another_version').zh, '未登记的操作', 'of a log that a later version wrote');
  t.equal(lookWords('of_another_version').zh, '未登记的查阅');
  t.end();
});

t.test('every kind of event, role, delivery, form, reason has words', (t) => {
  t.same(gaps(eventTable), []);
  for (const table of [signInOutcomes, verdicts, complianceSteps, gapNames]) t.same(gaps(table), []);
  t.same(gaps(each([...ROLES], (role) => roleNames[role])), []);
  t.same(gaps(deliveryNames), []);
  t.same(gaps(formNames), []);
  for (const reason of [
    'not_granted',
    'rows_limited',
    'guess_limit',
    'bad_value',
    'not_comparable',
    'stale',
    'never-loaded',
    'unavailable',
    'error',
  ])
    t.same(gaps({ [reason]: reasonWords(reason) }), []);
  t.equal(reasonWords('of_another_version').zh, '原因未登记');
  t.end();
});

t.test('every kind of source says in both languages what it is', async (t) => {
  const kinds = await loadSourceKinds();
  t.ok(kinds.size >= 9);
  t.same(gaps(Object.fromEntries([...kinds].map(([kind, { title }]) => [kind, title]))), []);
});

t.test('every rule that watches the log, and every figure that it finds', async (t) => {
  const rules = await loadRules();
  t.same(
    gaps(
      Object.fromEntries(
        [...rules].flatMap(([name, { title, advice }]) => [
          [name, title],
          [`${name}: what to do`, advice],
        ]),
      ),
    ),
    [],
  );
  const folder = join(packageRoot(), 'gateway', 'procedures', 'watch', 'rules');
  const named = readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(/facts: \{([^}]*)\}/g)].flatMap(([, facts = '']) =>
        [...facts.matchAll(/(?:^|,)\s*(\w+)|'(\w+)'/g)].map(([, plain, quoted]) => plain ?? quoted ?? ''),
      ),
    );
  t.ok(named.includes('busiestBefore') && named.includes('authorities'));
  t.same(
    named.filter((name) => factNames[name] === undefined),
    [],
  );
  t.same(gaps(factNames), []);
});

t.test('a duration is told in words', (t) => {
  for (const [text, zh, en] of [
    ['PT1H', '1 小时', '1 hour'],
    ['P1D', '1 天', '1 day'],
    ['P7D', '7 天', '7 days'],
    ['P1W', '1 周', '1 week'],
    ['P1DT12H', '1 天 12 小时', '1 day 12 hours'],
    ['PT15M', '15 分钟', '15 minutes'],
    ['PT30S', '30 秒', '30 seconds'],
  ] as const)
    t.same(durationInWords(text), { zh, en });
  t.equal(durationInWords('watch'), undefined, 'that is none');
  t.end();
});
