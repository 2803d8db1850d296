/** Runs suites again on a state that replicas share, each in a process of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { postgresForTest } from './servers/postgres.js';
import { OWN, SHARED, type SharedKind } from './shared-state.js';

/** @param suites beside `base`, without ending */
export function runsOnSharedState(t: Test, base: string, suites: readonly string[]): void {
  for (const kind of [...SHARED, OWN] as const)
    t.test(kind, async (t) => {
      const env = await environment(t, kind);
      if (env === undefined) return;
      for (const suite of suites) {
        const file = fileURLToPath(new URL(`./${suite}.test.js`, base));
        const { code, said } = await run(file, env);
        t.equal(code, 0, `${suite} on ${kind}`, code === 0 ? {} : { said: failures(said) });
      }
    });
}

async function environment(t: Test, kind: SharedKind | typeof OWN): Promise<NodeJS.ProcessEnv | undefined> {
  const env = { ...process.env, YITONG_TEST_STATE: kind, TAP: '1' };
  if (kind !== 'postgres') return env;
  const postgres = await postgresForTest(t);
  // the server that was started for this suite serves those of the children too
  return postgres && { ...env, YITONG_TEST_POSTGRES: postgres.url };
}

function run(file: string, env: NodeJS.ProcessEnv): Promise<{ readonly code: number | null; readonly said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}

/** Of what a suite said, the tests that failed and what they said of it. */
function failures(said: string): string {
  const lines = said.split('\n');
  const shown = lines.flatMap((line, at) => (/^\s*not ok/.test(line) ? lines.slice(at, at + 25) : []));
  return (shown.length === 0 ? lines.slice(-40) : shown).join('\n').slice(0, 8000);
}
