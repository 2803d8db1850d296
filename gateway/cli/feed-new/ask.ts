/** Questions on a terminal, each with what is proposed in brackets: Enter takes it. */
import { createInterface, type Interface } from 'node:readline/promises';
import type { Decision } from '../../../connectors/propose/decision.js';
import { lineFree } from '../progress.js';
import { type Said, withAnswer } from './answers.js';

export const canAsk = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** Talks on stderr, as stdout is for results. */
async function talk<T>(signal: AbortSignal, work: (terminal: Interface) => Promise<T>): Promise<T> {
  lineFree();
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const close = (): void => terminal.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    return await work(terminal);
  } finally {
    signal.removeEventListener('abort', close);
    terminal.close();
  }
}

/** Asks what can be answered by an option; `changed` if any answer is another than what was proposed. */
export function askOpen(
  open: readonly Decision[],
  said: Said,
  signal: AbortSignal,
): Promise<{ readonly said: Said; readonly changed: boolean }> {
  return talk(signal, async (terminal) => {
    let now = said;
    let changed = false;
    for (const { about, proposed, reason, alternatives, option } of open) {
      if (option === '') continue;
      const others = alternatives.length === 0 ? '' : ` (or ${alternatives.slice(0, 8).join(', ')})`;
      let answer = '';
      do {
        answer = (
          await terminal.question(`\n${about}: ${reason}${others}\n  ${about} [${proposed}] `, { signal })
        ).trim();
      } while (answer === '' && proposed === '');
      if (answer === '' || answer === proposed) continue;
      now = withAnswer(now, option, answer);
      changed = true;
    }
    return { said: now, changed };
  });
}

export const confirm = (question: string, signal: AbortSignal): Promise<boolean> =>
  talk(signal, async (terminal) =>
    /^(?:|y|yes|是|j|s|o|sim|oui)$/i.test((await terminal.question(`\n${question} [y] `, { signal })).trim()),
  );
