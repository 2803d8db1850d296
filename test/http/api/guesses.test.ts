/** The limit of guesses is one for all who count, wherever it is counted. */
import t, { type Test } from 'tap';
import { secretIn } from '../../../gateway/ground/state/secret.js';
import { type Guesses, guessesIn, openGuesses } from '../../../gateway/http/api/verify/guesses.js';
import { SHARED, type SharedKind, sharedState } from '../../support/shared-state.js';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-26T01:00:00Z');
const guess = (value: string, subject = 's') => ({ client: 'c', subject, dataset: 'd', field: 'f', value });

/** Two who count together; undefined where this machine has no such store. */
async function pair(t: Test, kind: 'files' | SharedKind): Promise<readonly [Guesses, Guesses] | undefined> {
  const dir = t.testdir();
  const open = kind === 'files' ? undefined : await sharedState(t, kind);
  if (kind !== 'files' && open === undefined) return undefined;
  const made = async (): Promise<Guesses> => {
    if (open === undefined) return openGuesses(dir, 10);
    const state = await open();
    return guessesIn(state, 10, await secretIn(state, 'guesses'));
  };
  const both = [await made(), await made()] as const;
  t.teardown(() => Promise.all(both.map((one) => one.close())));
  return both;
}

for (const kind of ['files', ...SHARED] as const) {
  t.test(`${kind}: of many guesses at two places at once so many are admitted as there may be`, async (t) => {
    const both = await pair(t, kind);
    if (both === undefined) return;
    const admitted = await Promise.all(
      Array.from({ length: 30 }, (_, i) => both[i % 2 === 0 ? 0 : 1].admit([guess(String(i))], NOW)),
    );
    t.equal(admitted.flat().filter((one) => one).length, 10);
    const values = admitted.flatMap(([one], i) => (one === true ? [String(i)] : []));
    t.same(
      await both[1].admit(
        values.map((value) => guess(value)),
        NOW + DAY - 1,
      ),
      values.map(() => true),
      'again',
    );
    t.same(await both[0].admit([guess('new'), guess('new', 'another')], NOW + DAY - 1), [false, true]);
    t.same(await both[1].admit([guess('new')], NOW + DAY), [true], 'a day later they are forgotten');
  });

  t.test(`${kind}: claims of one request count like claims of many`, async (t) => {
    const both = await pair(t, kind);
    if (both === undefined) return;
    const many = Array.from({ length: 12 }, (_, i) => guess(String(i)));
    t.same(
      await both[0].admit([...many, guess('3')], NOW),
      [...many.map((_, i) => i < 10), true],
      'the same value again is no other guess',
    );
  });
}
