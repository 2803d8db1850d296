/** Who else may read: judged by the folders above as well, and what is asked for can be done by whoever is asked. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { openFindings, openToAll } from '../../../gateway/operate/doctor/openness.js';
import { PLAIN } from '../../image/root.js';
import { missingHere } from '../../support/missing.js';

const skip = process.platform === 'win32' ? 'no such modes' : false;

t.test('what is open below a folder that is closed is open to nobody', { skip }, (t) => {
  const dir = t.testdir({ closed: { inner: { key: 'x' } } });
  const key = join(dir, 'closed', 'inner', 'key');
  chmodSync(key, 0o644);
  chmodSync(join(dir, 'closed'), 0o755);
  const outside = openToAll(key);
  chmodSync(join(dir, 'closed'), 0o750);
  t.notOk(openToAll(key));
  chmodSync(join(dir, 'closed'), 0o755);
  t.equal(openToAll(key), outside);
  chmodSync(key, 0o640);
  t.notOk(openToAll(key));
  t.end();
});

t.test('what is ours is closed with a command', { skip }, (t) => {
  const key = join(t.testdir({ key: 'x' }), 'key');
  for (const contained of [false, true])
    t.strictSame(openFindings('read', [key], '640', contained), [
      { level: 'warn', what: `everybody on this machine may read ${key}`, mend: `chmod 640 ${key}` },
    ]);
  t.strictSame(openFindings('read', [], '640'), []);
  t.end();
});

t.test('a pod is not asked for a chmod that it cannot do: files of root, lent to its group', { skip }, (t) => {
  const module = join(packageRoot(), 'dist/gateway/operate/doctor/openness.js');
  const as = { uid: 65532, gid: 65532 };
  if (
    process.getuid?.() !== 0 ||
    spawnSync(
      'env',
      [...PLAIN.slice(1), process.execPath, '-e', `import(${JSON.stringify(pathToFileURL(module).href)})`],
      as,
    ).status !== 0
  ) {
    missingHere(t, 'the user of the pod: this is not root, or that user cannot read what was compiled');
    return void t.end();
  }
  const dir = t.testdir();
  const [data, own] = [join(dir, 'data'), join(dir, 'own')];
  for (const folder of [data, own]) mkdirSync(folder);
  writeFileSync(join(data, 'file'), 'x');
  chownSync(data, 0, 65532);
  chmodSync(data, 0o2775);
  chownSync(own, 65532, 65532);
  const look = (contained: boolean): readonly { readonly level: string; readonly mend: string }[] => {
    const { stdout, stderr } = spawnSync(
      'env',
      [
        ...PLAIN.slice(1),
        process.execPath,
        '-e',
        `import(${JSON.stringify(pathToFileURL(module).href)}).then(({ openFindings }) => ` +
          `console.log(JSON.stringify(openFindings('look into', ${JSON.stringify([data, own])}, '700', ` +
          `${String(contained)}))))`,
      ],
      { ...as, encoding: 'utf8' },
    );
    t.equal(stderr, '');
    return JSON.parse(stdout) as ReturnType<typeof look>;
  };
  t.match(look(true), [
    { level: 'warn', mend: `chmod 700 ${own}` },
    { level: 'note', what: /none in this container/, mend: /fsGroup/ },
  ]);
  t.match(
    look(false),
    [
      { level: 'warn', mend: `chmod 700 ${own}` },
      { level: 'warn', what: /everybody/, mend: /cannot be changed from here/ },
    ],
    'on a machine with others it stays a warning',
  );
  for (const { mend } of look(false).slice(1)) t.notMatch(mend, /chmod/);
  t.end();
});
