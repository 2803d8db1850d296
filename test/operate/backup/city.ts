/** A city that uses everything, what it is asked, and what it answers: for backups, which must not change that. */
import type { Test } from 'tap';
import type { DatasetId } from '../../../contracts/ids.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { GatewayError, type QueryAnswer, type QueryBody } from '../../../gateway/client/index.js';
import { loadPolicies } from '../../../policies/load.js';
import type { City } from '../../e2e/city.js';

export interface Question {
  readonly client: string;
  readonly body: QueryBody;
}

/**
 * Every client's every purpose about every subject, each with all that is granted for it and one dataset that is not.
 */
export async function questionsOf(workspace: string, subjects: readonly string[], day: string): Promise<Question[]> {
  const { grants } = await loadPolicies(await loadWorkspace(workspace));
  const asked = new Map<
    string,
    { readonly client: string; readonly purpose: string; readonly datasets: Set<DatasetId> }
  >();
  for (const { client, purposes, dataset, status, from, until } of grants.values()) {
    if (status !== 'active' || from > day || until < day) continue;
    for (const purpose of purposes) {
      const key = `${client} ${purpose}`;
      const known = asked.get(key) ?? { client, purpose, datasets: new Set<DatasetId>() };
      asked.set(key, known);
      known.datasets.add(dataset);
    }
  }
  return [...asked.values()].flatMap(({ client, purpose, datasets }) =>
    subjects.map((subject) => ({
      client,
      body: {
        purpose,
        subject,
        case: { item: 'I-1', caseId: 'C-1', actor: 'Zhou' },
        datasets: [...datasets]
          .slice(0, 15)
          .concat('tax.tax-arrears' as DatasetId)
          .filter((id, at, all) => all.indexOf(id) === at)
          .map((id) => ({ id })),
      },
    })),
  );
}

export interface Answer {
  /**
   * What it says, byte for byte, without what belongs to the one request (its id, its time, its receipt) and up to when
   * the sources were seen.
   */
  readonly text: string;
  /** Up to when the source of each dataset was seen: a city that starts looks at its sources again. */
  readonly seen: readonly string[];
}

function lasting(status: number, answer: Partial<QueryAnswer>): Answer {
  const { requestId: _, time: __, receipt: ___, datasets = [], ...rest } = answer;
  return {
    text: JSON.stringify({
      status,
      ...rest,
      datasets: datasets.map((one) => (one.sourceTime === undefined ? one : { ...one, sourceTime: 'seen' })),
    }),
    seen: datasets.map(({ sourceTime }) => sourceTime ?? ''),
  };
}

/** One answer a question, in order. */
export async function answersOf(running: City, questions: readonly Question[]): Promise<Answer[]> {
  const clients = new Map<string, Awaited<ReturnType<City['as']>>>();
  for (const { client } of questions) if (!clients.has(client)) clients.set(client, await running.as(client));
  const answers = new Map<Question, Answer>();
  await Promise.all(
    [...clients].map(async ([client, gateway]) => {
      for (const question of questions) {
        if (question.client !== client) continue;
        try {
          answers.set(question, lasting(200, await gateway.query(question.body)));
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          answers.set(question, lasting(error.status, { ...error.problem } as Partial<QueryAnswer>));
        }
      }
      gateway.close();
    }),
  );
  return questions.map((question) => answers.get(question) ?? { text: 'not asked', seen: [] });
}

/**
 * Whether an answer will stay: each dataset of it has its first rows, but the one that is pushed later, and the past
 * that it was asked for is seen to its end.
 */
export function isKnown(text: string): boolean {
  return !/"id":"(?!transport\.weighbridge-checks)[^"]+","status":"never-loaded"|"status":"not_yet"/.test(text);
}

/** Where two lists of answers differ: each dataset, how it was answered before and after, and in how many answers. */
export function whatDiffers(before: readonly Answer[], after: readonly Answer[]): string {
  const counts = new Map<string, number>();
  const parts = (text: string): ReadonlyMap<string, string> => {
    const { datasets = [], ...rest } = JSON.parse(text) as Partial<QueryAnswer>;
    return new Map([
      ['the answer', JSON.stringify(rest)],
      ...datasets.map((one): [string, string] => [one.id, JSON.stringify(one)]),
    ]);
  };
  before.forEach(({ text }, at) => {
    const [was, is] = [parts(text), parts(after[at]?.text ?? '{}')];
    for (const part of new Set([...was.keys(), ...is.keys()])) {
      const [one = '', other = ''] = [was.get(part), is.get(part)];
      if (one === other) continue;
      const from = [...one].findIndex((letter, i) => letter !== other[i]);
      const shown = `${part}: ${one.slice(Math.max(0, from - 30), from + 30)} → ${other.slice(Math.max(0, from - 30), from + 30)}`;
      counts.set(shown, (counts.get(shown) ?? 0) + 1);
    }
  });
  return [...counts]
    .slice(0, 8)
    .map(([what, count]) => `${count} × ${what}`)
    .join('; ');
}

/** Asks without end from one connection; what each answer took, ms. */
export function load(
  t: Test,
  running: City,
  questions: readonly Question[],
): { readonly taken: number[]; stop(): Promise<void> } {
  const taken: number[] = [];
  let going = true;
  const [first] = questions;
  if (first === undefined) throw new Error('nothing to ask');
  const asking = (async () => {
    const gateway = await running.as(first.client);
    for (let at = 0; going; at++) {
      const body = questions[at % questions.length]?.body ?? first.body;
      const since = performance.now();
      await gateway.query(body);
      taken.push(performance.now() - since);
    }
    gateway.close();
  })();
  let broken: unknown;
  asking.catch((error: unknown) => (broken = error));
  t.teardown(() => (going = false));
  return {
    taken,
    async stop() {
      going = false;
      await asking;
      if (broken !== undefined) throw broken;
    },
  };
}
