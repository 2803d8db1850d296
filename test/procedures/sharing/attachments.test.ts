/** What is attached to an application and to a reply: what is taken, who sees it, how it is kept, and when it goes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import { blobsInFolder, blobsInState } from '../../../gateway/ground/state/blobs.js';
import { destroySharedKey, sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { dropIdleUploads } from '../../../gateway/procedures/cases/idle-uploads.js';
import {
  attach,
  attachmentOf,
  attachmentsOf,
  detach,
  filesNeeded,
  placesIn,
  usualPlace,
} from '../../../gateway/procedures/sharing/attachments.js';
import type { MatterActor, MatterDeed } from '../../../gateway/procedures/sharing/types.js';
import { until } from '../../e2e/ask.js';
import { SHARED, sharedState } from '../../support/shared-state.js';
import { supplied, townOver } from './town.js';
import { application, asContent, people, sharingOver } from './world.js';

t.setTimeout(120_000);
const NOW = Date.parse('2026-03-02T09:00:00+08:00');
const DAY = 86_400_000;
const ARREARS = 'tax.tax-arrears';
const code = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return error.code;
  }
};

/** A ZIP with empty files of these names. */
function zip(names: readonly string[], flags = 0): Buffer {
  const local: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const name of names) {
    const bytes = Buffer.from(name, 'utf8');
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(flags, 6);
    head.writeUInt16LE(bytes.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(bytes.length, 28);
    entry.writeUInt32LE(at, 42);
    local.push(head, bytes);
    list.push(entry, bytes);
    at += 30 + bytes.length;
  }
  const all = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(names.length, 8);
  end.writeUInt16LE(names.length, 10);
  end.writeUInt32LE(all.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, all, end]);
}
const authorityOf = (actor: MatterActor): string => (actor.kind === 'person' ? (actor.person.authority ?? '') : '');
const XLSX = ['[Content_Types].xml', 'xl/workbook.xml', 'xl/worksheets/sheet1.xml'];
const OFD = ['OFD.xml', 'Doc_0/Document.xml'];

for (const kind of SHARED)
  t.test(`attached, seen by whom, kept sealed, gone with the matter, ${kind}`, async (t) => {
    const state = await (await sharedState(t, kind))?.();
    if (state === undefined) return;
    const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    let now = NOW;
    const keys = await sharedSealingKeys(state);
    const blobs = kind === 'embedded' ? blobsInFolder(dir) : blobsInState(state, () => now);
    const ground = { state, blobs, keys, now: () => now };
    const { matters, act } = await sharingOver(state, { now: () => now });
    const deeds: MatterDeed[] = [];
    const record = (deed: MatterDeed) => Promise.resolve({ id: `w1:${String(deeds.push(deed))}`, json: '{}' });
    const [first, second] = application().datasets;
    const whole = { ...application(), datasets: [first, { ...second, dataset: 'samr.abnormal-list' }] };
    const draft = async (): Promise<string> =>
      (await matters.open('application', {}, act(people.officer, 'draft', { content: asContent(whole) }))).head.id;
    const id = await draft();
    const put = async (actor: MatterActor, bytes: Buffer, to = 'application', matter = id) => {
      const seen = await matters.get(matter, actor);
      const by = { matter: seen, authority: authorityOf(actor), role: 'sharing-officer', record };
      return attach(ground, by, { to, kind: 'basis', bytes });
    };
    const seen = async (actor: MatterActor): Promise<readonly string[]> =>
      (await attachmentsOf(state, await matters.get(id, actor), authorityOf(actor))).map(
        ({ to, type }) => `${to} ${type}`,
      );

    t.equal(await code(put(people.officer, Buffer.from('plain words'))), 'attachment_type');
    t.equal(await code(put(people.officer, zip(['a.txt']))), 'attachment_type', 'a ZIP of another kind');
    t.equal(await code(put(people.officer, zip([...XLSX, 'xl/vbaProject.bin']))), 'file_active', 'a macro');
    t.equal(await code(put(people.officer, zip([...OFD, 'Doc_0/run.js']))), 'file_active');
    t.equal(await code(put(people.officer, zip(XLSX, 1))), 'file_encrypted');
    t.equal(await code(put(people.officer, zip(XLSX).subarray(0, 60))), 'file_damaged');
    t.equal(await code(put(people.officer, Buffer.from('%PDF-1.7 and nothing more'))), 'file_damaged');
    t.same(deeds, [], 'of what was not taken nothing is on record');
    t.equal(await code(put(people.head, zip(OFD))), 'act_refused', 'who consents writes nothing');

    const ofd = await put(people.officer, zip(OFD));
    await put(people.officer, zip(XLSX));
    t.match(deeds[0], {
      action: 'sharing_file',
      target: id,
      detail: { act: 'attach', file: ofd.id, to: 'application', type: 'application/ofd', digest: ofd.digest },
    });
    const sealed = await blobs.get({ folder: id, name: ofd.id });
    t.ok(sealed !== undefined && !sealed.includes('OFD.xml'), 'nobody reads it where it stands');
    const given = await attachmentOf(ground, await matters.get(id, people.officer), ofd.id, 'transport');
    t.same(await given.bytes(), zip(OFD));
    t.equal(await code(matters.get(id, people.taxOfficer)), 'not_found', 'a draft is of one department');

    await matters.act(id, act(people.head, 'approve'));
    await matters.act(id, act(people.officer, 'file'));
    t.same(placesIn(await matters.get(id, people.officer)), [], 'what was filed is not added to');
    t.equal(await code(put(people.officer, zip(OFD))), 'act_refused');
    t.same(await seen(people.taxOfficer), ['application application/ofd', `application ${XLSX_TYPE}`]);
    await put(people.taxOfficer, zip(OFD), `reply/${ARREARS}`);
    t.equal(
      await code(put(people.taxOfficer, zip(OFD), 'reply/samr.abnormal-list')),
      'act_refused',
      'not another’s reply',
    );
    t.equal((await seen(people.taxHead)).length, 3);
    t.equal((await seen(people.officer)).length, 2, 'what goes with a reply is none before its head has agreed');
    t.equal((await seen(people.samrOfficer)).length, 2, 'nor of another provider, ever');
    const reply = {
      fields: [
        { path: 'amount', decision: 'agree' },
        { path: 'taxKind', decision: 'agree' },
      ],
    };
    await matters.act(id, act(people.taxOfficer, 'propose', { part: ARREARS, content: asContent(reply) }));
    await matters.act(id, act(people.taxHead, 'agree', { part: ARREARS }));
    t.equal((await seen(people.officer)).length, 3);
    t.equal((await seen(people.samrOfficer)).length, 2);

    const other = await draft();
    const mine = await put(people.officer, zip(XLSX), 'application', other);
    const by = async (actor: MatterActor) => ({
      matter: await matters.get(other, actor),
      authority: authorityOf(actor),
      role: 'sharing-officer',
      record,
    });
    await detach(ground, await by(people.officer), mine.id);
    t.equal(await blobs.get({ folder: other, name: mine.id }), undefined, 'what is removed is gone');
    t.equal(deeds.at(-1)?.detail['digest'], mine.digest, 'and that it was there stays on record');
    await put(people.officer, zip(XLSX), 'application', other);
    await matters.act(other, act(people.officer, 'withdraw'));
    now = Date.now() + 3 * DAY;
    const others = (folder: string) => filesNeeded({ state, keys }, folder);
    await dropIdleUploads({ state, keys, blobs, others }, now);
    t.equal((await blobs.names(other)).size, 0, 'with a matter that was withdrawn its files go');
    t.equal((await blobs.names(id)).size, 3, 'those of one that stands do not');
  });

for (const kind of SHARED)
  t.test(
    `evidence of a correction: from both sides, until it is over, and gone with its subject, ${kind}`,
    async (t) => {
      const state = await (await sharedState(t, kind))?.();
      if (state === undefined) return;
      const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
      t.teardown(() => rmSync(dir, { recursive: true, force: true }));
      const keys = await sharedSealingKeys(state);
      const blobs = kind === 'embedded' ? blobsInFolder(dir) : blobsInState(state, () => NOW);
      const ground = { state, blobs, keys, now: () => NOW };
      const town = await townOver(t, state, { now: () => NOW });
      const { id: whole } = await supplied(town);
      const subject = 'uscc:91990105MA0000193X';
      const file = async (): Promise<string> => {
        const content = asContent({ dataset: ARREARS, recordId: 'VAT' });
        const fields = { wrong: '所属期与完税证明不一致' };
        return (await town.open('correction', people.officer, 'file', { opening: { subject }, content, fields })).head
          .id;
      };
      const deeds: MatterDeed[] = [];
      const record = (deed: MatterDeed) => Promise.resolve({ id: `w1:${String(deeds.push(deed))}`, json: '{}' });
      const by = async (actor: MatterActor, matter: string) => ({
        matter: await town.matters.get(matter, actor),
        authority: authorityOf(actor),
        role: 'sharing-officer',
        record,
      });
      const put = async (actor: MatterActor, matter: string) =>
        attach(ground, await by(actor, matter), { to: 'record', kind: 'evidence', bytes: zip(OFD) });
      const id = await file();
      const mine = await put(people.officer, id);
      const theirs = await put(people.taxOfficer, id);
      t.equal(usualPlace(await town.matters.get(id, people.officer)), 'record');
      for (const actor of [people.officer, people.taxOfficer]) {
        const seen = await attachmentsOf(state, await town.matters.get(id, actor), authorityOf(actor));
        t.same(
          seen.map((one) => [one.id, one.to]),
          [
            [mine.id, 'record'],
            [theirs.id, 'record'],
          ],
        );
      }
      t.equal(await code(by(people.samrOfficer, id)), 'not_found', 'nobody else');
      t.match(deeds[0], { action: 'sharing_file', subject, about: { digest: mine.digest } });
      t.notOk('digest' in (deeds[0]?.detail ?? {}), 'what tells of their papers stands under their key');
      t.equal(await code(put(people.officer, whole)), 'act_refused', 'an application has its own places');
      await detach(ground, await by(people.taxOfficer, id), theirs.id);
      t.match(deeds.at(-1), { subject, about: { digest: theirs.digest } });

      for (const step of ['check', 'correct', 'feed-back']) {
        const fields = step === 'check' ? {} : { [step === 'correct' ? 'correction' : 'feedback']: '已按完税证明更正' };
        await town.does(id, people.taxOfficer, step, { fields });
      }
      t.same(placesIn(await town.matters.get(id, people.officer)), [], 'what is over is not added to');
      t.equal(await code(put(people.officer, id)), 'act_refused');
      const given = await attachmentOf(ground, await town.matters.get(id, people.officer), mine.id, 'transport');
      t.same(await given.bytes(), zip(OFD), 'and stays to be read');

      const later = Date.now() + 3 * DAY;
      const clean = () =>
        dropIdleUploads({ state, keys, blobs, others: (folder) => filesNeeded({ state, keys }, folder) }, later);
      await clean();
      t.same([...(await blobs.names(id)).keys()], [mine.id]);
      const open = await file();
      t.ok(await destroySharedKey(state, subject));
      // a key is known for a second after another replica destroyed it
      const read = async (): Promise<string> => {
        const seen = await town.matters.get(id, people.officer);
        return code((await attachmentOf(ground, seen, mine.id, 'transport')).bytes());
      };
      t.equal(await until('the key to be forgotten', read, (found) => found !== 'done'), 'not_found');
      t.equal(await code(put(people.officer, open)), 'act_refused', 'nor is anything added about who was erased');
      await clean();
      t.equal((await blobs.names(id)).size, 0, 'and what nobody can read goes');
    },
  );
const XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
