/** Who knows one look-up of a subject, whole, learns nothing of its others from what the log publishes. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { commitmentOf } from '../../gateway/log/proof/journal.js';
import { leafHash } from '../../gateway/log/proof/merkle.js';
import { ENTRY_BYTES, parseBundle, tilePath } from '../../gateway/log/proof/tiles.js';
import { openBodies } from '../../gateway/log/store/bodies.js';
import { journalOf, sequencerOf } from './filled.js';

t.setTimeout(300_000);

/** What stands behind one leaf, and what is published of it. */
interface Leaf {
  readonly subject: number;
  readonly salt: Buffer;
  readonly body: Buffer;
  readonly published: Buffer;
}

/** A sequence of look-ups, through journal and sequencer; every body but its subject part is the same. */
async function lookUps(data: string, subjects: readonly number[]): Promise<Leaf[]> {
  const journal = await journalOf(data);
  for (const subject of subjects)
    await journal.append({
      clear: '{"type":"released","time":"2026-01-01T00:00:00.000Z","client":"bank-app"}',
      subject: { subject: `uscc:${subject}`, json: '{"caseId":"c-1"}' },
    });
  await journal.close();
  const sequencer = sequencerOf(data);
  await sequencer.runOnce();
  await sequencer.stop();
  const layout = auditLayout(data);
  const bundle = readFileSync(join(layout.log, tilePath('entries', 0, subjects.length)));
  const tile = readFileSync(join(layout.log, tilePath(0, 0, subjects.length)));
  const commitments = parseBundle(bundle, subjects.length);
  const bodies = openBodies(layout.bodies, layout.index);
  try {
    return subjects.map((subject, index) => {
      const stored = bodies.read(index);
      if (stored?.kind !== 'present') throw new Error(`entry ${index} is not there`);
      if (!commitmentOf(stored.salt, stored.body).equals(commitments[index] ?? Buffer.alloc(0)))
        throw new Error('the bundle is of other entries');
      return {
        subject,
        salt: stored.salt,
        body: stored.body,
        published: Buffer.concat([
          bundle.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES),
          tile.subarray(index * 32, (index + 1) * 32),
        ]),
      };
    });
  } finally {
    bodies.close();
  }
}

const WINDOW = 8;
const windows = (bytes: Buffer): Set<string> =>
  new Set(Array.from({ length: bytes.length - WINDOW + 1 }, (_, at) => bytes.toString('latin1', at, at + WINDOW)));
const shared = (a: Buffer, b: Buffer): string[] => {
  const of = windows(b);
  return [...windows(a)].filter((one) => of.has(one));
};

/** Everything that both can be made of what is known of one leaf, as a salt for another. */
function derived({ salt, body, published }: Leaf, index: number): Buffer[] {
  const subject = Buffer.from(
    (JSON.parse(body.toString('utf8')) as { subject: { pseudonym: string } }).subject.pseudonym,
    'hex',
  );
  const counter = (by: number): Buffer => {
    const moved = Buffer.from(salt);
    moved.writeInt32BE((moved.readInt32BE(28) + by) | 0, 28);
    return moved;
  };
  const sha = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
  const place = Buffer.from([index]);
  return [
    salt,
    Buffer.from(salt).reverse(),
    counter(1),
    counter(-1),
    counter(index),
    sha(salt),
    sha(salt, place),
    sha(salt, body),
    sha(body, salt),
    sha(salt, subject),
    sha(subject),
    sha(subject, place),
    Buffer.concat([subject, subject]),
    published.subarray(2, 34),
    published.subarray(34),
    createHmac('sha256', salt).update(body).digest(),
    createHmac('sha256', salt).update(subject).digest(),
    createHmac('sha256', salt).update(place).digest(),
    Buffer.alloc(32),
  ];
}

/** What would let a reader who has `known` whole recognise `other`; undefined if nothing does. */
function recognised(known: Leaf, other: Leaf, index: number): string | undefined {
  const commitment = other.published.subarray(2, 34);
  // the strongest guess that there is: the other body, byte for byte
  for (const salt of derived(known, index)) {
    const guess = commitmentOf(salt, other.body);
    if (guess.equals(commitment) || leafHash(guess).equals(other.published.subarray(34)))
      return 'its commitment can be made again';
  }
  if (shared(known.salt, other.salt).length > 0) return 'the salts share bytes';
  for (const word of [known.salt, known.body])
    if (shared(word, other.published).length > 0) return 'what is published shares bytes with what is known';
  return undefined;
}

/** The first fault of a log, in words. */
function linked(leaves: readonly Leaf[]): string | undefined {
  const same = new Set<string>();
  const different = new Set<string>();
  for (const [i, a] of leaves.entries()) {
    for (const [j, b] of leaves.entries()) {
      if (i === j) continue;
      for (const one of shared(a.published, b.published)) (a.subject === b.subject ? same : different).add(one);
      if (a.subject !== b.subject) continue;
      const how = recognised(a, b, j);
      if (how !== undefined) return `from entry ${i} entry ${j} of the same subject is known: ${how}`;
    }
  }
  const more = [...same].filter((one) => !different.has(one));
  return more.length === 0
    ? undefined
    : `two look-ups of one subject share ${more.length} strings of ${WINDOW} bytes that others do not`;
}

const sequence = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 24 });

t.test(
  'two look-ups of one subject have no more in common in the published log than those of two subjects, and one ' +
    'that is known whole leads to no other',
  async (t) => {
    const base = t.testdir();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(sequence, async (subjects) => {
        const fault = linked(await lookUps(join(base, String(count++)), subjects));
        if (fault !== undefined) throw new Error(fault);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  },
);

t.test('what is published has the same files of the same length whoever was asked about', async (t) => {
  const shape = (data: string): string[] => {
    const { log } = auditLayout(data);
    return readdirSync(log, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && !one.name.endsWith('vkey'))
      .map((one) => join(one.parentPath, one.name))
      .map((file) => `${file.slice(log.length)} ${statSync(file).size}`)
      .sort();
  };
  const base = t.testdir();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(sequence, async (subjects) => {
      const [one, other] = [join(base, `a${count}`), join(base, `b${count++}`)];
      await lookUps(one, subjects);
      await lookUps(
        other,
        subjects.map((_, i) => i),
      );
      t.same(shape(one), shape(other));
    }),
    { numRuns: 5, endOnFailure: true },
  );
});

t.test('the same check finds a log whose salts come from the subject, from each other, or are none', (t) => {
  const bodyOf = (subject: number, at: number) =>
    Buffer.from(
      `{"type":"released","n":${at},"subject":{"pseudonym":"${String(subject).padStart(32, '0')}","enc":"${randomBytes(24).toString('base64')}"}}`,
    );
  const logOf = (saltOf: (subject: number, at: number) => Buffer): Leaf[] =>
    [0, 1, 0, 2, 1, 0].map((subject, at) => {
      const [salt, body] = [saltOf(subject, at), bodyOf(subject, at)];
      const commitment = commitmentOf(salt, body);
      return {
        subject,
        salt,
        body,
        published: Buffer.concat([Buffer.from([0, 32]), commitment, leafHash(commitment)]),
      };
    });
  const seed = randomBytes(32);
  const counted = (at: number): Buffer => {
    const salt = Buffer.from(seed);
    salt.writeUInt32BE(at, 28);
    return salt;
  };
  t.equal(linked(logOf(() => randomBytes(32))), undefined);
  t.match(
    linked(logOf((subject) => createHash('sha256').update(`salt of ${subject}`).digest())),
    /can be made again|share/,
    'one salt a subject',
  );
  t.match(linked(logOf((_, at) => counted(at))), /can be made again|share/, 'salts that count');
  t.match(linked(logOf(() => Buffer.alloc(32))), /can be made again|share/, 'no salt');
  const pseudonym = (subject: number): Buffer => Buffer.from(String(subject).padStart(32, '0'), 'hex');
  t.match(
    linked(
      logOf((subject, at) =>
        createHash('sha256')
          .update(pseudonym(subject))
          .update(Buffer.from([at]))
          .digest(),
      ),
    ),
    /can be made again/,
    'salts from pseudonym and place',
  );
  t.end();
});
