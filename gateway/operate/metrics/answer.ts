/**
 * A child of the group answers the supervisor's question for its metrics, and sends them once more before it ends in
 * order.
 */

import type { Family } from '../../ground/counts/families.js';
import { beforeEnd, type ToChild, tell } from '../children/messages.js';
import { processFigures } from './process.js';

/** @param name of the process, as in its log lines */
export function answerForMetrics(name: string, own: () => readonly Family[] | Promise<readonly Family[]>): void {
  const ofProcess = processFigures(name);
  const send = async (): Promise<void> => tell({ kind: 'metrics', metrics: [...ofProcess(), ...(await own())] });
  process.on('message', (message: ToChild) => {
    // one that cannot say its figures is one that did not answer
    if (message.kind === 'metrics') send().catch(() => undefined);
  });
  beforeEnd(() => send().catch(() => undefined));
}
