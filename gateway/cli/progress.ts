/** A bar on stderr for people who wait. */
const WIDTH = 30;

/** What stands on the line as long as nobody has anything better to say. */
let placeholder: { end(): void } | undefined;
export const pauseable = (line: { end(): void }): void => {
  placeholder = line;
};
/** Before anything is written on stderr by hand: the line is free. */
export const lineFree = (): void => placeholder?.end();

export interface ProgressBar {
  to(done: number, of: number): void;
  /** Leaves nothing of it on the line. */
  end(): void;
}

/** Shows nothing where stderr is no terminal. @param what stands before the bar */
export function progressBar(
  what: string,
  {
    shown = process.stderr.isTTY,
    write = (text: string): void => void process.stderr.write(text),
  }: { readonly shown?: boolean; readonly write?: (text: string) => void } = {},
): ProgressBar {
  let last = '';
  return {
    to(done, of) {
      const part = of === 0 ? 1 : Math.min(1, done / of);
      const full = Math.round(part * WIDTH);
      const line =
        `${what} ${'█'.repeat(full)}${'·'.repeat(WIDTH - full)} ` + `${String(Math.floor(part * 100)).padStart(3)} %`;
      if (shown && line !== last) {
        lineFree();
        write(`\r\u001b[K${line}`);
      }
      last = line;
    },
    end() {
      if (shown && last !== '') write('\r\u001b[K');
      last = '';
    },
  };
}
