/** The part of the TypeScript client: bundles, and the one form of each. */
import { at, type CallOptions, type Localised, type Wire } from '../../../../contracts/client.js';

interface BundleAuthority {
  readonly id: string;
  readonly name?: Localised;
}

/** What every bundle says of itself. */
interface BundleFacts {
  readonly id: string;
  readonly title: Localised;
  readonly summary: Localised;
  /** Who leads. */
  readonly authority: BundleAuthority;
  readonly applicant: 'company' | 'person';
}

export interface BundleHead extends BundleFacts {
  /** What people say who want this. */
  readonly says: readonly string[];
}

export interface BundleQuestion {
  readonly id: string;
  readonly asks: Localised;
  readonly help?: Localised;
  readonly type: 'yes-no' | 'code' | 'codes' | 'integer' | 'decimal' | 'date' | 'text';
  readonly choices?: readonly { readonly code: string; readonly title: Localised }[];
  readonly min?: number;
  readonly max?: number;
  /** A rule; absent: always asked. */
  readonly when?: string;
  /** null is an answer: it is not known. */
  readonly mayNotKnow: boolean;
}

export interface Bundle extends BundleFacts {
  readonly basis: readonly string[];
  readonly notes: readonly Localised[];
  readonly intents: {
    readonly says: readonly string[];
    readonly words: readonly string[];
    readonly not: readonly { readonly says: string; readonly bundle?: string }[];
  };
  readonly questions: readonly BundleQuestion[];
  readonly items: readonly {
    readonly id: string;
    readonly title: Localised;
    readonly authority: BundleAuthority;
    readonly basis: readonly string[];
    readonly term: {
      readonly unit: 'working-days' | 'days' | 'on-the-spot';
      readonly days?: number;
      readonly else?: { readonly unit: 'working-days' | 'days'; readonly days: number };
      readonly basis: readonly string[];
      readonly note?: Localised;
    };
    readonly when?: string;
    readonly after: readonly string[];
    readonly prepared?: string;
    readonly told: boolean;
    /** Title of the department's own form. */
    readonly form: string;
  }[];
  readonly materials: readonly {
    readonly id: string;
    readonly title: Localised;
    readonly kind: 'data' | 'made' | 'upload';
    readonly items: readonly string[];
    readonly within?: string;
  }[];
  readonly steps: readonly { readonly id: string; readonly title: Localised; readonly uses: readonly string[] }[];
}

/** By question; null: it is not known. */
export type BundleAnswers = Readonly<Record<string, boolean | number | string | readonly string[] | null>>;

/** The one form under some answers. It holds no value of anybody. */
export interface MergedForm {
  readonly bundle: string;
  readonly items: readonly { readonly id: string; readonly applies: 'yes' | 'unknown' }[];
  /** Items of one stage go in parallel. */
  readonly stages: readonly (readonly string[])[];
  readonly questions: readonly string[];
  /** Asked, and not answered yet. */
  readonly open: readonly string[];
  readonly parts: readonly {
    readonly group: Localised;
    readonly condition?: string;
    readonly waitsFor: readonly string[];
    readonly fields: readonly {
      readonly element: string;
      readonly title: Localised;
      /** JSON schema of a value that every form takes. */
      readonly schema: Readonly<Record<string, unknown>>;
      readonly required: boolean;
      readonly shown: 'yes' | 'unknown';
      readonly from: 'identity' | 'register' | 'issued' | 'question' | 'asked';
      readonly registers?: readonly { readonly dataset: string; readonly field: string }[];
      readonly item?: string;
      readonly question?: string;
      readonly forms: readonly { readonly item: string; readonly field: string }[];
    }[];
  }[];
  readonly obstacles: readonly {
    readonly item: string;
    readonly says: Localised;
    readonly basis: readonly string[];
    readonly state: 'no' | 'unknown';
    readonly owners: readonly string[];
  }[];
  readonly materials: readonly {
    readonly id: string;
    readonly needed: 'yes' | 'unknown';
    readonly handedIn: boolean;
  }[];
  readonly figures: {
    readonly forms: { readonly before: number; readonly after: number };
    readonly fields: { readonly before: number; readonly after: number; readonly names: readonly string[] };
    readonly materials: { readonly before: number; readonly after: number };
  };
}

export interface BundlesMethods {
  /** The matters that can be done in one, by id. */
  bundles(options?: CallOptions): Promise<{ readonly bundles: readonly BundleHead[] }>;
  /** One of them: questions, items, materials, steps. @throws GatewayError `not_found` */
  bundle(bundle: string, options?: CallOptions): Promise<Bundle>;
  /** The one form under these answers, whole or not. @throws GatewayError `not_found`, `bad_answers` */
  mergeBundle(bundle: string, answers: BundleAnswers, options?: CallOptions): Promise<MergedForm>;
}

export const bundlesMethods = (wire: Wire): BundlesMethods => ({
  bundles: (call) => wire.get('/v1/bundles', call),
  bundle: (bundle, call) => wire.get(at('v1', 'bundles', bundle), call),
  mergeBundle: (bundle, answers, call) => wire.post(at('v1', 'bundles', bundle, 'merge'), { answers }, call),
});
