import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type Person, personOf, ROLES } from '../../../gateway/ground/identity/person.js';
import { hideSubject, openSessions, type Sessions, shownSubject } from '../../../gateway/http/people/sessions.js';

const MINUTE = 60_000;
const person: Person = { id: 'https://id.test|1', name: '林', roles: ['auditor'], subjects: [] };

function world(t: Test): {
  readonly sessions: Sessions;
  readonly other: Sessions;
  readonly clock: { now: number };
  readonly dataDir: string;
} {
  const dataDir = t.testdir();
  const clock = { now: 1_700_000_000_000 };
  const options = { dataDir, now: () => clock.now, idleMs: 15 * MINUTE, maxMs: 8 * 60 * MINUTE };
  const [sessions, other] = [openSessions(options), openSessions(options)];
  t.teardown(async () => {
    await sessions.close();
    await other.close();
  });
  return { sessions, other, clock, dataDir };
}

t.test('a session ends when it is idle, when it is old, and when its person says so; in every worker', async (t) => {
  const { sessions, other, clock } = world(t);
  const { token } = await sessions.create(person);
  t.match(await other.find(token), { person: { id: person.id } });
  clock.now += 14 * MINUTE;
  t.ok(await other.find(token));
  clock.now += 14 * MINUTE;
  t.ok(await sessions.find(token), 'used meanwhile');
  clock.now += 15 * MINUTE + 1;
  t.equal(await sessions.find(token), undefined, 'idle');

  const long = (await sessions.create(person)).token;
  for (let minutes = 0; minutes < 480; minutes += 10) {
    t.ok(await sessions.find(long));
    clock.now += 10 * MINUTE;
  }
  clock.now += 1;
  t.equal(await sessions.find(long), undefined, 'old, however busy');

  const left = (await sessions.create(person)).token;
  t.match(await other.end(left), { person: { id: person.id } });
  t.equal(await sessions.find(left), undefined);
  t.equal(await sessions.end(left), undefined);
});

t.test('a sign-in comes back once, in time, and is no session', async (t) => {
  const { sessions, other, clock } = world(t);
  const pending = { state: 's', nonce: 'n', verifier: 'v', returnTo: '/console' };
  const token = await sessions.begin(pending);
  t.equal(await sessions.find(token), undefined);
  t.match(await other.take(token), pending);
  t.equal(await sessions.take(token), undefined, 'once');
  const late = await sessions.begin(pending);
  clock.now += 10 * MINUTE + 1;
  t.equal(await sessions.take(late), undefined);
  const session = (await sessions.create(person)).token;
  t.equal(await sessions.take(session), undefined, 'a session is no sign-in');
  for (const wrong of ['', 'x', '../..', token.slice(1), `${token}a`]) t.equal(await sessions.find(wrong), undefined);
});

t.test('the file of sessions signs nobody in', async (t) => {
  const { sessions, dataDir } = world(t);
  const { token } = await sessions.create(person);
  const file = join(dataDir, 'people', 'sessions');
  t.equal(statSync(file).mode & 0o077, 0);
  t.notOk(readFileSync(file).includes(token));
});

t.test("a subject's name in an address is of one session only, and cannot be made up", async (t) => {
  const { sessions } = world(t);
  const [a, b] = [(await sessions.create(person)).session, (await sessions.create(person)).session];
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), fc.nat(), (subject, at) => {
      const hidden = hideSubject(a, subject);
      const changed = Buffer.from(hidden, 'base64url');
      const place = at % changed.length;
      changed[place] = (changed[place] ?? 0) ^ 1;
      return (
        shownSubject(a, hidden) === Buffer.from(subject).toString('utf8') &&
        hidden === hideSubject(a, subject) &&
        shownSubject(b, hidden) === undefined &&
        shownSubject(a, changed.toString('base64url')) === undefined
      );
    }),
  );
  t.equal(shownSubject(a, 'x'), undefined);
});

t.test('a role counts only if it is spelt exactly and says what it is about', (t) => {
  const names = { roles: 'r', authority: 'a', subjects: 's' };
  const of = (claims: Record<string, unknown>): readonly string[] =>
    personOf('https://id.test', { sub: '1', ...claims }, names).roles;
  t.same(of({}), []);
  t.same(of({ r: 'auditor' }), ['auditor']);
  t.same(of({ r: ['Auditor', 'root', '*', 'auditor ', 5, null] }), []);
  t.same(of({ r: ROLES }), ['auditor', 'sharing-authority'], 'no authority, no subject');
  t.same(of({ r: ROLES, a: 'tax', s: ['uscc:1'] }), ROLES);
  t.same(of({ r: { auditor: true } }), []);
  t.end();
});
