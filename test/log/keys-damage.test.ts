/**
 * The keys of subjects: what is lost or damaged is refused or said by its pseudonym, and never made anew in silence.
 */
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isYitongError } from '../../contracts/errors.js';
import { openSubjectKeys, refuseLostKeys, SubjectKeyDamaged } from '../../gateway/log/entries/keys.js';
import { damagedKeyAlerts } from '../../gateway/procedures/watch/subject-key-check.js';
import { randomOf } from '../tools/faults/random.js';

const SUBJECTS = Array.from({ length: 60 }, (_, i) => `uscc:${String(i)}`);
const FILES = ['secret', 'subjects', 'halves'] as const;

interface Made {
  readonly dir: string;
  /** Subject → pseudonym and key. */
  readonly before: ReadonlyMap<string, string>;
}

async function make(t: Test): Promise<Made> {
  const dir = join(t.testdir(), 'keys');
  // the same bytes each time, so that a flip that finds something is found again
  const random = randomOf(5, 'bytes');
  const keys = openSubjectKeys({
    dir,
    randomBytes: (size) => Buffer.from(Array.from({ length: size }, () => random.between(0, 255))),
  });
  keys.ensure(SUBJECTS);
  const before = new Map(SUBJECTS.map((subject) => [subject, textOf(keys.get(subject))]));
  await keys.close();
  return { dir, before };
}
const textOf = (secret: ReturnType<ReturnType<typeof openSubjectKeys>['get']>): string =>
  secret === undefined ? 'none' : `${secret.pseudonym} ${secret.key.export().toString('hex')}`;
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return isYitongError(error) ? error.code : String(error);
  }
};

t.test(
  'a file of the store that is gone, emptied or cut is refused, and so is the whole folder where journals have entries',
  async (t) => {
    const { dir } = await make(t);
    const whole = `${dir}.whole`;
    cpSync(dir, whole, { recursive: true });
    for (const name of FILES) {
      for (const how of ['removed', 'emptied', 'cut'] as const) {
        rmSync(dir, { recursive: true });
        cpSync(whole, dir, { recursive: true });
        const file = join(dir, name);
        if (how === 'removed') rmSync(file);
        else truncateSync(file, how === 'emptied' ? 0 : Math.floor(readFileSync(file).length / 2));
        t.equal(
          codeOf(() => openSubjectKeys({ dir })),
          'store_damaged',
          `${name} ${how}`,
        );
      }
    }
    const data = t.testdir();
    const layout = { journals: join(data, 'journal'), subjectKeys: join(data, 'audit', 'keys') };
    t.equal(
      codeOf(() => refuseLostKeys(layout)),
      'none',
      'a new data folder',
    );
    mkdirSync(join(layout.journals, 'w1-00000000'), { recursive: true });
    t.equal(
      codeOf(() => refuseLostKeys(layout)),
      'none',
      'no journal has an entry',
    );
    writeFileSync(join(layout.journals, 'w1-00000000', '00000001.seg'), 'x');
    t.equal(
      codeOf(() => refuseLostKeys(layout)),
      'store_damaged',
    );
  },
);

t.test('another secret than the one that the records were made under is refused', async (t) => {
  const { dir } = await make(t);
  const file = join(dir, 'secret');
  const bytes = readFileSync(file);
  bytes[7] = (bytes[7] ?? 0) ^ 4;
  writeFileSync(file, bytes);
  t.equal(
    codeOf(() => openSubjectKeys({ dir })),
    'store_damaged',
  );
});

t.test('of a flipped store each key is the one that it was, or is said to be damaged; none is made anew', async (t) => {
  const { dir, before } = await make(t);
  const whole = `${dir}.whole`;
  cpSync(dir, whole, { recursive: true });
  const random = randomOf(5, 'keys');
  const wrong: string[] = [];
  let damaged = 0;
  for (let round = 0; round < 80; round++) {
    const at = `${dir}.${String(round)}`;
    mkdirSync(at);
    for (const name of FILES) copyFileSync(join(whole, name), join(at, name));
    const file = join(at, random.pick(['subjects', 'subjects', 'halves'] as const));
    const bytes = readFileSync(file);
    for (let i = random.between(1, 8); i > 0; i--) {
      const byte = random.between(0, bytes.length - 1);
      bytes[byte] = (bytes[byte] ?? 0) ^ (1 << random.between(0, 7));
    }
    writeFileSync(file, bytes);
    let keys: ReturnType<typeof openSubjectKeys>;
    try {
      keys = openSubjectKeys({ dir: at });
    } catch (error) {
      if (isYitongError(error) && error.code === 'store_damaged') damaged++;
      else wrong.push(String(error));
      continue;
    }
    const named = new Set(await keys.damaged());
    for (const [subject, was] of before) {
      try {
        keys.ensure([subject]);
        const now = textOf(keys.get(subject));
        if (now !== was) wrong.push(`round ${String(round)}: a key was made anew`);
      } catch (error) {
        if (!(error instanceof SubjectKeyDamaged)) wrong.push(String(error));
        else if (error.pseudonym !== undefined && !named.has(error.pseudonym))
          wrong.push('a damaged key was not found by looking for it');
        damaged++;
      }
    }
    await keys.close();
  }
  t.strictSame(wrong.slice(0, 5), []);
  t.ok(damaged > 20, `${String(damaged)} said`);
});

t.test(
  'a damaged key raises one alert by its pseudonym, never by the subject; the others go on; an erasure of it mends it',
  async (t) => {
    const { dir, before } = await make(t);
    const [subject = ''] = SUBJECTS;
    const pseudonym = before.get(subject)?.split(' ')[0] ?? '';
    const file = join(dir, 'halves');
    const halves = readFileSync(file);
    // the first one given out stands behind the head of the file
    halves.fill(0, 32, 64);
    writeFileSync(file, halves);
    const keys = openSubjectKeys({ dir });
    t.teardown(() => keys.close());
    const alerts = await damagedKeyAlerts(keys, 1000, new AbortController().signal);
    t.match(alerts, [{ rule: 'subject-key', subject: pseudonym }]);
    t.equal(alerts.length, 1);
    t.notOk(JSON.stringify(alerts).includes(subject));
    t.equal(
      codeOf(() => keys.get(subject)),
      'store_damaged',
    );
    t.equal(textOf(keys.get(SUBJECTS[1] ?? '')), before.get(SUBJECTS[1] ?? ''));
    t.ok(keys.destroy(pseudonym));
    keys.ensure([subject]);
    t.not(textOf(keys.get(subject)), 'none');
    t.strictSame(await keys.damaged(), []);
  },
);
