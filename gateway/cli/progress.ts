/** A bar on stderr for people who wait. */
const WIDTH = 30;

export interface ProgressBar {
  to(done: number, of: number): void;
  /** Leaves nothing of it on the line. */
  end(): void;
}

/** Shows nothing where stderr is no terminal. @param what stands before the bar */
export function progressBar(what: string, { shown = process.stderr.isTTY, write = (text: string): void => void process.stderr.write(text) }: { readonly shown?: boolean; readonly write?: (text: string) => void } = {}): ProgressBar {
  let last = '';
  return {
    to(done, of) {
      const part = of === 0 ? 1 : Math.min(1, done / of);
      const full = Math.round(part * WIDTH);
      const line = `${what} ${'█'.repeat(full)}${'·'.repeat(WIDTH - full)} ${String(Math.floor(part * 100)).padStart(3)} %`;
      if (shown && line !== last) write(`\r\u001b[K${line}`);
      last = line;
    },
    end() {
      if (shown && last !== '') write('\r\u001b[K');
      last = '';
    },
  };
}
