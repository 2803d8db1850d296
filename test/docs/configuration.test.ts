/**
 * docs/configuration.md is what the declarations say: whoever configures by it is not refused, and finds every setting.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { busSettingsSchema } from '../../connectors/bus/open.js';
import { readSettings, settingsTable } from '../../gateway/ground/config/index.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { unexplained } from '../../gateway/operate/reference.js';

const main = new URL('../../gateway/cli/main.js', import.meta.url).pathname;
const page = readFileSync(`${packageRoot()}/docs/configuration.md`, 'utf8');

t.test('an operator finds every setting in docs/configuration.md, as it is declared', (t) => {
  t.equal(
    page,
    execFileSync(process.execPath, [main, 'config', '--markdown'], { encoding: 'utf8' }),
    'run `npx yitong config --markdown > docs/configuration.md`',
  );
  for (const { key, variable } of settingsTable()) t.match(page, `| \`${key}\` | `, variable ?? key);
  t.strictSame(unexplained(settingsTable()), []);
  t.end();
});

t.test('the range and the default that a row shows are those that count', (t) => {
  const row = (key: string): readonly string[] =>
    (page.split('\n').find((line) => line.startsWith(`| \`${key}\` |`)) ?? '').split(' | ');
  const place = { file: 'yitong.json' };
  const read = (workers: number): number => readSettings({ gateway: { workers } }, place, {}).gateway.workers;
  t.equal(row('workers')[1], 'integer, 1 to 64');
  t.equal(row('workers')[2], 'not set');
  t.equal(row('drainSeconds')[2], `\`${readSettings({}, place, {}).gateway.drainSeconds}\``);
  t.equal(read(64), 64);
  for (const wrong of [0, 65]) t.throws(() => read(wrong), { code: 'bad_config' });
  t.equal(row('durability')[1], '`local` or `replicated`');
  t.throws(() => readSettings({ audit: { durability: 'none' } }, place, {}), { code: 'bad_config' });
  t.end();
});

t.test('what counts without a restart is what the gateway takes while it runs', (t) => {
  const restart = (section: string, key: string): string | undefined =>
    page
      .slice(page.indexOf(`\n## ${section}\n`))
      .split('\n')
      .find((line) => line.startsWith(`| \`${key}\` |`))
      ?.split(' | ')[4];
  t.strictSame(
    [restart('gateway', 'workers'), restart('gateway', 'ratePerMinute'), restart('people', 'idleMinutes')],
    ['yes', 'yes', 'yes'],
  );
  t.strictSame(
    [
      restart('gateway', 'port'),
      restart('audit', 'origin'),
      restart('audit', 'witnesses'),
      restart('bus', 'brokers'),
      restart('acl', 'reads'),
    ],
    ['no', 'no', 'no', 'no', 'no'],
  );
  t.end();
});

t.test('what a Kafka cannot do without is said', (t) => {
  const words = page.slice(page.indexOf('## bus'), page.indexOf('## acl'));
  for (const key of busSettingsSchema.then.required) t.match(words.slice(0, words.indexOf('| key')), `\`${key}\``);
  t.end();
});

t.test('no cell breaks its table, and none of the meanings is empty', (t) => {
  for (const line of page
    .slice(page.indexOf('\n## gateway'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))) {
    const cells = line.replaceAll('\\|', '').split('|');
    t.equal(cells.length, 8, line);
    t.not(cells[6]?.trim(), '', line);
  }
  t.end();
});
