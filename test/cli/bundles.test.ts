/** `yitong bundles` and what `yitong contracts check` says of bundles, as a user runs them. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { run } from '../e2e/command.js';

t.setTimeout(120_000);
const root = packageRoot();

t.test('the figures of each bundle, as JSON, and no more', async (t) => {
  for (const bundle of [
    'open-restaurant',
    'open-transport',
    'change-company',
    'deregister-company',
    'open-company',
    'transfer-real-estate',
  ]) {
    const { code, stdout } = await run('bundles', 'merge', bundle, '--json', '--workspace', root);
    t.equal(code, 0);
    const said = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
    t.strictSame(Object.keys(said), ['bundle', 'forms', 'fields', 'materials']);
    t.match(said, { bundle, forms: { before: Number, after: 1 }, materials: { before: Number, after: Number } });
    t.strictSame(Object.keys(said['fields'] ?? {}), ['before', 'after', 'names']);
    const { after, names } = said['fields'] as { readonly after: number; readonly names: readonly string[] };
    t.equal(names.length, after, 'each by its name');
  }
});

t.test('a merge in words, in both languages, and by other answers', async (t) => {
  const en = await run('bundles', 'merge', 'open-restaurant', '--workspace', root);
  t.match(en.stdout, /1\. Food business licence — Yunzhou Administration for Market Regulation/);
  t.match(en.stdout, /Company name: samr\.company-register\.name, samr\.business-licence\.name/);
  t.match(en.stdout, /materials 17 → 2/);
  const zh = await run('bundles', 'merge', 'open-restaurant', '--zh', '--workspace', root);
  t.match(zh.stdout, /材料 17 → 2/);
  const small = await run(
    ...['bundles', 'merge', 'open-restaurant', '--json', '--workspace', root],
    ...['dishes=drinks', 'area=20', 'floor=1', 'dine-in=no', 'wants-sign=no', 'chain=no', 'open-kitchen=yes'].flatMap(
      (one) => ['--answer', one],
    ),
  );
  t.match(JSON.parse(small.stdout), { forms: { before: 1, after: 1 } }, 'a shop of 20 m² needs one item');
});

t.test('what is written wrong is said, exit 2', async (t) => {
  for (const [args, message] of [
    [['open-restaurnat'], /no bundle `open-restaurnat`; did you mean `open-restaurant`\?/],
    [['open-restaurant', '--answer', 'area'], /`area` is no answer/],
    [['open-restaurant', '--answer', 'colour=red'], /no answer.*the questions are dishes/],
    [['open-restaurant', '--answer', 'area=big'], /`area` is no decimal/],
    [['open-restaurant', '--answer', 'dine-in=maybe'], /`dine-in` is no yes-no/],
    [['open-restaurant', '--answer', 'dine-in=unknown'], /`dine-in` has to be answered/],
    [[], /name the bundle/],
  ] as const) {
    const { code, stderr } = await run('bundles', 'merge', ...args, '--workspace', root);
    t.equal(code, 2, args.join(' '));
    t.match(stderr, message);
  }
});

/** A workspace over the reference city, with a copy of a bundle that is broken in one line. */
function broken(t: Test): string {
  const dir = join(t.testdir(), 'city');
  mkdirSync(join(dir, 'connectors'), { recursive: true });
  cpSync(join(root, 'connectors/population.json'), join(dir, 'connectors/population.json'));
  const settings = JSON.parse(readFileSync(join(root, 'yitong.json'), 'utf8')) as object;
  writeFileSync(join(dir, 'yitong.json'), JSON.stringify({ ...settings, extends: root }));
  cpSync(join(root, 'contracts/bundles/open-restaurant'), join(dir, 'contracts/bundles/open-restaurant'), {
    recursive: true,
  });
  const file = join(dir, 'contracts/bundles/open-restaurant/bundle.json');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('"when": "wants-sign"', '"when": "wants-sign and not wants-sign"'),
  );
  return dir;
}

t.test('a check says what is wrong, exit 1, and a broken bundle is not merged', async (t) => {
  const sound = await run('bundles', 'check', '--workspace', root, '--json');
  t.equal(sound.code, 0, sound.stdout);
  t.match(JSON.parse(sound.stdout), { bundles: 6, errors: 0, findings: [] });
  const dir = broken(t);
  for (const command of [
    ['contracts', 'check'],
    ['bundles', 'check'],
    ['bundles', 'check', 'open-restaurant'],
  ]) {
    const { code, stdout } = await run(...command, '--workspace', dir);
    t.equal(code, 1, stdout);
    t.match(stdout, /error +bundles\/open-restaurant +`items\.shop-sign\.when` .*\[bundle_item_unreached\]/);
    t.match(stdout, /contracts\/bundles\/open-restaurant\/bundle\.json/, 'with its file');
  }
  const other = await run('bundles', 'check', 'open-company', '--workspace', dir);
  t.equal(other.code, 0, 'the others are sound');
  const merge = await run('bundles', 'merge', 'open-restaurant', '--workspace', dir);
  t.equal(merge.code, 2);
  t.match(merge.stderr, /bundle_item_unreached/);
});

t.test('the impact of a change names bundles and forms', async (t) => {
  const dir = join(t.testdir(), 'changed');
  mkdirSync(join(dir, 'connectors'), { recursive: true });
  cpSync(join(root, 'connectors/population.json'), join(dir, 'connectors/population.json'));
  const settings = JSON.parse(readFileSync(join(root, 'yitong.json'), 'utf8')) as object;
  writeFileSync(join(dir, 'yitong.json'), JSON.stringify({ ...settings, extends: root }));
  const register = 'contracts/datasets/samr/company-register';
  cpSync(join(root, register), join(dir, register), { recursive: true });
  const last = readdirSync(join(root, register)).filter((name) => name.endsWith('.avsc')).length;
  const schema = JSON.parse(readFileSync(join(root, register, `v${last}.avsc`), 'utf8')) as {
    fields: { name: string }[];
  };
  writeFileSync(
    join(dir, register, `v${last + 1}.avsc`),
    JSON.stringify({ ...schema, fields: schema.fields.filter(({ name }) => name !== 'contactPhone') }),
  );
  const { stdout } = await run('contracts', 'check', '--against', root, '--impact', '--json', '--workspace', dir);
  const { bundles } = JSON.parse(stdout) as { readonly bundles: readonly { readonly bundle: string }[] };
  t.match(
    bundles.find(({ bundle }) => bundle === 'open-restaurant'),
    { dataset: 'samr.company-register', forms: ['food-licence', 'shop-sign', 'fire-check'] },
  );
  t.notOk(bundles.some(({ bundle }) => bundle === 'open-company'));
});

t.test('a case is played through, to its good end or with a refusal and what is left to do', async (t) => {
  const good = await run('bundles', 'run', 'deregister-company', '--workspace', root);
  t.equal(good.code, 0, good.stderr);
  t.match(good.stdout, /samr: grant registration → submitted; tax granted, .*registration granted, seal held/);
  t.match(good.stdout, /→ delivered/);
  const refused = await run(
    ...['bundles', 'run', 'open-restaurant', '--refuse', 'food-licence', '--ask', 'shop-sign', '--json'],
    ...['--workspace', root],
  );
  const said = JSON.parse(refused.stdout) as {
    readonly steps: readonly { readonly act: string; readonly items: object }[];
  };
  t.match(said, { bundle: 'open-restaurant', phase: 'delivered', tasks: [{ task: 'food-refused', owner: 'samr' }] });
  t.match(said.steps.at(-1)?.items, { 'food-licence': 'refused', 'shop-sign': 'granted', 'fire-check': 'granted' });
  t.same(said.steps.filter(({ act }) => act === 'ask' || act === 'give').length, 2, 'asked once, and given');
  const wrong = await run('bundles', 'run', 'open-restaurant', '--refuse', 'tobacco', '--workspace', root);
  t.equal(wrong.code, 2);
  t.match(wrong.stderr, /`tobacco` is no item; the items are food-licence/);
});
