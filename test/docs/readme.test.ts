/**
 * README.md as a newcomer follows it: in a clone, in a terminal, every command in its order, with two cities beside
 * each other as it has them, to the answer about a row of the reader's own CSV. README.zh-CN.md has the same commands,
 * letter for letter, so that what is run here is run of both.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { loadReports } from '../../contracts/reports.js';
import uscc from '../../contracts/subjects/uscc.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { missingHere } from '../support/missing.js';

t.setTimeout(340_000);

const root = packageRoot();

/**
 * The commands of a page, in their order: lines of indented blocks, those that end in a backslash joined, without what
 * `#` says of them; and what stands in the text as `npx yitong …`.
 */
function commandsOf(page: string): { readonly command: string; readonly inText: boolean }[] {
  const found: { readonly command: string; readonly inText: boolean }[] = [];
  let fenced = false;
  let open = '';
  for (const line of readFileSync(join(root, page), 'utf8').split('\n')) {
    if (line.startsWith('```')) fenced = !fenced;
    if (fenced || line.startsWith('```')) continue;
    if (!line.startsWith('    ')) {
      for (const [, command = ''] of line.matchAll(/`(npx yitong [^`]+)`/g)) found.push({ command, inText: true });
      continue;
    }
    const text = line.trim().replace(/\s+# .*$/, '');
    if (text.endsWith('\\')) open += `${text.slice(0, -1).trim()} `;
    else {
      found.push({ command: open + text, inText: false });
      open = '';
    }
  }
  return found;
}

/** What is not run here: every test, of which this is one, and the figures, which take an hour. */
const LEFT: ReadonlySet<string> = new Set(['npm test', 'npx yitong bench']);
/** Goes on until it is stopped. */
const isCity = (command: string): boolean => /^(?:npm start|npx yitong (?:region )?up)\b/.test(command);

/**
 * The files that git knows or would know, as they are; the packages of this clone, without its own links to itself. What
 * is compiled here is there too: that a clone compiles from nothing is what every run of the tests begins with. The
 * compiler still looks at each file, and compiles where one is missing or another.
 */
function clone(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-readme-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10 }));
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1_048_576,
  })
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)));
  for (const file of files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    cpSync(join(root, file), join(dir, file));
  }
  cpSync(join(root, 'dist'), join(dir, 'dist'), { recursive: true });
  // as `npm ci` would leave it
  const [from, to] = [join(root, 'node_modules'), join(dir, 'node_modules')];
  mkdirSync(join(to, '.bin'), { recursive: true });
  for (const name of readdirSync(from))
    if (name !== '.bin' && name !== '.yitong-lock') symlinkSync(join(from, name), join(to, name));
  symlinkSync(join('..', '..', 'dist', 'gateway', 'cli', 'main.js'), join(to, '.bin', 'yitong'));
  writeFileSync(
    join(to, '.yitong-lock'),
    createHash('sha256')
      .update(readFileSync(join(dir, 'package-lock.json')))
      .digest('hex'),
  );
  return dir;
}

/** ms that a command may take, also where two others compile beside it. */
const PATIENCE = 150_000;

interface Running {
  said(): string;
  readonly ended: Promise<number>;
  type(text: string): void;
  readonly process: ChildProcess;
}

/** In a terminal of its own. */
function inTerminal(dir: string, command: string): Running {
  // the runner's loaders, which it hands to each Node that is started, are none of a reader's
  const child = spawn('env', ['-u', 'NODE_OPTIONS', 'script', '-qfec', command, '/dev/null'], {
    cwd: dir,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      SHELL: '/bin/bash',
      COLUMNS: '200',
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
      npm_config_cache: join(dir, '.npm-cache'),
    },
  });
  // a suite that is killed has no teardown: its cities must not go on beside the suites that come after it
  const reaper = spawn('sh', ['-c', `cat > /dev/null; kill -TERM ${String(child.pid)}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  reaper.unref();
  (reaper.stdin as Socket).unref();
  child.once('exit', () => reaper.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on('error', () => undefined);
  return {
    said: () => said,
    ended: once(child, 'exit').then(([code]) => Number(code)),
    type: (text) => void child.stdin.write(text),
    process: child,
  };
}

/** What a person reads: without the moves of the cursor, and what a bar wrote over itself. */
const read = (text: string): string =>
  text
    .replaceAll(/\r+\n/g, '\n')
    .replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .replaceAll(/[\u2800-\u28ff]/g, '')
    .replaceAll(/[^\n]*\r/g, '');

async function until(what: string, look: () => boolean, running: Running, patience = PATIENCE): Promise<void> {
  let over: number | undefined;
  void running.ended.then((code) => (over = code));
  for (const end = Date.now() + patience; !look(); await later(100)) {
    if (over !== undefined && !look())
      throw new Error(`${what}: it ended with ${String(over)}:\n${read(running.said())}`);
    if (Date.now() > end) throw new Error(`${what} took too long:\n${read(running.said())}`);
  }
}

t.test('both pages have the same commands', (t) => {
  const english = commandsOf('README.md');
  t.ok(english.length > 8);
  t.same(commandsOf('README.zh-CN.md'), english);
  for (const left of LEFT)
    t.ok(
      english.some(({ command }) => command === left),
      `${left} is still on the page`,
    );
  t.end();
});

t.test('the figures of the page are those of the city', async (t) => {
  const page = readFileSync(join(root, 'README.md'), 'utf8');
  const { authorities, contracts } = await loadWorkspace(root);
  t.match(page, `${String(authorities.size)} authorities, ${String(contracts.size)} registers`);
  const rules =
    readFileSync(join(root, 'helm', 'yitong', 'files', 'alerts.yaml'), 'utf8').match(/^ *- alert:/gm)?.length ?? 0;
  t.match(page, `${String(rules)} alert rules`);
  const credit = (await loadReports(await loadWorkspace(root))).get('credit');
  t.match(page, `over ${String(credit?.domains.length)} domains`);
});

t.test("each command does what the page says, from a clone to an answer about a row of the reader's own", async (t) => {
  if (spawnSync('script', ['--version']).status !== 0) return missingHere(t, 'the program `script`, a terminal');
  const began = Date.now();
  const dir = clone(t);
  writeFileSync(
    join(dir, 'companies.csv'),
    `统一社会信用代码,企业名称,成立日期,经营地址\n${Array.from({ length: 40 }, (_, i) => `${uscc.make(i + 1)},读者第${String(i + 1)}商行,2020-01-${String(1 + (i % 28)).padStart(2, '0')},东湖区第${String(i + 1)}路\n`).join('')}`,
  );
  const cities: Running[] = [];
  t.teardown(async () => {
    for (const city of cities) city.type('\u0003');
    await Promise.all(cities.map(({ ended }) => Promise.race([ended, later(60_000)])));
    for (const city of cities) if (city.process.exitCode === null) city.process.kill('SIGKILL');
  });

  /** To its end; a question is answered by Enter. */
  const run = async (command: string): Promise<string> => {
    const running = inTerminal(dir, command);
    let answered = 0;
    const answers = setInterval(() => {
      const now = running.said();
      if (now.length === answered || !/\] $/.test(read(now))) return;
      answered = now.length;
      running.type('\r');
    }, 200);
    try {
      const code = await Promise.race([running.ended, later(PATIENCE, -1, { ref: false })]);
      if (code === -1) running.type('\u0003');
      const said = read(running.said());
      t.equal(code, 0, `${command}\n${said}`);
      t.notMatch(said, /^\s+at .*\(?(?:file|node):/m, `${command}: no stack trace`);
      return said;
    } finally {
      clearInterval(answers);
    }
  };

  const outputs = new Map<string, string>();
  for (const { command } of commandsOf('README.md')) {
    if (LEFT.has(command)) continue;
    if (!isCity(command)) {
      outputs.set(command, await run(command));
      continue;
    }
    const city = inTerminal(dir, command);
    cities.push(city);
    await until(command, () => city.said().includes('Ctrl-C stops'), city);
    outputs.set(command, read(city.said()));
    t.comment(`${command}: ready ${String(Math.round((Date.now() - began) / 1000))} s after the clone was begun`);
  }
  const said = (part: string): string => [...outputs].find(([command]) => command.includes(part))?.[1] ?? '';
  t.equal(cities.length, 3, 'two cities and the region of another ran beside each other');
  t.match(said('region up'), /one-stop-counter of the first asks the second[^]*answered: \d+ titles, current/);
  const ports = (text: string): readonly string[] =>
    [...text.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port = '']) => port);
  t.same(
    ports(said('npm start')).filter((port) => ports(said('up --workspace')).includes(port)),
    [],
    'on ports of their own',
  );
  t.match(said('up --workspace'), /is taken|are taken/, 'which the second says');
  for (const line of said('up --workspace')
    .split('\n')
    .filter((one) => /^ {2}npx yitong (?:demo|catalogue|audit)/.test(one)))
    t.match(line, '--workspace my-city', 'a hint means this city');
  t.match(said('query uscc:'), '晨光面馆', 'the second city answers');
  t.match(said('demo'), /the log verifies/);
  t.notMatch(said('demo'), /"level"|\b(?:INFO|WARN|ERROR)\b/i, 'no line of a log');

  // the last line of `feed new` is the question to ask
  const question =
    /npx yitong query (?:.*--workspace my-city)/.exec(
      said('feed new')
        .replaceAll('\n', ' ')
        .replaceAll(/ {2,}/g, ' ')
        .replace(/^.*(?=npx yitong query)/, ''),
    )?.[0] ?? '';
  t.match(question, '--as front-desk --workspace my-city');
  let answer = '';
  for (const end = Date.now() + 150_000; Date.now() < end; await later(1000)) {
    const asking = inTerminal(dir, question);
    const code = await asking.ended;
    answer = read(asking.said());
    if (code === 0) break;
  }
  t.match(answer, '读者第1商行', 'about a row of the file');
  t.comment(`the own CSV answered ${String(Math.round((Date.now() - began) / 1000))} s after the clone was begun`);
});
