/**
 * `node dist/test/tools/faults/registers/main.js`: many lives of registers against the model. Exit 0: nothing was found; 1:
 * something was, with the seed that finds it again; 2: it could not run.
 */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { present } from '../../../../contracts/present.js';
import { KINDS, type Kind, type Life, live } from './life.js';

const HELP = `usage: node dist/test/tools/faults/registers/main.js [--seeds N] [--from S] [--steps N] [--kinds WHAT,…] [--json]

Random sequences of what happens to registers: additions, edits, departures, keys mistyped and mended, new headers and mappings, files
that come late, runs that are cut off, restarts. After each step the answers are compared with an independent model.

  --seeds N   lives of each kind; default 100
  --from S    the first seed; default 1
  --steps N   of each life; default 40
  --kinds …   ${KINDS.join(', ')}; default all; table and poll need YITONG_TEST_POSTGRES
  --json      one line with all of it on stdout

examples:
  node dist/test/tools/faults/registers/main.js --seeds 10
  node dist/test/tools/faults/registers/main.js --kinds folder --from 17 --seeds 1
`;

/** A database of PostgreSQL that a feed may read; undefined where no server is named. */
export async function database(): Promise<(NonNullable<Life['database']> & { close(): Promise<void> }) | undefined> {
  const address = process.env['YITONG_TEST_POSTGRES'];
  if (address === undefined) return undefined;
  const name = `registers_${randomBytes(6).toString('hex')}`;
  const admin = new Client({ connectionString: address });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(address);
  url.pathname = name;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  process.env['YITONG_FEED_REGISTERS'] = decodeURIComponent(url.password);
  return {
    client,
    reader: {
      server: url.host,
      database: name,
      user: decodeURIComponent(url.username),
      password: { env: 'YITONG_FEED_REGISTERS' },
    },
    async close() {
      await client.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      steps: { type: 'string', default: '40' },
      kinds: { type: 'string', default: KINDS.join(',') },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const kinds = values.kinds.split(',').map((kind) => {
    const known = KINDS.find((one) => one === kind);
    if (known === undefined) throw new Error(`there is no kind \`${kind}\`; there are ${KINDS.join(', ')}`);
    return known;
  });
  const [seeds, from, steps] = [Number(values.seeds), Number(values.from), Number(values.steps)];
  const db = await database();
  const dir = mkdtempSync(join(tmpdir(), 'yitong-registers-'));
  const found: {
    readonly kind: Kind;
    readonly seed: number;
    readonly step: number;
    readonly findings: readonly string[];
  }[] = [];
  let done = 0;
  const began = performance.now();
  try {
    for (let seed = from; seed < from + seeds; seed++) {
      for (const kind of kinds) {
        if ((kind === 'table' || kind === 'poll') && db === undefined) continue;
        const own = join(dir, `${kind}-${seed}`);
        const ended = await live({ kind, seed, steps, dir: own, ...present({ database: db }) });
        done += ended.steps;
        if (ended.findings.length > 0) {
          found.push({ kind, seed, step: ended.steps, findings: ended.findings });
          process.stderr.write(
            `\n${kind} seed ${seed}, step ${ended.steps} (${ended.story.slice(-6).join(', ')}):\n  ` +
              `${ended.findings.join('\n  ')}\n`,
          );
        }
        rmSync(own, { recursive: true, force: true });
      }
      if (process.stderr.isTTY)
        process.stderr.write(`\r${seed - from + 1} of ${seeds} seeds, ${done} steps, ${found.length} found`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
    await db?.close();
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  if (values.json === true)
    process.stdout.write(`${JSON.stringify({ seeds, from, kinds, steps: done, seconds, found })}\n`);
  else
    process.stdout.write(
      `${done} steps over ${seeds} seeds of ${kinds.join(', ')} in ${seconds} s: ${found.length === 0 ? 'nothing was found' : `${found.length} lives went wrong`}${db === undefined ? '; no database: YITONG_TEST_POSTGRES is not set' : ''}\n`,
    );
  return found.length === 0 ? 0 : 1;
}

if (process.argv[1]?.endsWith(join('registers', 'main.js')) === true) {
  main().then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 2;
    },
  );
}
