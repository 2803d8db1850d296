/**
 * The process log: stderr, one line an event. JSON where a machine reads it, `level: message` in a terminal. Apart from
 * pino, which the supervisor and the connectors need not load; workers write the same lines through pino.
 */
import { errorInLog, inWords } from './words.js';

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

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
      return write(
        `${JSON.stringify({ level, time: new Date().toISOString(), process: process ?? name, ...detail, ...error, msg: message })}\n`,
      );
    }
    write(
      `${level}: ${process === undefined ? '' : `${process}: `}${message}${err === undefined ? '' : `: ${inWords(err)}`}\n`,
    );
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
    write(
      `${level}: ${process}: ` +
        `${msg ?? ''}${err === undefined ? '' : `: ${err.message ?? err.type ?? ''}${err.code === undefined ? '' : ` [${err.code}]`}`}\n`,
    );
  },
});

/** What Node itself would print as text. */
export function warningsTo(log: Log): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => log('warn', `${name}: ${message}`));
}
