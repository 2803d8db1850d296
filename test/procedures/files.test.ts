/**
 * Files that come with an objection: taken by their content, sealed, seen by those who see the ticket, gone with it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { hideSubject } from '../../gateway/http/people/sessions.js';
import { SESSION_COOKIE } from '../../gateway/http/plugins/people.js';
import { formId } from '../../gateway/http/ui/form.js';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { stateOf } from '../../gateway/operate/backup/states.js';
import { MAX_FILE, typeOf } from '../../gateway/procedures/lifecycles/files.js';
import { openTickets, type TicketDeed, type Tickets } from '../../gateway/procedures/lifecycles/tickets.js';
import { until } from '../e2e/ask.js';
import { faces } from '../http/api/faces.js';
import { act, COMPANY, centre, company, filing, provider, stranger } from './acts.js';

const workspace = await loadWorkspace(packageRoot());
const RECORD = { ...COMPANY, recordId: '云市监罚〔2026〕18号' };
const START = Date.parse('2026-11-26T10:00:00+08:00');
const DAY = 86_400_000;
const SECRET = '付款凭证原文';
const pdf = Buffer.from(`%PDF-1.7\n${SECRET}\n%%EOF`);
const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.from(SECRET)]);
const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(SECRET)]);

t.test('a file is told by its content, never by its name', (t) => {
  t.same([pdf, png, jpeg].map(typeOf), ['application/pdf', 'image/png', 'image/jpeg']);
  for (const other of ['<html><script>alert(1)</script>', 'MZ\x90', ' %PDF-1.7', 'PK\x03\x04', ''])
    t.equal(typeOf(Buffer.from(other, 'latin1')), undefined);
  t.end();
});

type Filed = Parameters<Tickets['open']>[2];

async function desk(t: Test): Promise<{
  readonly tickets: Tickets;
  readonly dir: string;
  readonly clock: { now: number };
  readonly deeds: TicketDeed[];
  readonly filed: Filed;
}> {
  const dir = t.testdir();
  const clock = { now: START };
  const tickets = await openTickets({ dataDir: dir, workspace, now: () => clock.now, lag: 0 });
  t.teardown(() => tickets.close());
  const deeds: TicketDeed[] = [];
  return {
    tickets,
    dir,
    clock,
    deeds,
    filed: {
      ...filing,
      actor: company,
      record: (deed: TicketDeed) => Promise.resolve({ id: `w1:${String(deeds.push(deed))}`, json: '{}' }),
    },
  };
}
const filesIn = (dir: string): readonly string[] =>
  existsSync(join(dir, 'tickets', 'files'))
    ? readdirSync(join(dir, 'tickets', 'files'), { recursive: true, encoding: 'utf8' }).filter((path) =>
        path.includes('/'),
      )
    : [];

t.test('what comes with an act is on record, sealed on disk, and read by those who see the ticket', async (t) => {
  const { tickets, dir, deeds, filed } = await desk(t);
  const { head } = await tickets.open('objection', RECORD, {
    ...filed,
    files: [
      { name: 'C:\\文件\\凭证".exe', bytes: pdf },
      { name: '', bytes: png },
    ],
  });
  t.match(deeds[0], { detail: { act: 'file', files: 2 } });
  t.notMatch(JSON.stringify(deeds[0]?.detail), /凭证/, 'in clear there is no name');
  const [event] = (await tickets.get(head.id, company)).events;
  t.match(event?.files, [
    { name: '凭证.pdf', type: 'application/pdf', size: pdf.length },
    { name: 'file.png', type: 'image/png' },
  ]);
  const [first] = event?.files ?? [];
  t.same((await tickets.file(head.id, first?.id ?? '', company)).bytes, pdf);
  t.same((await tickets.file(head.id, first?.id ?? '', centre)).bytes, pdf, 'the centre, which handles it');
  for (const actor of [stranger, provider])
    await t.rejects(tickets.file(head.id, first?.id ?? '', actor), { code: 'not_found' });
  await t.rejects(tickets.file(head.id, '0123456789abcdef', company), { code: 'not_found' });
  t.equal(filesIn(dir).length, 2);
  for (const path of filesIn(dir)) {
    t.notOk(readFileSync(join(dir, 'tickets', 'files', path)).includes(SECRET), 'sealed');
    t.equal(stateOf(`tickets/files/${path}`)?.id, 'ticket-files', 'a backup has it');
  }
  writeFileSync(join(dir, 'tickets', 'files', head.id, first?.id ?? ''), 'changed');
  await t.rejects(
    tickets.file(head.id, first?.id ?? '', company),
    { code: 'log_invalid' },
    'what was changed is not given',
  );
});

t.test('what is not taken: another kind, too large, empty, too many, with an act that takes none', async (t) => {
  const { tickets, dir, deeds, filed } = await desk(t);
  const open = (files: readonly { readonly name: string; readonly bytes: Buffer }[]): Promise<unknown> =>
    tickets.open('objection', RECORD, { ...filed, files });
  await t.rejects(open([{ name: 'a.pdf', bytes: Buffer.from('<html>') }]), { code: 'file_type' });
  await t.rejects(open([{ name: 'a.pdf', bytes: Buffer.concat([pdf, Buffer.alloc(MAX_FILE)]) }]), {
    code: 'file_too_large',
  });
  await t.rejects(open([{ name: 'a.pdf', bytes: Buffer.alloc(0) }]), { code: 'file_too_large' });
  await t.rejects(open(Array.from({ length: 6 }, () => ({ name: 'a.pdf', bytes: pdf }))), { code: 'too_many_files' });
  t.same([deeds, filesIn(dir)], [[], []], 'nothing is on record and nothing on disk');
  const { head } = await tickets.open('objection', RECORD, filed);
  await t.rejects(tickets.act(head.id, { ...act(centre, 'mark'), files: [{ name: 'a.pdf', bytes: pdf }] }), {
    code: 'too_many_files',
  });
});

t.test('they go with their ticket, and with the key of their subject', async (t) => {
  const { tickets, dir, clock, filed } = await desk(t);
  const { head } = await tickets.open('objection', RECORD, { ...filed, files: [{ name: 'a.pdf', bytes: pdf }] });
  mkdirSync(join(dir, 'tickets', 'files', 'f'.repeat(16)));
  utimesSync(join(dir, 'tickets', 'files', 'f'.repeat(16)), START / 1000, START / 1000);
  await tickets.act(head.id, act(company, 'withdraw'));
  clock.now += 1100 * DAY;
  t.equal(await tickets.prune(clock.now - 1096 * DAY), 1);
  t.same(readdirSync(join(dir, 'tickets', 'files')), [], 'of that ticket, and of one that never came to be');
  const second = await tickets.open('objection', RECORD, { ...filed, files: [{ name: 'a.pdf', bytes: pdf }] });
  const [file] = second.events[0]?.files ?? [];
  const keys = openSubjectKeys({ dir: auditLayout(dir).subjectKeys, cache: 10 });
  t.teardown(() => keys.close());
  const secret = keys.get(COMPANY.subject);
  keys.destroy(secret?.pseudonym ?? '');
  const codeNow = async (): Promise<string> => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    try {
      return String((await tickets.file(second.head.id, file?.id ?? '', company)).size);
    } catch (error) {
      return (error as { readonly code: string }).code;
    }
  };
  t.equal(
    await until('the key to be forgotten', codeNow, (code) => code === 'not_found'),
    'not_found',
    'nobody opens it any more',
  );
});

t.test(
  'over the pages: a form with files files them; they are downloaded as files and nothing else; nobody else does',
  async (t) => {
    const here = await faces(t);
    const { sessions, kept } = here.people.people;
    const sign = (id: string, roles: readonly ('subject' | 'credit-centre' | 'data-officer')[], more: object = {}) =>
      sessions.create({ id, name: id, roles, subjects: [], ...more });
    const own = await sign('i|feng', ['subject'], { subjects: [COMPANY.subject] });
    const page = '/console/tickets/missing';
    const name = 'missing omission file';
    const send = (
      as: Awaited<ReturnType<typeof sign>>,
      files: readonly (readonly [string, string, Buffer])[],
      text = '登记簿中没有本企业的许可',
    ) => {
      const edge = '----form';
      const fields = {
        csrf: as.session.csrf,
        place: kept.sealPlace(as.session, page),
        form: formId(name),
        lifecycle: 'omission',
        act: 'file',
        of: hideSubject(as.session, COMPANY.subject),
        register: 'samr.food-licence',
        'field.missing': text,
      };
      const parts = [
        ...Object.entries(fields).map(([field, value]) =>
          Buffer.from(`--${edge}\r\ncontent-disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`),
        ),
        ...files.flatMap(([file, type, bytes]) => [
          Buffer.from(
            `--${edge}\r\ncontent-disposition: form-data; name="files"; filename="${file}"\r\ncontent-type: ` +
              `${type}\r\n\r\n`,
          ),
          bytes,
          Buffer.from('\r\n'),
        ]),
        Buffer.from(`--${edge}--\r\n`),
      ];
      return here.people.inject({
        method: 'POST',
        url: '/console/tickets',
        headers: {
          host: 'people.test',
          accept: 'text/html',
          cookie: `${SESSION_COOKIE}=${as.token}`,
          'content-type': `multipart/form-data; boundary=${edge}`,
        },
        payload: Buffer.concat(parts),
      });
    };
    const refused = await send(own, [['凭证.pdf', 'application/pdf', Buffer.from('<html>')]]);
    t.match(
      [refused.statusCode, refused.headers.location],
      [303, /\/console\/tickets\/missing\?kept=/],
      'the page of the form again',
    );
    const cookie = `${SESSION_COOKIE}=${own.token}; ${refused.cookies.map((one) => `${one.name}=${one.value}`).join('; ')}`;
    const again = await here.people.inject({
      url: String(refused.headers.location),
      headers: { host: 'people.test', accept: 'text/html', cookie },
    });
    t.match(again.body, /仅接收 PDF、JPEG、PNG 文件[^]*登记簿中没有本企业的许可/);
    t.match(again.body, /enctype="multipart\/form-data"/i);

    const sent = await send(own, [
      ['凭证.html', 'text/html', pdf],
      ['', 'application/octet-stream', Buffer.alloc(0)],
    ]);
    t.match([sent.statusCode, sent.headers.location], [303, /^\/console\/tickets\/[0-9a-f]{16}$/]);
    const ticket = String(sent.headers.location);
    const visit = (as: Awaited<ReturnType<typeof sign>>, url: string) =>
      here.people.inject({
        url,
        headers: { host: 'people.test', accept: 'text/html,*/*;q=0.8', cookie: `${SESSION_COOKIE}=${as.token}` },
      });
    const [, file = ''] =
      new RegExp(`href="(${ticket}/files/[0-9a-f]{16})"`).exec((await visit(own, ticket)).body) ?? [];
    const got = await visit(own, file);
    t.same(got.rawPayload, pdf);
    t.match(got.headers, {
      'content-type': 'application/pdf',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': `attachment; filename="evidence.pdf"; filename*=UTF-8''%E5%87%AD%E8%AF%81.pdf`,
    });
    t.ok(
      here.entries.some(({ body }) => body['action'] === 'ticket_file'),
      'on record',
    );
    here.healthy = false;
    t.equal((await visit(own, file)).statusCode, 503, 'without its entry it is not given');
    here.healthy = true;
    t.equal(
      (await visit(await sign('i|he', ['subject'], { subjects: ['uscc:91990102MA00001692'] }), file)).statusCode,
      404,
    );
    t.equal(
      (await visit(await sign('i|chen', ['data-officer'], { authority: 'samr' }), file)).statusCode,
      404,
      'not before it is forwarded',
    );
    t.equal((await visit(await sign('i|zhou', ['credit-centre'], { authority: 'data-bureau' }), file)).statusCode, 200);
    const late = await here.people.inject({
      method: 'POST',
      url: '/console/tickets',
      headers: { host: 'people.test', 'content-type': 'multipart/form-data; boundary=x' },
      payload: '--x\r\ncontent-disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--\r\n',
    });
    t.equal(late.statusCode, 401);
    t.equal(
      (
        await here.people.inject({
          method: 'POST',
          url: '/console/search',
          headers: {
            host: 'people.test',
            cookie: `${SESSION_COOKIE}=${own.token}`,
            'content-type': 'multipart/form-data; boundary=x',
          },
          payload: '--x--\r\n',
        })
      ).statusCode,
      403,
    );
    t.equal(
      (
        await here.people.inject({
          method: 'POST',
          url: '/verify',
          headers: { host: 'people.test', 'content-type': 'multipart/form-data; boundary=x' },
          payload: '--x--\r\n',
        })
      ).statusCode,
      415,
      'a form that brings no files takes none',
    );
  },
);
