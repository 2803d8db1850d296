/**
 * The process log: stderr, one line an event. JSON where a machine reads it, `level: message` in a terminal. Apart from
 * pino, which the supervisor and the connectors need not load; workers write the same lines through pino.
 */
import { errorInLog, inWords } from './words.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

export interface LogSettings {
  readonly format: 'json' | 'text';
  readonly level: Level;
}

/** @param process who says it, where that is another one than this */
export type Log = (level: Level, message: string, detail?: Readonly<Record<string, unknown>>, process?: string) => void;

/** @param format `auto`: text in a terminal, else JSON */
export const logSettings = ({
  logFormat,
  logLevel,
}: {
  readonly logFormat: 'auto' | LogSettings['format'];
  readonly logLevel: Level;
}): LogSettings => ({
  format: logFormat === 'auto' ? (process.stderr.isTTY ? 'text' : 'json') : logFormat,
  level: logLevel,
});

/** Where no settings can be read. */
export const defaultLog = (): LogSettings => logSettings({ logFormat: 'auto', logLevel: 'info' });

/** The same members in the same order as those of workers. */
export function openLog(
  name: string,
  { format, level: least }: LogSettings,
  write = (line: string): void => void process.stderr.write(line),
): Log {
  const from = LEVELS.indexOf(least);
  return (level, message, { err, ...detail } = {}, process) => {
    if (LEVELS.indexOf(level) < from) return;
    if (format === 'json') {
      const error = err === undefined ? {} : { err: errorInLog(err) };
      const time = new Date().toISOString();
      const line = { level, time, process: process ?? name, ...detail, ...error, msg: message };
      return write(`${JSON.stringify(line)}\n`);
    }
    const source = process === undefined ? '' : `${process}: `;
    const why = err === undefined ? '' : `: ${inWords(err)}`;
    write(`${level}: ${source}${message}${why}\n`);
  };
}

/** Lines of pino as text, for a terminal. */
export const asText = (
  write = (line: string): void => void process.stderr.write(line),
): { write(line: string): void } => ({
  write(line) {
    const { level, process, msg, err } = JSON.parse(line) as {
      level: string;
      process: string;
      msg?: string;
      err?: { readonly message?: string; readonly code?: string; readonly type?: string };
    };
    const code = err?.code === undefined ? '' : ` [${err.code}]`;
    const why = err === undefined ? '' : `: ${err.message ?? err.type ?? ''}${code}`;
    write(`${level}: ${process}: ${msg ?? ''}${why}\n`);
  },
});

/** What Node itself would print as text. */
export function warningsTo(log: Log): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => log('warn', `${name}: ${message}`));
}
