/** The part of the TypeScript client: how a source is read, and that it is to be read again now. */
import { at, type CallOptions, type Wire } from '../../../../contracts/client.js';

export interface ReadAgainBody {
  readonly officer: {
    /** As the identity provider of the console knows them. */
    readonly id: string;
    readonly name?: string;
  };
}

export interface ReadingAnswer {
  readonly dataset: string;
  /** A run is asked for since then, and has not begun. */
  readonly asked?: string;
  /** The run that goes on; `rows` is looked at every few seconds. */
  readonly running?: { readonly began: string; readonly rows: number };
  /** The newest run that has ended: what was asked for before it `began` is done by it. */
  readonly last?: {
    readonly began: string;
    readonly ended: string;
    readonly state: 'complete' | 'nothing-new' | 'refused' | 'failed';
    /** Why it failed; a code of docs/errors.md. */
    readonly code?: string;
    readonly rows: number;
    readonly published: number;
    readonly unchanged: number;
    readonly quarantined: number;
    readonly skipped: number;
    readonly withdrawn: number;
  };
  /** Seconds until it may be asked for again; 0: now. */
  readonly wait: number;
}

export interface ReadingMethods {
  /** @throws GatewayError `not_publisher`, `not_read_here` */
  reading(dataset: string, options?: CallOptions): Promise<ReadingAnswer>;
  /** The feed's next run, within seconds. @throws GatewayError `not_publisher`, `not_read_here`, `asked_just_now` */
  readAgain(dataset: string, body: ReadAgainBody, options?: CallOptions): Promise<ReadingAnswer>;
}

const readingOf = (dataset: string): string => at('v1', 'datasets', dataset, 'reading');

export const readingMethods = (wire: Wire): ReadingMethods => ({
  reading: (dataset, call) => wire.get(readingOf(dataset), call),
  readAgain: (dataset, body, call) => wire.post(readingOf(dataset), body, call),
});
