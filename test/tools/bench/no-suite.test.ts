/** What measures is no suite: tap ends what loads it after half a minute, and a figure takes longer. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

t.test('nothing that the bench loads at its start loads tap', (t) => {
  const seen = new Set<string>();
  const chains: string[] = [];
  const walk = (file: string, way: readonly string[]): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^;]*?'([^']+)';/gm)) {
      if (name === 'tap') chains.push([...way, file].join(' → '));
      if (name.startsWith('.')) walk(resolve(dirname(file), name), [...way, file]);
    }
  };
  walk(fileURLToPath(new URL('./main.js', import.meta.url)), []);
  t.ok(seen.size > 300, `${String(seen.size)} modules`);
  t.strictSame(chains, []);
  t.end();
});
