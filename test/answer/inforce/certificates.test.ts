/**
 * A certificate that is replaced in its files is taken as a whole, with its key, or not at all; its end is said before
 * it comes.
 */
import { X509Certificate } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  type CertificateAct,
  type FollowedCertificates,
  followCertificates,
  type Pair,
  readPair,
} from '../../../gateway/answer/inforce/certificates.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';

const DAY = 86_400_000;

interface Place {
  readonly dir: string;
  readonly cert: string;
  readonly key: string;
  readonly taken: Pair[];
  readonly acts: CertificateAct[];
  readonly logged: string[];
  warnings: readonly string[];
  readonly left: number[];
  stale: boolean;
  now: number;
  follow(): Promise<FollowedCertificates>;
  /** A new certificate and key, somewhere else. */
  issue(now?: Date): Promise<{ readonly cert: string; readonly key: string; readonly fingerprint: string }>;
}

async function place(t: Test, cert = 'cert.pem', key = 'key.pem'): Promise<Place> {
  const dir = t.testdir();
  let count = 0;
  const here: Place = {
    dir,
    cert: join(dir, cert),
    key: join(dir, key),
    taken: [],
    acts: [],
    logged: [],
    warnings: [],
    left: [],
    stale: false,
    now: Date.now(),
    follow: () =>
      followCertificates({
        certificates: [{ name: 'server', cert: here.cert, key: here.key, take: (pair) => void here.taken.push(pair) }],
        now: () => here.now,
        log: (level, message) => void here.logged.push(`${level} ${message}`),
        onAct: (act) => void here.acts.push(act),
        onWarnings: (warnings) => (here.warnings = warnings),
        figures: {
          certificateSecondsLeft: (_name, seconds) => void here.left.push(seconds),
          certificateStale: (_name, stale) => (here.stale = stale),
        },
      }),
    async issue(now = new Date()) {
      const pki = join(dir, `pki-${String(count++)}`);
      await initPki(pki);
      const files = await issueServer(pki, [], { now });
      return {
        ...files,
        fingerprint: new X509Certificate(await readFile(files.cert)).fingerprint256.replaceAll(':', '').toLowerCase(),
      };
    },
  };
  return here;
}
const put = async (from: string, to: string): Promise<void> => {
  await copyFile(from, `${to}.new`);
  await rename(`${to}.new`, to);
};
/** Enough looks for files that are still. */
const looks = async (following: FollowedCertificates): Promise<void> => {
  for (let i = 0; i < 3; i++) await following.look();
};

t.test('a new pair is taken once both files are there, and stands in the log', async (t) => {
  const here = await place(t);
  const [first, second] = [await here.issue(), await here.issue()];
  await put(first.cert, here.cert);
  await put(first.key, here.key);
  const following = await here.follow();
  t.match(here.acts, [
    { action: 'certificate_in_force', target: 'server', detail: { start: true, fingerprint: first.fingerprint } },
  ]);
  await looks(following);
  t.equal(here.taken.length, 1, 'what does not change is not taken again');
  await put(second.cert, here.cert);
  await looks(following);
  t.equal(here.taken.at(-1)?.fingerprint, first.fingerprint, 'a certificate without its key changes nothing');
  t.match(here.warnings, [
    /the server certificate on disk is not taken since .*; the one of before is in force: .*key\.pem`: the key is not that of the certificate/,
  ]);
  t.equal(here.stale, true);
  await put(second.key, here.key);
  await looks(following);
  t.equal(here.taken.at(-1)?.fingerprint, second.fingerprint);
  t.equal(here.taken.at(-1)?.key, await readFile(second.key, 'utf8'));
  t.match(here.acts.at(-1), { detail: { before: first.fingerprint, fingerprint: second.fingerprint } });
  t.equal(here.acts.length, 2);
  t.same(here.warnings, []);
  t.equal(here.stale, false);
});

t.test('a folder behind a link that is swapped, as a mounted secret is, is taken', async (t) => {
  const here = await place(t, 'link/cert.pem', 'link/key.pem');
  const [first, second] = [await here.issue(), await here.issue()];
  for (const [name, files] of [
    ['one', first],
    ['two', second],
  ] as const) {
    await mkdir(join(here.dir, name));
    await copyFile(files.cert, join(here.dir, name, 'cert.pem'));
    await copyFile(files.key, join(here.dir, name, 'key.pem'));
  }
  await symlink('one', join(here.dir, 'link'));
  const following = await here.follow();
  await symlink('two', join(here.dir, 'link.new'));
  await rename(join(here.dir, 'link.new'), join(here.dir, 'link'));
  await looks(following);
  t.same(
    here.taken.map(({ fingerprint }) => fingerprint),
    [first.fingerprint, second.fingerprint],
  );
  t.same(here.warnings, []);
});

t.test(
  'what is not fit is not taken: half a file, a certificate that is over or not yet good, none at all',
  async (t) => {
    const here = await place(t);
    const first = await here.issue();
    await put(first.cert, here.cert);
    await put(first.key, here.key);
    const following = await here.follow();
    const whole = await readFile(first.cert, 'utf8');
    const [over, early] = [
      await here.issue(new Date(Date.now() - 400 * DAY)),
      await here.issue(new Date(Date.now() + 10 * DAY)),
    ];
    const cases: readonly (readonly [what: string, act: () => Promise<unknown>, why: RegExp])[] = [
      ['half a file', () => writeFile(here.cert, whole.slice(0, 200)), /holds no certificate/],
      ['no key', () => put(first.cert, here.key), /key\.pem`: the (file holds no private key)|holds no certificate/],
      ['over', () => put(over.cert, here.cert).then(() => put(over.key, here.key)), /the certificate ended on/],
      ['not yet good', () => put(early.cert, here.cert).then(() => put(early.key, here.key)), /not good before/],
      ['nothing', () => rename(here.key, join(here.dir, 'gone')), /cannot be read/],
    ];
    for (const [what, act, why] of cases) {
      await act();
      await looks(following);
      t.equal(here.taken.length, 1, what);
      t.match(here.warnings[0], why, what);
      t.ok(
        here.logged.some((line) => line.startsWith('error') && why.test(line)),
        what,
      );
    }
    await put(first.cert, here.cert);
    await put(first.key, here.key);
    await looks(following);
    t.same(here.warnings, []);
  },
);

t.test('the end of a certificate is said at 30 days, 7 days, a day, and when it is over; each once', async (t) => {
  const here = await place(t);
  const first = await here.issue();
  await put(first.cert, here.cert);
  await put(first.key, here.key);
  const until = Date.parse(new X509Certificate(await readFile(first.cert)).validTo);
  const following = await here.follow();
  const seen: (readonly string[])[] = [];
  for (const days of [31, 29, 28, 6, 0.5, -1]) {
    here.now = until - days * DAY;
    await looks(following);
    seen.push(here.warnings.map((warning) => warning.replace(/ on \S+/, '')));
  }
  const [month, over] = [['the server certificate ends within 30 days'], ['the server certificate ended']];
  t.same(
    seen.map((list) => list.map((text) => text.replace(',', ''))),
    [
      [],
      month,
      month,
      ['the server certificate ends within 7 days'],
      ['the server certificate ends within a day'],
      over,
    ],
  );
  t.equal(here.logged.filter((line) => line.includes('the server certificate end')).length, 4);
  t.ok((here.left.at(-1) ?? 0) < 0);
});

void t.test('a start in the middle of a swap waits for the other file, and is refused where none comes', async (t) => {
  const here = await place(t);
  const [first, second] = [await here.issue(), await here.issue()];
  await put(first.cert, here.cert);
  await put(second.key, here.key);
  const reading = readPair(here);
  await put(second.cert, here.cert);
  t.equal((await reading).fingerprint, second.fingerprint, 'the certificate came after its key');
  await put(first.cert, here.cert);
  await t.rejects(readPair(here), { code: 'bad_config', message: 'the key is not that of the certificate' });
});
