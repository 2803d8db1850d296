/** Names of many subjects at once: those that the log goes by, made where there are none; and the sums beneath them. */
import { createHmac, createSecretKey } from 'node:crypto';
import t from 'tap';
import { hmacUnder } from '../../gateway/log/entries/hmac.js';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { randomOf } from '../support/conformance/state-model.js';

t.test('a sum is what the platform says, whatever is summed', (t) => {
  const random = randomOf(3);
  const bytes = (most: number): Buffer =>
    Buffer.from(Array.from({ length: Math.floor(random() * most) }, () => Math.floor(random() * 256)));
  for (let round = 0; round < 500; round++) {
    const key = createSecretKey(Buffer.concat([Buffer.of(round % 256), bytes(63)]));
    const sum = hmacUnder(key);
    for (const text of ['', 'uscc:91990102MA00001692', '云州'.repeat(1 + Math.floor(random() * 300))]) {
      const more = bytes(400);
      const known = createHmac('sha256', key).update(text).update(more).digest();
      if (!sum(text, more).equals(known)) t.fail(`another sum in round ${String(round)}`);
    }
  }
  t.throws(() => hmacUnder(createSecretKey(Buffer.alloc(65, 1))), RangeError);
  t.end();
});

t.test('names are those that entries have, made once, and others after an erasure', async (t) => {
  const keys = openSubjectKeys({ dir: t.testdir() });
  const beside = openSubjectKeys({ dir: keys.dir });
  t.teardown(() => Promise.all([keys.close(), beside.close()]));
  const subjects = Array.from({ length: 300 }, (_, n) => `uscc:${String(n)}`);
  beside.ensure(subjects.slice(0, 100));
  const names = keys.names(subjects);
  t.equal(new Set(names).size, subjects.length);
  t.strictSame(
    subjects.map((subject) => beside.get(subject)?.pseudonym),
    names,
  );
  t.strictSame(keys.names(subjects.toReversed()), names.toReversed(), 'in the order asked, and the same again');
  t.ok(beside.destroy(names[7] ?? ''));
  const after = keys.names(subjects);
  t.not(after[7], names[7], 'a name that was destroyed leads nowhere');
  t.strictSame(after.toSpliced(7, 1), [...names].toSpliced(7, 1));
});
