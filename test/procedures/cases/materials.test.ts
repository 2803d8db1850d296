/** Materials of cases over a state: who gets which, supplements, erasure, and what nobody needs any more. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import { type Blobs, blobsInFolder } from '../../../gateway/ground/state/blobs.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { openSubjectKeys } from '../../../gateway/log/entries/keys.js';
import { type SealingKeys, sealingKeysOf } from '../../../gateway/log/entries/sealing-keys.js';
import { openCases } from '../../../gateway/procedures/cases/cases.js';
import { dropIdleUploads } from '../../../gateway/procedures/cases/idle-uploads.js';
import { developmentDrivers } from '../../../gateway/procedures/cases/ports.js';
import type { CaseActor, CaseDeed, Cases } from '../../../gateway/procedures/cases/types.js';
import { examplePlan } from '../../../gateway/procedures/materials/example.js';
import { plainPdf } from '../materials/files.js';
import { applicantOf, bundles, calendar, elements, named, officer, START, saying, written } from './office.js';

t.setTimeout(240_000);

const DAY = 86_400_000;
interface Here {
  readonly cases: Cases;
  readonly deeds: CaseDeed[];
  readonly ground: { readonly state: State; readonly keys: SealingKeys; readonly blobs: Blobs };
  readonly record: (deed: CaseDeed) => Promise<{ readonly id: string; readonly json: string }>;
  readonly filesOf: (id: string) => readonly string[];
  erase(subject: string): void;
}

function here(t: Test): Here {
  const dir = t.testdir();
  const own = openSubjectKeys({ dir: join(dir, 'keys') });
  const keys = sealingKeysOf(join(dir, 'keys'));
  const state = openEmbeddedState({ dir: join(dir, 'state') });
  t.teardown(async () => {
    await keys.close();
    await own.close();
    await state.close();
  });
  const blobs = blobsInFolder(dir);
  const deeds: CaseDeed[] = [];
  const ground = { state, keys, blobs };
  return {
    deeds,
    ground,
    cases: openCases({
      bundles,
      elements,
      calendar,
      ...ground,
      requiresUploads: true,
      now: () => START,
      registers: (bundle, known, id) => saying(bundle.usual.registers)(bundle, known, id),
      drivers: developmentDrivers(elements),
    }),
    record: (deed) => Promise.resolve({ id: `w1:${String(deeds.push(deed))}`, json: '{}' }),
    filesOf: (id) => {
      try {
        return readdirSync(join(dir, 'blobs', id));
      } catch {
        return [];
      }
    },
    erase: (subject) => void own.destroy(own.get(subject)?.pseudonym ?? ''),
  };
}

const bundle = named('open-restaurant');
const who = applicantOf(bundle);
const bytes = (file: Buffer) => () => Promise.resolve(file);
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (isYitongError(error)) return error.code;
    throw error;
  }
};

async function draft({ cases, record }: Here): Promise<string> {
  const how = { actor: who, record };
  const { id } = await cases.open(bundle.id, how);
  await cases.act(id, { act: 'save', answers: bundle.usual.answers, values: written(bundle) }, how);
  return id;
}
async function sign({ cases, record }: Here, id: string): Promise<void> {
  const how = { actor: who, record };
  for (const port of ['identity', 'signature'] as const)
    if ((await cases.get(id, how)).acts.some((one) => one.port === port))
      await cases.act(id, { act: 'step', step: 'fill', port }, how);
}

t.test('a case is submitted with what it needs, and nothing of it is changed after it was signed', async (t) => {
  const city = here(t);
  const { cases, record } = city;
  const how = { actor: who, record };
  const id = await draft(city);
  await sign(city, id);
  t.equal(await codeOf(cases.act(id, { act: 'submit' }, how)), 'act_incomplete', 'without its plan');
  t.match((await cases.form(id, how)).missing, [{ what: 'material', name: 'plan' }], 'and that is said');
  await cases.putMaterial(id, 'plan', bytes(plainPdf), how);
  t.equal(await codeOf(cases.act(id, { act: 'submit' }, how)), 'act_incomplete', 'what was signed had no plan');
  await sign(city, id);
  const before = await cases.materials(id, how);
  await cases.putMaterial(id, 'plan', bytes(examplePlan()), how);
  const after = await cases.materials(id, how);
  const digest = (lines: typeof before) => lines.find(({ material }) => material === 'application')?.digest;
  t.not(digest(after), digest(before), 'the application names its plan by its digest');
  t.match(after.find(({ material }) => material === 'application')?.state, 'draft');
  await sign(city, id);
  await cases.act(id, { act: 'submit' }, how);
  t.equal(
    await codeOf(cases.putMaterial(id, 'plan', () => Promise.reject(new Error('it was read')), how)),
    'act_refused',
    'filed, it is not changed, and what comes is not even read',
  );
});

t.test('an authority gets what its items take, and of a paper the values of its own forms', async (t) => {
  const city = here(t);
  const { cases, record, deeds } = city;
  const how = { actor: who, record };
  const id = await draft(city);
  await cases.putMaterial(id, 'plan', bytes(plainPdf), how);
  await sign(city, id);
  t.equal(await codeOf(cases.materials(id, { actor: officer('fire'), record })), 'not_found', 'of a draft nothing');
  await cases.act(id, { act: 'submit' }, how);
  const whole = await cases.openMaterial(id, 'application', how);
  if (whole.kind !== 'made') throw new Error('it is made');
  for (const authority of ['fire', 'urban-management', 'samr']) {
    const theirs = { actor: officer(authority), record };
    const seen = deeds.length;
    const part = await cases.openMaterial(id, 'application', theirs);
    if (part.kind !== 'made') throw new Error('it is made');
    const own = (await cases.get(id, theirs)).contents?.layout ?? {};
    const inForms = new Set(Object.values(own).flatMap((fields) => Object.values(fields)));
    t.ok(part.document.values.length > 0 && part.document.hidden > 0, `${authority} has an extract`);
    t.ok(
      part.document.values.every(({ element }) => inForms.has(element)),
      'of its own forms',
    );
    t.equal(part.document.digest, whole.document.digest, 'of the whole that was signed');
    t.match(deeds[seen], { action: 'case_shown', target: id, detail: { material: 'application' } });
    const others = whole.document.values.filter(({ element }) => !inForms.has(element));
    const text = JSON.stringify(part.document);
    // what another value says as well is no sign of it
    const told = part.document.values.map(({ text: said }) => said?.zh ?? '').join(' ');
    for (const { text: said } of others)
      if (said !== undefined && said.zh.length > 5 && !told.includes(said.zh))
        t.notOk(text.includes(said.zh), `not ${said.zh}`);
  }
  t.equal((await cases.openMaterial(id, 'plan', { actor: officer('fire'), record })).kind, 'upload');
  t.equal(await codeOf(cases.openMaterial(id, 'plan', { actor: officer('customs'), record })), 'not_found');
  t.equal(
    await codeOf(cases.putMaterial(id, 'plan', bytes(plainPdf), { actor: officer('fire'), record })),
    'act_refused',
  );
  const stranger: CaseActor = { ...who, subject: 'uscc:91990101MA000013H9' } as CaseActor;
  t.equal(await codeOf(cases.openMaterial(id, 'plan', { actor: stranger, record })), 'not_found');
});

t.test('where a supplement was asked for, an upload is taken; what was filed is still there', async (t) => {
  const city = here(t);
  const { cases, record } = city;
  const how = { actor: who, record };
  const id = await draft(city);
  await cases.putMaterial(id, 'plan', bytes(plainPdf), how);
  await sign(city, id);
  await cases.act(id, { act: 'submit' }, how);
  const filed = (await cases.materials(id, how)).find(({ material }) => material === 'application');
  await cases.act(
    id,
    { act: 'ask', item: 'fire-check', says: '请补充平面图（示例）', fields: [] },
    { actor: officer('fire'), record },
  );
  t.equal((await cases.materials(id, how)).find(({ material }) => material === 'plan')?.mayPut, true);
  await cases.putMaterial(id, 'plan', bytes(examplePlan()), how);
  const now = await cases.openMaterial(id, 'plan', { actor: officer('fire'), record });
  t.match(now, { kind: 'upload', type: 'image/png' });
  t.equal(
    (await cases.materials(id, how)).find(({ material }) => material === 'application')?.digest,
    filed?.digest,
    'what was signed is what it was',
  );
  t.equal(city.filesOf(id).length, 2, 'what was filed first is kept');
  await cases.act(id, { act: 'give', item: 'fire-check', values: {}, says: '已补充（示例）' }, how);
  t.equal(await codeOf(cases.putMaterial(id, 'plan', bytes(plainPdf), how)), 'act_refused', 'given, it is over');
  t.equal(await dropIdleUploads(city.ground, Date.now() + 2 * DAY), 0, 'and nothing of it is idle');
});

t.test(
  'what nobody needs any more is found: a draft that ended, an erased subject, what never came to be',
  async (t) => {
    const city = here(t);
    const { cases, record, ground } = city;
    const how = { actor: who, record };
    const [open, ended] = [await draft(city), await draft(city)];
    await cases.putMaterial(open, 'plan', bytes(plainPdf), how);
    await cases.putMaterial(open, 'plan', bytes(examplePlan()), how);
    await cases.act(ended, { act: 'withdraw' }, how);
    // as a process leaves them that ends before it has removed or told them
    const later = Date.now() + 2 * DAY;
    await ground.blobs.put({ folder: ended, name: 'aa' }, Buffer.from('x'));
    await ground.blobs.put({ folder: open, name: 'ab' }, Buffer.from('x'));
    await ground.blobs.put({ folder: '00000000000000ff', name: 'ac' }, Buffer.from('x'));
    t.equal(await dropIdleUploads(ground, Date.now()), 1, 'what is under way is left alone for a day');
    t.strictSame(city.filesOf(ended), []);
    t.equal(await dropIdleUploads(ground, later), 2);
    t.equal(city.filesOf(open).length, 1, 'what the draft has is there');
    t.match(await cases.openMaterial(open, 'plan', how), { type: 'image/png' });
    city.erase(who.kind === 'applicant' ? who.subject : '');
    t.equal(await codeOf(cases.openMaterial(open, 'plan', how)), 'not_found', 'erased, nobody reads it');
    t.equal(await dropIdleUploads(ground, Date.now()), 1);
    t.strictSame(city.filesOf(open), [], 'and it is gone');
  },
);

t.test('an act that comes in between takes no upload along', async (t) => {
  const city = here(t);
  const { cases, record } = city;
  const how = { actor: who, record };
  const id = await draft(city);
  const results = await Promise.all(
    [plainPdf, examplePlan(), plainPdf].map((file) => codeOf(cases.putMaterial(id, 'plan', bytes(file), how))),
  );
  t.ok(
    results.every((one) => one === 'done' || one === 'ticket_moved') && results.includes('done'),
    results.join(', '),
  );
  t.ok((await cases.openMaterial(id, 'plan', how)).kind === 'upload', 'what is told is there');
});
