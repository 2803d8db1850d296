/**
 * A command of `yitong`: one file in `commands/`, default-exported, found by its name (`contracts-check.ts` is
 * `yitong contracts check`). Exit codes: 0 done, 1 found wanting, 2 could not run.
 */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly describe: string;
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean;
}

export interface Invocation {
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly positionals: readonly string[];
  /** For people; goes to stdout unless `--json`. */
  say(line: string): void;
  /** For machines: one JSON document on stdout, only under `--json`. */
  json(value: unknown): void;
  readonly asJson: boolean;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

export interface Command {
  readonly summary: string;
  /** What stands after the command's name, e.g. `<file> [--against D]`. */
  readonly usage: string;
  readonly examples: readonly string[];
  readonly options: Readonly<Record<string, Option>>;
  run(call: Invocation): Promise<0 | 1 | 2>;
}
