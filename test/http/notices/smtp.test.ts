/** One message to a mail server: never in clear, never to one that nobody vouches for, and told apart whether to try again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Refused, sendMail } from '../../../gateway/http/notices/smtp.js';
import { initPki } from '../../../gateway/operate/pki/authority.js';
import { NotDelivered } from '../../../gateway/procedures/subscriptions/outlet.js';
import { MailServer, type Mood } from './mail-server.js';

const SUBJECT = '一通：3 项待办提醒，其中一项今日到期，另有两项将在一个工作日内到期';
const mail = { id: 'mail/x/1', to: 'wang@city.example', subject: SUBJECT, text: '一行\n.\n..又一行\n', at: 0 };

async function secretFile(t: Test): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'password');
  writeFileSync(file, 'well kept\n');
  return file;
}

const settings = (server: MailServer) => ({
  host: 'localhost',
  port: server.port,
  tls: server.implicit ? ('implicit' as const) : ('starttls' as const),
  caFile: server.ca,
  from: 'yitong@city.example',
});

const failure = (server: Parameters<typeof sendMail>[0]): Promise<unknown> =>
  sendMail(server, mail).then(
    () => undefined,
    (error: unknown) => error,
  );

for (const implicit of [false, true])
  t.test(`a message arrives as it was written, ${implicit ? 'over TLS' : 'after STARTTLS'}`, async (t) => {
    const server = await new MailServer(implicit).open(t);
    const passwordFile = await secretFile(t);
    await sendMail({ ...settings(server), user: 'yitong', passwordFile }, mail);
    const [first] = server.received;
    t.match(first, { to: mail.to, subject: SUBJECT, text: mail.text.replace(/\n/g, '\r\n') });
    t.same(server.signedIn, ['\0yitong\0well kept']);
    t.ok(first?.raw.split('\r\n').every((line) => line.length <= 78));
    t.same(
      server.clear.map((line) => line.split(' ')[0]),
      implicit ? [] : ['EHLO', 'STARTTLS'],
    );
    await sendMail(settings(server), mail);
    t.equal(server.received[1]?.id, first?.id, 'the same when it is sent again');
  });

t.test('a server that nobody vouches for is told nothing', async (t) => {
  for (const implicit of [false, true]) {
    const server = await new MailServer(implicit).open(t);
    const other = mkdtempSync(join(tmpdir(), 'yitong-test-'));
    t.teardown(() => rmSync(other, { recursive: true, force: true }));
    await initPki(other);
    const wrong = [{ caFile: join(other, 'ca.pem') }, { caFile: undefined }, { caFile: join(other, 'none.pem') }];
    for (const one of wrong) t.ok((await failure({ ...settings(server), ...one })) instanceof NotDelivered);
    t.equal(server.received.length, 0);
    t.notMatch(server.clear.join(), /MAIL|AUTH|wang/);
  }
});

t.test('what is no safe connection is left, and what fails is told apart', async (t) => {
  const expected: readonly (readonly [Mood, boolean])[] = [
    ['plain', false],
    ['injects', false],
    ['busy', false],
    ['full', true],
    ['cuts', false],
  ];
  for (const [mood, refused] of expected) {
    const server = await new MailServer().open(t);
    server.mood = mood;
    const error = await failure(settings(server));
    t.ok(error instanceof NotDelivered, mood);
    t.equal(error instanceof Refused, refused, mood);
    t.equal(server.received.length, mood === 'cuts' ? 1 : 0, mood);
    t.notMatch(server.clear.join(), /MAIL|AUTH|wang/, mood);
    t.notMatch(String(error), /wang|city/, 'no address in what is told of it');
  }
});

t.test('a server that says nothing is not waited for without end', async (t) => {
  const server = await new MailServer().open(t);
  server.mood = 'hangs';
  t.ok((await failure(settings(server))) instanceof NotDelivered);
});
