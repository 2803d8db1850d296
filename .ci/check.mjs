// `npm run check`: what a change is held to before each commit, in less than a minute on two cores: it compiles, keeps
// the style, and the quick suites pass. Which those are: .ci/quick.mjs, by what they import. All others: `npm test`.
// Ends with one line; exit 0 where all is well, else 1.
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const began = performance.now();

/** Runs a program of Node.js, shows what it says where it failed; resolves with `{ ok, output }`. */
function run(args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk.toString()));
    child.once('close', (code) => {
      if (code !== 0) process.stdout.write(output);
      done({ ok: code === 0, output });
    });
  });
}
const end = (ok, what) => {
  console.log(`${what}, ${((performance.now() - began) / 1000).toFixed(0)} s`);
  process.exit(ok ? 0 : 1);
};

// the packages first, which all else needs
const compiled = await run(['.setup.mjs']);
if (!compiled.ok) end(false, 'it does not compile');
const biome = run([join('node_modules', '@biomejs', 'biome', 'bin', 'biome'), 'check']);
const tested = await run(['.ci/suites.mjs', '--quick']);
const count = (tested.output.match(/^ok \d+ - \S+\.test\.js/gm) ?? []).length;
const failed = (tested.output.match(/^not ok \d+ - \S+\.test\.js/gm) ?? []).length;
const sum = tested.output.trimEnd().split('\n').at(-1);
const styled = await biome;
end(
  tested.ok && styled.ok,
  `compiled; Biome ${styled.ok ? 'passed' : 'failed'}; ` +
    `of ${String(count + failed)} quick suites ${String(failed)} failed: ${sum}`,
);
