/** docs/architecture.md names files and rooms that are there, and each room of a wing is in its table. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';

const root = packageRoot();
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');

t.test('each file and folder that is named is there', (t) => {
  const named = new Set(
    [...page.matchAll(/`((?:contracts|policies|connectors|gateway|test)\/[\w./-]*)`/g)].map(([, path = '']) => path),
  );
  t.ok(named.size > 40, `${String(named.size)} are named`);
  for (const path of named) t.ok(existsSync(join(root, path)), path);
  t.end();
});

t.test('each wing has its line, and each of its rooms a place in it', (t) => {
  const lines = new Map(
    [...page.matchAll(/^\| `gateway\/(\w+)\/` \|(.*)$/gm)].map(([, wing = '', line = '']) => [wing, line]),
  );
  const wings = readdirSync(join(root, 'gateway'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  t.same([...lines.keys()].sort(), wings.map(({ name }) => name).sort());
  for (const [wing, line] of lines) {
    if (wing === 'client') continue;
    const rooms = readdirSync(join(root, 'gateway', wing), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    for (const { name } of rooms) t.ok(line.includes(`\`${name}\``), `${wing}/${name}`);
  }
  t.end();
});
