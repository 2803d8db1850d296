/**
 * The process that runs cases is killed at random moments, again and again: each act that was answered is there, each
 * event, message and telling of an authority exactly once, and every case comes to its end.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { apply, type CaseState, isEnded } from '../../../gateway/procedures/cases/machine.js';
import { isMessage, stepsOf } from '../../../gateway/procedures/cases/steps.js';
import type { StoredEvent } from '../../../gateway/procedures/cases/store.js';
import { applicantOf, bundles, office } from './office.js';

t.setTimeout(300_000);
const CHILD = fileURLToPath(new URL('./run-until-killed.js', import.meta.url));
const CASES = 18;
const KILLS = 12;

/** @param afterLines kills it so many acts later; undefined: it runs to its end @returns what was answered */
async function run(
  dir: string,
  afterLines: number | undefined,
  delay: number,
): Promise<{ readonly lines: readonly string[]; readonly done: boolean }> {
  const child = spawn(process.execPath, [CHILD, dir, String(CASES)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === afterLines) setTimeout(() => child.kill('SIGKILL'), delay);
  }
  await ended;
  return { lines: lines.filter((line) => line !== 'done'), done: lines.includes('done') };
}

t.test('each effect and each message once, whenever it is killed', async (t) => {
  const dir = t.testdir();
  const answered: string[] = [];
  let kills = 0;
  for (let round = 0; round < KILLS; round++) {
    const { lines, done } = await run(dir, 1 + Math.floor(Math.random() * 12), Math.random() * 8);
    answered.push(...lines);
    if (!done) kills++;
  }
  const last = await run(dir, undefined, 0);
  t.ok(last.done, 'at the end it comes to the end');
  t.comment(`${kills} kills, ${answered.length} acts answered before, ${last.lines.length} after`);
  t.ok(kills >= 6, 'it was killed on its way');
  const here = await office(t, { dir });
  const outbox: string[] = [];
  for (const message of await here.state.outbox(1000)) outbox.push(message.value ?? '');
  const events = new Map<string, number>();
  const tellings: string[] = [];
  const seen = new Set<string>();
  for (const bundle of bundles.values()) {
    const how = { actor: applicantOf(bundle), record: here.record };
    for (const { id } of (await here.cases.list('open', { limit: 200 }, how)).cases) {
      if (seen.has(id)) continue;
      seen.add(id);
      const stored = (await here.state.events(`case/${id}`)).map(({ body }) => (body as unknown as StoredEvent).event);
      let state: CaseState | undefined;
      let messages = 0;
      for (const event of stored) {
        const next: CaseState = apply(state, event);
        if (isMessage(state, next, event)) messages++;
        tellings.push(
          ...stepsOf(state, next, event).map((step) =>
            JSON.stringify([id, next.events, step.to, step.item ?? step.task ?? '', step.status]),
          ),
        );
        state = next;
      }
      const opened = await here.cases.get(id, how);
      t.strictSame(opened.state, state, `${opened.state.bundle}: its events make the same of it`);
      t.ok(
        isEnded(opened.state) && Object.values(opened.state.tasks).every(({ doneAt }) => doneAt !== undefined),
        'and it came to its end',
      );
      const told = (await here.cases.messages(how, 1000)).filter((one) => one.case === id);
      t.equal(told.length, messages, 'each message once');
      t.equal(
        new Set((await here.cases.events(id, 0, how)).map(({ key }) => key)).size,
        stored.length,
        'each act once',
      );
      events.set(id, stored.length);
    }
  }
  t.equal(seen.size, CASES, 'each case once');
  for (const line of answered) {
    const [id = '', number] = line.split(' ');
    if (Number(number) > (events.get(id) ?? 0)) t.fail('an act that was answered is lost');
  }
  const sent = outbox.map((value) => {
    const {
      case: id,
      number,
      to,
      item,
      task,
      status,
    } = JSON.parse(Buffer.from(value, 'base64').toString()) as Record<string, string>;
    return JSON.stringify([id, number, to, item ?? task ?? '', status]);
  });
  t.strictSame(sent.sort(), tellings.slice(0, Infinity).sort(), 'each authority is told of each step once');
});
