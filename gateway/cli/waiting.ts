/** Whoever waits longer than two seconds on a terminal is told that something is being done. */
import type { Language } from './command.js';
import { pauseable } from './progress.js';

const PATIENCE = 2000;
const EVERY = 1000;

interface Waiting {
  /** Something is said now, or it is over: the line goes, and does not come again. */
  end(): void;
}

/** A line on stderr, unless stderr is no terminal; a bar of the command itself takes its place. */
export function stillWorking(
  language: Language,
  {
    shown = process.stderr.isTTY,
    write = (text: string): void => void process.stderr.write(text),
  }: { readonly shown?: boolean; readonly write?: (text: string) => void } = {},
): Waiting {
  if (!shown) return { end: () => undefined };
  const began = Date.now();
  let drawn = false;
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    const seconds = Math.round((Date.now() - began) / 1000);
    write(
      `\r\u001b[K${language === 'zh' ? `正在处理，已用时 ${String(seconds)} 秒` : `working … ${String(seconds)} s`}`,
    );
    drawn = true;
    timer = setTimeout(draw, EVERY);
    timer.unref();
  };
  timer = setTimeout(draw, PATIENCE);
  timer.unref();
  const waiting: Waiting = {
    end() {
      clearTimeout(timer);
      if (drawn) write('\r\u001b[K');
      drawn = false;
    },
  };
  pauseable(waiting);
  return waiting;
}
