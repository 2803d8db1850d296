/**
 * From zero to the first answer, as the page says it: each step is taken from the page as it stands there and done, in
 * the browser or in a shell, and what comes of it is compared with what the page says is to be seen. Beside it the
 * pages of the API in the same browser.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { answerDiffers } from '../../client/blocks.js';
import { cli } from '../../e2e/city.js';
import { run } from '../../e2e/command.js';
import { missingHere } from '../../support/missing.js';
import { latinIn, TEXTS } from './latin.js';
import { seen } from './town.js';

t.setTimeout(400_000);

const DEVELOPER = 'jiang-developer';
const START = '/console/developer/start';
const INTERFACES = '/console/developer/interfaces';
/** Between what one step writes and the next: a character that no answer holds. */
const END = '\u001e';

interface Step {
  readonly id: string;
  readonly href?: string;
  readonly press?: string;
  readonly run?: string;
  readonly otherwise?: string;
  readonly python?: string;
  readonly kind?: 'json' | 'text';
  readonly seen?: string;
}

/** What is to be read on the page, step by step. */
const STEPS = `JSON.stringify([...document.querySelectorAll('[data-step]')].map((step) => {
  const text = (where) => step.querySelector(where)?.textContent;
  return {
    id: step.dataset.step,
    href: step.querySelector('a[data-press]')?.getAttribute('href') ?? undefined,
    press: step.querySelector('a[data-press]')?.dataset.press,
    run: text('[data-run]') ?? text('[data-code=curl] pre'),
    otherwise: text('[data-otherwise]'),
    python: text('[data-code=python] pre'),
    kind: step.querySelector('[data-seen]')?.dataset.seen,
    seen: text('[data-seen]'),
  };
}))`;

/** What a person reads of a terminal. */
const read = (text: string): string => text.replaceAll(/\r+\n/g, '\n').replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '');

const ready = await seen(t);
if (ready === undefined) t.end();
else {
  const { as, town, workspace } = ready;
  const bin = mkdtempSync(join(tmpdir(), 'yitong-npx-'));
  t.teardown(() => spawnSync('rm', ['-r', bin]));
  // `npx yitong` of a reader who has installed it
  writeFileSync(join(bin, 'npx'), `#!/bin/sh\nshift\nexec env npm_execpath=npx "${process.execPath}" "${cli}" "$@"\n`);
  chmodSync(join(bin, 'npx'), 0o755);
  const env = { ...process.env, NODE_OPTIONS: '', PATH: `${bin}:${process.env['PATH'] ?? ''}`, COLUMNS: '200' };

  const compared = (step: Step, output: string): string | undefined =>
    step.seen === undefined || step.kind === undefined
      ? undefined
      : answerDiffers({ kind: step.kind, text: step.seen }, output);

  /** In a terminal of its own; whatever it asks is answered by Enter. */
  const inTerminal = async (run: string): Promise<{ readonly code: unknown; readonly text: string }> => {
    const child = spawn('script', ['-qfec', run, '/dev/null'], {
      cwd: workspace,
      env: { ...env, SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (/\] $/.test(read(said))) child.stdin.write('\r');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    return { code, text: read(said) };
  };

  for (const language of ['zh', 'en'] as const)
    t.test(`each step does what the page says, in order (${language})`, async (t) => {
      const { page, complaints } = await as(DEVELOPER);
      await page.goto(`${START}?lang=${language}`);
      const steps = JSON.parse(await page.evaluate<string>(STEPS)) as readonly Step[];
      t.same(
        steps.map(({ id }) => id),
        ['browser', 'try', 'command', 'key', 'certificate', 'where', 'sandbox', 'first', 'denied'],
      );
      if (language === 'zh') t.same(latinIn(await page.evaluate<string>(TEXTS)), []);
      const [browser, trying] = steps;
      const folder = join(workspace, 'first-answer');
      const began = Date.now();
      await page.click('[data-step="browser"] a[data-press]');
      t.match(page.url(), browser?.href?.split('?')[0] ?? 'no address');
      await page.click(`button:text-is("${browser?.press ?? ''}")`);
      await page.waitForSelector('[data-allowed="true"]');
      t.comment(`first answer in the browser: 2 clicks, 0 fields, ${String(Date.now() - began)} ms`);
      const told = await page.innerText('main');
      for (const line of browser?.seen?.split('\n') ?? ['nothing is said']) t.ok(told.includes(line), line);

      if (spawnSync('script', ['--version']).status !== 0) missingHere(t, 'the program `script`, a terminal');
      else {
        const { code, text } = await inTerminal(trying?.run ?? 'false');
        t.equal(code, 0, text);
        t.equal(compared(trying ?? { id: '' }, text), undefined, 'try');
      }

      const of = (id: string): Step => steps.find((one) => one.id === id) ?? { id };
      const done = async (ids: readonly string[], cwd: string): Promise<void> => {
        const script = ids.map((id) => `${of(id).run ?? 'false'}\nprintf '${END}'`).join('\n');
        const { stdout } = await promisify(execFile)('sh', ['-euc', script], { cwd, env, maxBuffer: 1 << 22 });
        const outputs = stdout.split(END);
        for (const [i, id] of ids.entries()) t.equal(compared(of(id), outputs[i] ?? ''), undefined, id);
      };
      await done(['command', 'key'], workspace);
      const certificate = of('certificate');
      await page.goto(`${START}?lang=${language}`);
      await page.click('[data-step="certificate"] a[data-press]');
      t.match(page.url(), certificate.href ?? 'no address');
      await page.setInputFiles('input[type=file]', join(folder, 'request.pem'));
      await page.click(`button:text-is("${certificate.press ?? ''}")`);
      await page.waitForSelector('#made');
      for (const name of ['cert.pem', 'ca.pem']) {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.click(`#made a[download="${name}"]`),
        ]);
        await download.saveAs(join(folder, name));
      }
      await done(
        steps.slice(steps.indexOf(certificate) + 1).map(({ id }) => id),
        folder,
      );
      t.comment(`all steps: ${String(Math.round((Date.now() - began) / 1000))} s`);

      if (spawnSync('python3', ['--version']).status !== 0) missingHere(t, 'Python 3: not here');
      else
        for (const step of [of('sandbox'), of('first')]) {
          const asked = await promisify(execFile)(
            'sh',
            ['-euc', `${of('where').run ?? 'false'}\nexec python3 -c "$PROGRAM"`],
            {
              cwd: folder,
              env: { ...env, PROGRAM: step.python },
            },
          );
          t.equal(compared(step, asked.stdout), undefined, `${step.id} in Python`);
        }

      // the other way, with a key of its own
      const lines = [of('key').run, certificate.otherwise, of('where').run, of('sandbox').run].map(
        (one) => one ?? 'false',
      );
      const { stdout } = await promisify(execFile)('sh', ['-euc', lines.join('\n')], { cwd: workspace, env });
      t.equal(compared(of('sandbox'), stdout), undefined, 'with a certificate that was issued in the shell');
      t.same(complaints, []);
    });

  t.test('in a shell the sandbox says what it withholds, and why', async (t) => {
    const ask = (...words: string[]) =>
      run(
        'query',
        ...words,
        '--sandbox',
        '--purpose',
        'open-restaurant',
        '--as',
        'one-stop-counter',
        '--workspace',
        workspace,
      );
    const { subjects } = await (await town.as('one-stop-counter')).sandboxSubjects();
    const invented = subjects.find(({ subject }) => subject.startsWith('uscc:'))?.subject ?? '';
    const some = await ask(invented, '--datasets', 'samr.food-inspections,tax.tax-arrears', '-o', 'table');
    t.equal(some.code, 0, some.stderr);
    t.match(some.stdout, /all data are invented[^]*withheld: .*inspector.* \(\w+: [a-z ]+/i);
    t.match(some.stdout, /tax\.tax-arrears\): denied \(not_granted: no grant in force/);
    const none = await ask(invented, '--datasets', 'tax.tax-arrears', '--zh');
    t.match(none, { code: 1, stdout: /没有一项有效授权/ });
    const real = await ask('uscc:91990102MA00001692', '--datasets', 'samr.company-register');
    t.match(real, { code: 1, stdout: /not_in_sandbox/ }, 'of nobody else');
  });

  t.test('a command is copied by its button', async (t) => {
    const { page } = await as(DEVELOPER);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${START}?lang=zh`);
    await page.click('[data-copy="run-where"]');
    await page.waitForSelector('[data-copy="run-where"]:text-is("已复制")');
    t.equal(
      await page.evaluate<string>('navigator.clipboard.readText()'),
      await page.textContent('#run-where'),
      'as it stands there',
    );
  });

  t.test('no operation has a word on its Chinese page that nobody types', async (t) => {
    const { page, complaints } = await as(DEVELOPER);
    await page.goto(`${INTERFACES}?lang=zh`);
    const paths = JSON.parse(
      await page.evaluate<string>(
        `JSON.stringify([...document.querySelectorAll('[data-operation] a')].map((one) => one.getAttribute('href')))`,
      ),
    ) as readonly string[];
    t.ok(paths.length > 80);
    const wrong: string[] = [];
    for (const path of paths) {
      await page.goto(path);
      for (const word of latinIn(await page.evaluate<string>(TEXTS))) wrong.push(`${path}: ${word}`);
    }
    t.same(wrong, []);
    t.same(complaints, []);
  });

  t.test('searched and read by keyboard, in both languages and widths, with axe', async (t) => {
    const { inspect } = await as(DEVELOPER);
    t.same(await inspect(START, 'developer-start'), []);
    t.same(await inspect(INTERFACES, 'interfaces'), []);
    t.same(await inspect(`${INTERFACES}?q=${encodeURIComponent('回执')}`, 'interfaces-found'), []);
    t.same(await inspect(`${INTERFACES}/query`, 'interface-query'), []);
    t.same(await inspect(`${INTERFACES}/attach`, 'interface-attach'), []);
  });
}
