/**
 * The supervisor's side: asks every process of the group for its metrics and keeps what those that ended had counted.
 */
import type { ChildProcess } from 'node:child_process';
import { counter, type Family, gauge, merge } from '../../ground/counts/families.js';
import type { FromChild, ToChild } from '../children/messages.js';

/** ms. A process that does not answer by then is left out: its silence is what the operator wants to see. */
const ANSWER_WITHIN = 2000;

export interface Gathering {
  /** From the start of a process to its end. @param name of its place in the group, `worker 1` */
  follow(name: string, child: ChildProcess): void;
  /** It ended, not in order, and is started again. */
  restarts(name: string): void;
  metrics(): Promise<readonly Family[]>;
}

interface Followed {
  readonly process: string;
  /** As it said last. */
  last: readonly Family[];
  answered: (() => void) | undefined;
  /** It is not asked while it starts. */
  ready: boolean;
}

/** As the process is called in metrics and log lines. */
export const processOf = (name: string): string => name.replaceAll(' ', '-');

const lasting = (families: readonly Family[]): readonly Family[] => families.filter(({ type }) => type !== 'gauge');

export function gatherMetrics(): Gathering {
  const alive = new Map<ChildProcess, Followed>();
  const started = new Map<string, number>();
  /** Those that run or are about to run again; one that ended in order is not missed. */
  const expected = new Set<string>();
  /** What processes counted that are gone: a sum over workers never falls because one of them ended. */
  let gone: readonly Family[] = [];
  let asking: Promise<readonly Family[]> | undefined;

  const ask = (child: ChildProcess, followed: Followed): Promise<boolean> =>
    new Promise((resolve) => {
      const late = setTimeout(() => resolve(false), ANSWER_WITHIN);
      followed.answered = () => {
        clearTimeout(late);
        resolve(true);
      };
      if (child.connected) child.send({ kind: 'metrics' } satisfies ToChild, () => undefined);
    });

  async function gather(): Promise<readonly Family[]> {
    const asked = [...alive].filter(([, { ready }]) => ready);
    const answers = await Promise.all(asked.map(([child, followed]) => ask(child, followed)));
    const up = new Map([...expected].map((process) => [process, 0]));
    const families = asked.map(([child, followed], i) => {
      if (!alive.has(child)) return [];
      if (answers[i] === true) up.set(followed.process, 1);
      return answers[i] === true ? followed.last : lasting(followed.last);
    });
    return [
      gauge(
        'yitong_process_up',
        [...up].map(([process, is]) => [{ process }, is] as const),
      ),
      counter(
        'yitong_process_restarts_total',
        [...started].map(([process, count]) => [{ process }, count] as const),
      ),
      ...merge([gone, ...families]),
    ];
  }

  return {
    follow(name, child) {
      const process = processOf(name);
      if (!started.has(process)) started.set(process, 0);
      expected.add(process);
      const followed: Followed = { process, last: [], answered: undefined, ready: false };
      alive.set(child, followed);
      child.on('message', (message: FromChild) => {
        if (message.kind === 'ready') followed.ready = true;
        if (message.kind !== 'metrics') return;
        followed.last = message.metrics;
        followed.answered?.();
      });
      child.on('exit', () => {
        alive.delete(child);
        expected.delete(process);
        gone = merge([gone, lasting(followed.last)]);
        followed.answered?.();
      });
    },
    restarts(name) {
      const process = processOf(name);
      started.set(process, (started.get(process) ?? 0) + 1);
      expected.add(process);
    },
    // who asks while it is being asked gets the same answer
    metrics: () => (asking ??= gather().finally(() => (asking = undefined))),
  };
}
