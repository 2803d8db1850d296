/** Questions to whoever sits at a terminal. */
import { createInterface, type Interface } from 'node:readline/promises';
import { lineFree } from './progress.js';

export const canAsk = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** Talks on stderr, as stdout is for results. */
export async function talk<T>(signal: AbortSignal, work: (terminal: Interface) => Promise<T>): Promise<T> {
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

export const confirm = (question: string, signal: AbortSignal): Promise<boolean> =>
  talk(signal, async (terminal) =>
    /^(?:|y|yes|是|j|s|o|sim|oui)$/i.test((await terminal.question(`\n${question} [y] `, { signal })).trim()),
  );
