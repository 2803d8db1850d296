/**
 * A load that goes on evenly: questions at a rate, pushes of which some are held back, files that change, and what
 * comes to its end meanwhile.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import uscc from '../../../../contracts/subjects/uscc.js';
import { type QueryAnswer, receiptId } from '../../../../gateway/client/index.js';
import { run } from '../../../e2e/command.js';
import { callerOf } from '../caller.js';
import { randomOf } from '../random.js';
import { DATASETS, PURPOSE } from '../workspace.js';

export interface Counts {
  readonly numbers: {
    answered: number;
    late: number;
    pushed: number;
    heldBack: number;
    files: number;
    runs: number;
    rows: number;
    erased: number;
  };
  /** Ids of some receipts, which are to be in the log in the end. */
  readonly receipts: string[];
  readonly wrong: string[];
}

export interface SoakParts {
  readonly api: string;
  readonly pki: string;
  readonly workspace: string;
  readonly data: string;
  /** Drop folder of the feed. */
  readonly inbox: string;
  readonly counts: Counts;
  /** The end of it. */
  readonly signal: AbortSignal;
}

export const startCounts = (): Counts => ({
  numbers: { answered: 0, late: 0, pushed: 0, heldBack: 0, files: 0, runs: 0, rows: 0, erased: 0 },
  receipts: [],
  wrong: [],
});

const CONNECTIONS = 8;
/** ms after which a question is asked late. */
const LATE = 1000;
const RECEIPTS = 400;
const WRONG = 50;
const SUBJECTS = 400;
/** Subjects of pushes, which are not erased. */
const PUSHED = 2000;

const noted = ({ wrong }: Counts, what: string): void => {
  if (wrong.length < WRONG) wrong.push(what);
};
const rest = (ms: number, signal: AbortSignal): Promise<void> => wait(ms, undefined, { signal }).catch(() => undefined);

/** `rate` questions a second, over connections that stay. */
export async function asked({ api, pki, counts, signal }: SoakParts, rate: number): Promise<void> {
  const random = randomOf(7, 'soak questions');
  const started = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const [asker, stranger] = [await callerOf(api, pki, 'asker'), await callerOf(api, pki, 'stranger')];
      while (!signal.aborted) {
        const number = next++;
        const due = started + (number * 1000) / rate;
        const ahead = due - performance.now();
        if (ahead > 0) await rest(ahead, signal);
        if (signal.aborted) break;
        if (-ahead > LATE) counts.numbers.late += 1;
        const denied = number % 20 === 0;
        const subject = uscc.make(
          random.pick([random.between(0, SUBJECTS - 1), PUSHED + random.between(0, SUBJECTS - 1)]),
        );
        const body = {
          purpose: PURPOSE,
          subject: `uscc:${subject}`,
          datasets: [DATASETS.files, DATASETS.pushed, DATASETS.latest].map((id) => ({ id })),
        };
        const reply = await (denied ? stranger : asker)
          .post('/v1/query', body)
          .catch((error: unknown) => ({ status: 0, text: String(error) }));
        if (reply.status !== (denied ? 403 : 200))
          noted(counts, `a question was answered ${String(reply.status)}: ${reply.text.slice(0, 200)}`);
        else counts.numbers.answered += 1;
        if (
          !denied &&
          reply.status === 200 &&
          (counts.receipts.length < RECEIPTS / 2 || number % 500 === 0) &&
          counts.receipts.length < RECEIPTS
        )
          counts.receipts.push(receiptId((JSON.parse(reply.text) as QueryAnswer).receipt));
      }
      asker.close();
      stranger.close();
    }),
  );
}

/** Two pushes a second, of five records each; every tenth holds one that breaks its contract. */
export async function pushed({ api, pki, counts, signal }: SoakParts): Promise<void> {
  const publisher = await callerOf(api, pki, 'publisher');
  const random = randomOf(7, 'soak pushes');
  for (let number = 0; !signal.aborted; number++) {
    const dataset = number % 2 === 0 ? DATASETS.pushed : DATASETS.latest;
    const records = Array.from({ length: 5 }, (_, i) => ({
      position: `p${String(number)}-${String(i)}`,
      value: {
        uscc: uscc.make(PUSHED + random.between(0, SUBJECTS - 1)),
        number: `p${String(random.between(0, 2))}`,
        state: random.pick(['open', 'closed', 'void']),
        amount: number % 10 === 0 && i === 0 ? 'many' : random.between(0, 9999),
        note: null,
      },
    }));
    const reply = await publisher
      .post(`/v1/datasets/${dataset}/records`, { sourceTime: new Date().toISOString(), records })
      .catch((error: unknown) => ({ status: 0, text: String(error) }));
    if (reply.status === 200) {
      counts.numbers.pushed += records.length;
      counts.numbers.heldBack += [...reply.text.matchAll(/"quarantined"/g)].length;
    } else if (!signal.aborted)
      noted(counts, `a push was answered ${String(reply.status)}: ${reply.text.slice(0, 200)}`);
    await rest(500, signal);
  }
  publisher.close();
}

/**
 * A register of the same size again and again, a few of its rows different; each file takes the place of the one
 * before.
 */
export async function dropped({ inbox, counts, signal }: SoakParts): Promise<void> {
  const random = randomOf(7, 'soak files');
  const amounts = Array.from({ length: SUBJECTS * 5 }, () => random.between(0, 9999));
  const names: string[] = [];
  while (!signal.aborted) {
    for (let i = 0; i < 20; i++) amounts[random.between(0, amounts.length - 1)] = random.between(0, 9999);
    const name = `${String(++counts.numbers.files).padStart(6, '0')}.csv`;
    const rows = amounts.map(
      (amount, i) =>
        `${uscc.make(i % SUBJECTS)},f${String(Math.floor(i / SUBJECTS))},open,${String(i === 7 ? 'many' : amount)},`,
    );
    await writeFile(join(inbox, `.${name}`), `uscc,number,state,amount,note\n${rows.join('\n')}\n`);
    await rename(join(inbox, `.${name}`), join(inbox, name));
    names.push(name);
    // the connector has had the older ones for long
    while (names.length > 6) await rm(join(inbox, names.shift() ?? ''), { force: true });
    await rest(10_000, signal);
  }
}

/**
 * Twelve times in all a subject is erased from the log, and bodies whose term is over are looked for; nothing is old
 * enough for the law.
 */
export async function ended({ workspace, data, counts, signal }: SoakParts, span: number): Promise<void> {
  for (let number = 0; ; number++) {
    await rest(span / 13, signal);
    if (signal.aborted) return;
    const erased = await run(
      'audit',
      'erase',
      `uscc:${uscc.make(number)}`,
      '--reason',
      'soak',
      '--legal-basis',
      'test',
      '--workspace',
      workspace,
      '--data',
      data,
      '--json',
    );
    if (erased.code === 0) counts.numbers.erased += 1;
    else if (!/nothing|no entr|not known/i.test(erased.stdout + erased.stderr))
      noted(counts, `an erasure ended with ${String(erased.code)}: ${erased.stderr.slice(0, 200)}`);
    const expired = await run('audit', 'expire', '--yes', '--workspace', workspace, '--data', data, '--json');
    if (expired.code !== 0 && expired.code !== 1)
      noted(counts, `an expiry ended with ${String(expired.code)}: ${expired.stderr.slice(0, 200)}`);
  }
}
