/** The part of the TypeScript client: from a sentence to its matter. */
import type { CallOptions, Localised, Wire } from '../../../../contracts/client.js';

export interface Guidance {
  /** null where it is not sure, or where none is meant. */
  readonly bundle: string | null;
  readonly title: Localised | null;
  /** The nearest matters, nearest first, with scores from 0 to 1. */
  readonly candidates: readonly { readonly bundle: string; readonly score: number }[];
  /** None of the matters is meant. */
  readonly offTopic: boolean;
  /** What the sentence says already. */
  readonly slots: readonly {
    readonly kind: 'address' | 'area' | 'money' | 'mass' | 'date' | 'key' | 'code';
    readonly value: string;
    readonly text: string;
    readonly element?: string;
    readonly title?: Localised;
  }[];
  /** The next question; `bundle` asks which matter is meant. */
  readonly ask: {
    readonly question: string;
    readonly asks: Localised;
    readonly type: string;
    readonly choices?: readonly { readonly code: string; readonly title: Localised }[];
  } | null;
  readonly why: Localised;
}

export interface GuideMethods {
  /** Which matter somebody wants who says it so. @throws GatewayError `not_found` where there are no bundles */
  guide(sentence: string, options?: CallOptions): Promise<Guidance>;
}

export const guideMethods = (wire: Wire): GuideMethods => ({
  guide: (sentence, call) => wire.post('/v1/guide', { sentence }, call),
});
