/**
 * A command of `yitong`: one file in `commands/`, default-exported, found by its name (`contracts-check.ts` is
 * `yitong contracts check`). Exit codes, one rule for all:
 *   0  done. A command that lists, shows or does something ends so whatever it found
 *   1  found wanting: the command asks a question that can be answered with no, and it was; `wanting` says which
 *   2  could not run: it was written wrong, or what it needs is missing, damaged or refused; it throws
 */
import type { Localised } from '../../contracts/localised.js';
import type { Table } from './table.js';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly describe: string;
  /** The same for `--zh`. */
  readonly zh?: string;
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean;
  /** All that may be said; what else is said is refused before the command runs. */
  readonly values?: readonly string[];
}

/** Parts of the list of all commands (`help.ts`). */
export type Group = 'start' | 'registers' | 'rights' | 'reports' | 'audit' | 'running' | 'line';
export type Language = 'zh' | 'en';
/** How the result is written: lines of words, a table in a terminal, JSON, CSV. */
export type Form = 'lines' | 'table' | 'json' | 'csv';

export interface Invocation {
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly positionals: readonly string[];
  /** For people; goes to stdout in the forms `lines` and `table`. */
  say(line: string): void;
  /** For machines: one JSON document on stdout, only under `--json`. */
  json(value: unknown): void;
  /** Of a command with `-o`: on stdout, in the forms `table` and `csv`. */
  table(table: Table): void;
  /** `table` and `csv` only of a command with `-o`. */
  readonly form: Form;
  readonly asJson: boolean;
  readonly language: Language;
  /** Of a text in both. */
  words(text: Localised): string;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

interface Described {
  readonly summary: string;
  /** The summary for `--zh`. */
  readonly zh?: string;
  /** Where it stands in the list of all commands, if no command before it begins with the same word. */
  readonly group?: Group;
  /** What stands after the command's name, e.g. `<file> [--against D]`. */
  readonly usage: string;
  /** How many words may stand there that are no options; default none. */
  readonly takes?: number;
  readonly examples: readonly string[];
  readonly options: Readonly<Record<string, Option>>;
}

/** Lists, shows or does something. */
interface Doing extends Described {
  readonly wanting?: undefined;
  run(call: Invocation): Promise<0>;
}

/** Asks a question that can be answered with no. */
interface Asking extends Described {
  /** What exit code 1 says, after "exit 1": `where the log does not verify`. */
  readonly wanting: string | Localised;
  run(call: Invocation): Promise<0 | 1>;
}

export type Command = Doing | Asking;
