/**
 * A look-up by name: only what the view says and the grant lets, on record before it leaves, so many a minute; and
 * nothing typed stands in clear.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import { dataTopic } from '../../../connectors/bus/port.js';
import { encodeFramed } from '../../../contracts/avro.js';
import { datasetId } from '../../../contracts/ids.js';
import { loadNames } from '../../../contracts/names.js';
import type { GatewayContext } from '../../../gateway/documents/context.js';
import { followNames } from '../../../gateway/documents/names/follow.js';
import { type LookUp, type Names, openNames } from '../../../gateway/documents/names/lookup.js';
import { normalName } from '../../../gateway/documents/names/normal.js';
import { NamesReader, NamesWriter } from '../../../gateway/documents/names/store.js';
import type { Role } from '../../../gateway/ground/identity/person.js';
import { recorder } from '../../../gateway/log/entries/recorder.js';
import { until } from '../../e2e/ask.js';
import { company, entry, openWorld, REGISTER, type ReportWorld } from '../reports/world.js';

t.setTimeout(180_000);

const person = { id: 'issuer|wu', name: '吴', roles: ['auditor' as const], subjects: [] };

interface Asked {
  readonly made: ReportWorld;
  readonly names: Names;
  readonly ask: (text: string, role?: Role) => Promise<LookUp>;
  /** Into the index, as the topic would say it. */
  readonly index: (subject: string, name: string | undefined) => Promise<void>;
}

async function world(t: Test, perMinute = 1000): Promise<Asked> {
  const made = await openWorld();
  const writer = NamesWriter.open(made.context.dataDir);
  await writer.follow('test');
  let offset = 0;
  // the one cast: what look-ups need of a gateway
  const names = await openNames({
    ...made.context,
    settings: { people: { namesPerMinute: perMinute } },
    tickets: { effects: { hidden: () => undefined, marks: () => [] } },
  } as unknown as GatewayContext);
  t.teardown(async () => {
    await names.close();
    await writer.close();
    await made.close();
  });
  const record = recorder(made.context.journal, () => made.now);
  return {
    made,
    names,
    ask: (text, role = 'auditor') => names.find(text, { person, role, requestId: 'r', record }),
    async index(subject, name) {
      writer.take([
        {
          partition: 0,
          offset: offset++,
          record: `${subject}|`,
          name: name === undefined ? undefined : normalName(name),
        },
      ]);
      await writer.flush();
    },
  };
}
const told = (found: LookUp): readonly string[] =>
  found.kind === 'found' ? found.choices.map(({ name }) => name) : [found.kind];

void t.test('it finds by a part of the name, and tells address and status beside it', async (t) => {
  const { made, ask, index } = await world(t);
  for (const [n, name] of [
    '云州安光快餐有限公司',
    '云州安光快餐有限公司东湖区分公司',
    '云州大安光电有限公司',
    '云州明月物流有限公司',
  ].entries()) {
    await made.put(REGISTER, company(n), '', entry(name));
    await index(company(n), name);
  }
  t.strictSame(
    told(await ask('雲州 安光')),
    ['云州安光快餐有限公司', '云州安光快餐有限公司东湖区分公司'],
    'traditional, with a space',
  );
  t.strictSame(told(await ask('安光')), [
    '云州大安光电有限公司',
    '云州安光快餐有限公司',
    '云州安光快餐有限公司东湖区分公司',
  ]);
  const found = await ask('云州安光快餐有限责任公司');
  t.match(found, { kind: 'found', more: false, choices: [{ subject: company(0), exact: true }, { exact: false }] });
  t.equal(found.kind === 'found' && found.choices[0]?.tell.length, 2);
  t.strictSame(told(await ask('没有这家')), []);
  t.strictSame(told(await ask('有限公司')), ['short']);
});

void t.test('what the view does not say is not told, whatever the index still has', async (t) => {
  const { made, ask, index } = await world(t);
  const [renamed, removed, never] = [company(0), company(1), company(2)];
  await made.put(REGISTER, renamed, '', entry('云州旧名实业有限公司'));
  await made.put(REGISTER, removed, '', entry('云州旧名物流有限公司'));
  for (const one of [renamed, removed, never]) await index(one, '云州旧名实业有限公司');
  await made.put(REGISTER, renamed, '', entry('云州新名实业有限公司'));
  await made.withdraw(REGISTER, removed, '');
  t.strictSame(told(await ask('旧名')), []);
  await index(renamed, '云州新名实业有限公司');
  t.strictSame(told(await ask('新名')), ['云州新名实业有限公司']);
});

void t.test(
  'it is decided by the grant of its client, for the purpose of the role; without one nothing is told, and ' +
    'that is on record',
  async (t) => {
    const { made, ask, index, names } = await world(t);
    await made.put(REGISTER, company(0), '', entry('云州安光快餐有限公司'));
    await index(company(0), '云州安光快餐有限公司');
    t.strictSame(
      told(await ask('安光', 'sharing-authority')),
      ['unavailable'],
      'a role that the workspace does not name',
    );
    t.match(made.entries.at(-1)?.body, {
      type: 'looked',
      action: 'names',
      role: 'sharing-authority',
      results: 0,
      detail: { denied: true },
    });
    t.strictSame(told(await ask('安光', 'subject')), ['云州安光快餐有限公司']);
    t.match(made.entries.at(-1)?.body, {
      type: 'looked',
      action: 'names',
      role: 'subject',
      results: 1,
      detail: { dataset: REGISTER, purpose: 'find-company', grant: String },
    });
    made.grants((grant) =>
      grant.client === 'name-lookup'
        ? {
            ...grant,
            fields: grant.fields.filter(
              (field) => JSON.stringify(field) !== '"address.full"' && field.path !== 'address.full',
            ),
          }
        : grant,
    );
    const found = await ask('安光');
    t.equal(found.kind === 'found' && found.choices[0]?.tell.length, 1, 'a field that is not granted is not told');
    made.grants((grant) => (grant.client === 'name-lookup' ? undefined : grant));
    t.strictSame(told(await ask('安光')), ['unavailable']);
    t.equal(names.definition?.contract.id, REGISTER);
  },
);

void t.test(
  'it is on record before it is told; what was typed and who was found stand under the key of whoever asked',
  async (t) => {
    const { made, ask, index } = await world(t);
    await made.put(REGISTER, company(0), '', entry('云州安光快餐有限公司'));
    await index(company(0), '云州安光快餐有限公司');
    let open: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let waiting = false;
    made.gate = async () => {
      waiting = true;
      await gate;
    };
    let answered = false;
    const asking = ask('安光').then((found) => {
      answered = true;
      return found;
    });
    await until(
      'the entry',
      () => Promise.resolve(waiting),
      (is) => is,
    );
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    t.equal(answered, false);
    open?.();
    t.strictSame(told(await asking), ['云州安光快餐有限公司']);
    const draft = made.entries.at(-1)?.draft;
    t.notMatch(draft?.clear, /安光|MA/);
    t.equal(draft?.subject?.subject, 'person:issuer|wu');
    t.match(JSON.parse(draft?.subject?.json ?? '{}'), { name: '安光', subjects: [company(0)] });
    made.gate = () => Promise.reject(new Error('the disk is full'));
    await t.rejects(ask('安光'), /disk is full/, 'and nothing is told where it cannot be');
  },
);

void t.test(
  'a company that is known by its key is told by its name, under the same grant and on record first',
  async (t) => {
    const { made, names } = await world(t, 3);
    await made.put(REGISTER, company(0), '', entry('云州安光快餐有限公司'));
    const record = recorder(made.context.journal, () => made.now);
    const called = async (subject: string, role: Role = 'auditor') =>
      (await names.named([subject as never], { person, role, requestId: 'r', record })).get(subject as never);
    t.equal(await called(company(0)), '云州安光快餐有限公司');
    const { body, draft } = made.entries.at(-1) ?? {};
    t.match(body, {
      type: 'looked',
      action: 'company_name',
      role: 'auditor',
      results: 1,
      detail: { dataset: REGISTER, purpose: 'find-company', grant: String },
    });
    t.notMatch(draft?.clear, /安光|9199/, 'whose name it was stands under the own key');
    t.match(JSON.parse(draft?.subject?.json ?? '{}'), { subjects: [company(0)] });
    t.equal(await called(company(1)), undefined, 'one that the register does not have');
    t.match(made.entries.at(-1)?.body, { action: 'company_name', results: 0 });
    const before = made.entries.length;
    t.equal(await called(company(0), 'sharing-authority'), undefined, 'a role that is not told names');
    t.equal(await called('person:issuer|wu'), undefined, 'what is no company');
    t.equal(made.entries.length, before, 'of which nothing was read');
    t.equal(await called(company(0)), '云州安光快餐有限公司');
    t.equal(await called(company(0)), undefined, 'so many a minute: then its key has to do');
    made.now += 60_000;
    made.gate = () => Promise.reject(new Error('the disk is full'));
    await t.rejects(called(company(0)), /disk is full/, 'nothing is told that is not on record');
  },
);

void t.test('one person looks up so many names a minute, and is told so many companies at once', async (t) => {
  const { made, ask, index } = await world(t, 3);
  for (let n = 0; n < 30; n++) {
    const name = `云州安光${String.fromCodePoint(0x4e00 + n)}餐饮有限公司`;
    await made.put(REGISTER, company(n), '', entry(name));
    await index(company(n), name);
  }
  const found = await ask('安光');
  t.match(found, { kind: 'found', more: true });
  t.equal(told(found).length, 8);
  await ask('有限公司');
  await ask('安光');
  await ask('安光');
  await t.rejects(ask('安光'), { code: 'rate_limited' });
  const before = made.entries.length;
  await t.rejects(ask('安光'), { code: 'rate_limited' });
  t.equal(made.entries.length, before);
  made.now += 60_000;
  t.equal(told(await ask('安光')).length, 8);
});

void t.test(
  'a register that is not public, or holds persons, is not declared; nor is one that is not there',
  async (t) => {
    const { workspace } = (await world(t)).made;
    const declared = async (change: object): Promise<unknown> => {
      const dir = t.testdir({
        contracts: {
          'names.json': JSON.stringify({
            title: { zh: '登记', en: 'register' },
            dataset: REGISTER,
            name: 'name',
            client: 'name-lookup',
            roles: { auditor: 'find-company' },
            ...change,
          }),
        },
      });
      return loadNames({ ...workspace, layers: [dir] });
    };
    t.match(await declared({}), { name: 'name', most: 8 });
    for (const wrong of [
      { name: 'representative' },
      { tell: ['contactPhone'] },
      { dataset: 'samr.none' },
      { name: 'none' },
      { dataset: 'hrss.social-insurance-persons' },
      { colour: 'red' },
    ])
      await t.rejects(declared(wrong), { code: 'bad_workspace' }, JSON.stringify(wrong));
    t.equal(await loadNames({ ...workspace, layers: [t.testdir({})] }), undefined);
  },
);

void t.test('the index follows the topic of its register, and says when it has', async (t) => {
  const {
    made: { workspace },
  } = await world(t);
  const dir = t.testdir({ bus: {} });
  const bus = await openEmbeddedBus({ dir: join(dir, 'bus') });
  const contract = workspace.contracts.get(datasetId(REGISTER));
  if (contract === undefined) throw new Error('there is no register');
  const topic = dataTopic(workspace.prefix, contract.id);
  await bus.ensureTopics([{ topic, partitions: contract.partitions, history: contract.history }]);
  const producer = await bus.producer();
  const example = JSON.parse(readFileSync(join(contract.dir, 'examples', 'valid', 'entry.json'), 'utf8')) as object;
  const send = async (n: number, name: string | null): Promise<void> => {
    const encoded =
      name === null ? undefined : encodeFramed(contract.latest, { ...example, uscc: company(n).slice(5), name });
    if (encoded !== undefined && !encoded.ok) throw new Error(JSON.stringify(encoded.problems));
    await producer.send(topic, [
      { subject: company(n), recordId: '', value: encoded === undefined ? null : encoded.body, headers: {} },
    ]);
  };
  await send(0, '云州安光快餐有限公司');
  await send(1, '云州安光物流有限公司');
  const errors: unknown[] = [];
  let passes = 0;
  const run = (): { readonly stop: () => Promise<void> } => {
    const ending = new AbortController();
    const ended = followNames({
      bus,
      dataDir: dir,
      workspace: () => workspace,
      signal: ending.signal,
      onPass: () => passes++,
      onError: (error) => errors.push(error),
      pollMs: 20,
    });
    return { stop: () => (ending.abort(), ended) };
  };
  // opened before its writer begins: opening waits for whoever writes, and in one process that would be for ever
  await NamesWriter.open(dir).close();
  const reader = NamesReader.open(dir);
  const found = async (sought: string): Promise<readonly string[]> =>
    ((await reader?.find(sought, [], 10))?.companies ?? []).map(({ subject }) => subject).sort();
  const first = run();
  await until(
    'both',
    () => found('安光'),
    (now) => now.length === 2,
  );
  await send(0, '云州明月快餐有限公司');
  await send(1, null);
  await until(
    'a rename and a removal',
    async () => [await found('安光'), await found('明月')],
    ([gone, there]) => gone?.length === 0 && there?.length === 1,
  );
  await first.stop();
  await send(2, '云州安光实业有限公司');
  const before = passes;
  const second = run();
  await until(
    'what came while it was away',
    () => found('安光'),
    (now) => now[0] === company(2),
  );
  await until(
    'that it came forward',
    () => Promise.resolve(passes),
    (now) => now > before,
  );
  await second.stop();
  t.strictSame(errors, []);
  await reader?.close();
  await producer.close();
  await bus.close();
});
