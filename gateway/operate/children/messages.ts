/**
 * What the processes of one group say to each other. Arguments of a child are one JSON text in argv: paths and numbers,
 * no secret.
 */
import type { BusSettings } from '../../../connectors/bus/open.js';
import type { ContentVersion } from '../../answer/inforce/content.js';
import type { GatewaySettings } from '../../ground/config/index.js';
import type { Family } from '../../ground/counts/families.js';
import { defaultLog, type LogSettings, openLog, warningsTo } from '../../ground/logging/log.js';
import { inWords } from '../../ground/logging/words.js';
import type { LogHealth } from '../../log/sequencer/sequencer.js';
import type { ReplicasReport } from './replicas-health.js';
import type { FixedSettings } from './settings.js';

export interface ProcessArguments {
  readonly workspace: string;
  readonly data: string;
  readonly bus: BusSettings;
  /** Flags over yitong.json and the environment. */
  readonly flags: Partial<GatewaySettings>;
  /** The development CA's folder; undefined in production. */
  readonly developmentPki?: string;
  /** Issuer of the development provider; only with `developmentPki`. */
  readonly developmentIssuer?: string;
  /** How the group writes its log; undefined: as it is by default. */
  readonly log?: LogSettings;
  /** For sources: companies, seed, day. */
  readonly options: Readonly<Record<string, string>>;
}

/** What a worker was started with. */
export interface Opened {
  /** As configured: 0 for a free port. */
  readonly given: {
    readonly host: string;
    readonly port: number;
    readonly peopleHost: string;
    readonly peoplePort: number;
  };
  readonly version: ContentVersion;
  readonly layers: readonly string[];
  readonly fixed: FixedSettings;
}

/** What the first run of a feed did. */
export interface FirstPass {
  readonly dataset: string;
  /** Read; of them `quarantined` wait in quarantine, `skipped` are not the dataset's, and all others are published. */
  readonly rows: number;
  readonly quarantined: number;
  readonly skipped: number;
  readonly state: string;
}

export type FromChild =
  | { readonly kind: 'ready'; readonly api?: number; readonly people?: number; readonly opened?: Opened }
  /** Writer: it reads by what stood on disk when `take` was asked, or why it does not. */
  | { readonly kind: 'taken'; readonly why?: string }
  /** What it is at while it starts, after "it": `opens the view`. */
  | { readonly kind: 'starting'; readonly what: string }
  /** Worker: it has loaded what it can without the data folder, and waits for `begin`. */
  | { readonly kind: 'loaded' }
  /** Feeds: every feed has run once. */
  | { readonly kind: 'first-pass'; readonly reports: readonly FirstPass[] }
  /** Feeds: how far the first pass is. */
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly dataset: string }
  /** Writer: the view holds everything that stood on the bus when `drain` was asked. */
  | { readonly kind: 'drained' }
  /** Writer: how far the published log is. */
  | { readonly kind: 'log'; readonly health: LogHealth }
  /** Writer: by task, ms since 1970 when it came forward last. */
  | { readonly kind: 'passes'; readonly at: Readonly<Record<string, number>> }
  /** Writer: what it knows of the other replicas of the log. */
  | { readonly kind: 'replicas'; readonly report: ReplicasReport }
  /** Writer: by journal, the newest seq that a second replica has on its disk. */
  | { readonly kind: 'confirmed'; readonly journals: Readonly<Record<string, number>> }
  /** Writer: alerts ever raised, by rule. */
  | { readonly kind: 'alerts'; readonly counts: Readonly<Record<string, number>> }
  /**
   * `reasons`: why it cannot serve. `warnings`: what an operator should see to while it serves; a child that sends them
   * here sends no message of that name.
   */
  | {
      readonly kind: 'health';
      readonly ready: boolean;
      readonly reasons: readonly string[];
      readonly warnings?: readonly string[];
    }
  /** What an operator should see although the group is ready; replaces what this child warned of before. */
  | { readonly kind: 'warnings'; readonly warnings: readonly string[] }
  /** The answer to `metrics`, and once more before it ends in order. */
  | { readonly kind: 'metrics'; readonly metrics: readonly Family[] }
  | { readonly kind: 'alert'; readonly message: string }
  /** Worker: the file (inode number) of the view is damaged. */
  | { readonly kind: 'damaged'; readonly file: number }
  /** Worker or writer: files are to be made. */
  | { readonly kind: 'files' }
  | { readonly kind: 'failed'; readonly message: string };

export type ToChild =
  /** To the writer: the group has started, so that it may step back behind the answers. */
  | { readonly kind: 'started' }
  /** To workers: the writer has the data folder, and its view is there. */
  | { readonly kind: 'begin' }
  | { readonly kind: 'drain' }
  /**
   * To workers: from now on each answer closes its connection. `listening`: new ones are taken until `stop`; else it
   * ends once it has none.
   */
  | { readonly kind: 'leave'; readonly listening: boolean }
  /**
   * To one of the workers: acts on what all of them follow are put on record by it from now on, beginning with this
   * one.
   */
  | { readonly kind: 'records'; readonly detail: Readonly<Record<string, unknown>>; readonly target: string }
  /** To the writer: whether it waits with what it cannot read, since it is about to be told to take new contracts. */
  | { readonly kind: 'hold'; readonly on: boolean }
  /** To the writer: what is on disk, if it is still that. */
  | { readonly kind: 'take'; readonly contracts: string }
  /** To the writer: what a worker said. */
  | Extract<FromChild, { kind: 'damaged' }>
  | { readonly kind: 'stop' }
  | { readonly kind: 'metrics' }
  /** To workers that stop: what is still under way is not waited for. */
  | { readonly kind: 'hurry' }
  /** To workers: as the writer said it. */
  | Extract<FromChild, { kind: 'confirmed' }>;

/**
 * Sends to the parent where there is one. One that is gone is noticed by `disconnect`; until then what it would be told
 * is lost with it.
 */
export function tell(message: FromChild): void {
  if (process.connected) process.send?.(message, () => undefined);
}

/**
 * Says what the start is at; whoever waits for it is told when that takes long.
 * @param what after "it": `opens the view`
 */
export const starting = (what: string): void => tell({ kind: 'starting', what });

const lastWork: (() => Promise<void>)[] = [];

/** Done when the body of a child has ended, before its parent hears of it. */
export function beforeEnd(work: () => Promise<void>): void {
  lastWork.push(work);
}

/**
 * Runs the body of the child `name`: its arguments from argv, `stop` and signals as an AbortSignal, failures told
 * before dying.
 */
export function runChild(
  name: string,
  body: (
    args: ProcessArguments,
    signal: AbortSignal,
    onMessage: (listener: (message: ToChild) => void) => void,
  ) => Promise<void>,
): void {
  const stop = new AbortController();
  // Ctrl-C reaches every process of the terminal at once, the end of a service all of its processes; a child waits for
  // its supervisor, who stops them in order
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!process.connected) stop.abort();
    });
  }
  // a group whose supervisor is gone must not go on unseen
  process.on('disconnect', () => stop.abort());
  // it may be gone already: what is loaded before this line takes its time
  if (process.connected === false) stop.abort();
  process.on('message', (message: ToChild) => {
    if (message.kind === 'stop') stop.abort();
  });
  const args = JSON.parse(process.argv[2] ?? '{}') as ProcessArguments;
  const log = openLog(name, args.log ?? defaultLog());
  warningsTo(log);
  body(args, stop.signal, (listener) => process.on('message', listener)).then(
    async () => {
      for (const work of lastWork) await work();
      process.exitCode = 0;
      if (process.connected) process.disconnect();
    },
    (error: unknown) => {
      tell({ kind: 'failed', message: inWords(error) });
      log('error', 'the process ends', { err: error });
      process.exitCode = 1;
      // whatever was begun before it failed keeps it alive no longer
      setTimeout(() => process.exit(), 2000).unref();
      if (process.connected) process.disconnect();
    },
  );
}
