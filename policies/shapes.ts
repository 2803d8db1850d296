/** The forms of the files under `policies/`; an unknown key is refused by name. */

import type { Delivery, Localised } from '../contracts/types.js';
import { shape } from '../contracts/validate.js';
import type { ReleaseAs } from './types.js';

const text = { type: 'string', minLength: 1, maxLength: 400 } as const;
const texts = { type: 'array', items: text, uniqueItems: true } as const;
const someTexts = { ...texts, minItems: 1 } as const;
const localised = {
  type: 'object',
  required: ['zh', 'en'],
  additionalProperties: false,
  properties: { zh: text, en: text },
} as const;
const relative = { type: 'string', pattern: '^[^/\\\\].*$', maxLength: 400 } as const;
const status = { enum: ['active', 'suspended'] } as const;
const closed = (required: readonly string[], properties: object): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});
const oneOf = (properties: object): object => ({
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties,
});

export interface PurposesFile {
  readonly [purpose: string]: { readonly name: Localised; readonly legalBasis: readonly string[] };
}
export const purposesFile = shape<PurposesFile>(
  { type: 'object', additionalProperties: closed(['name', 'legalBasis'], { name: localised, legalBasis: someTexts }) },
  'bad_policy',
);

export interface ClientFile {
  readonly authority: string;
  readonly name: Localised;
  readonly identity: {
    readonly spiffe?: string;
    readonly issuer?: string;
    readonly subject?: string;
    readonly keyHash?: string;
  };
  readonly status: 'active' | 'suspended';
  readonly rate?: number;
  readonly webhook?: { readonly url: string; readonly ca?: string };
}
export const clientFile = shape<ClientFile>(
  closed(['authority', 'name', 'identity', 'status'], {
    authority: text,
    name: localised,
    identity: closed([], {
      // SPIFFE ID, section 2: no port, no percent-encoding, no empty or dot segments
      spiffe: {
        type: 'string',
        maxLength: 2048,
        pattern: '^spiffe://[a-z0-9._-]+(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)+$',
      },
      issuer: text,
      subject: text,
      keyHash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    }),
    status,
    rate: { type: 'integer', minimum: 1 },
    webhook: closed(['url'], { url: { type: 'string', maxLength: 500, pattern: '^https://' }, ca: relative }),
  }),
  'bad_policy',
);

export interface GrantFile {
  readonly client: string;
  readonly dataset: string;
  readonly fields: readonly (
    | string
    | { readonly path: string; readonly as?: ReleaseAs; readonly bands?: readonly string[] }
  )[];
  readonly rows: {
    readonly all?: true;
    readonly area?: { readonly field: string; readonly areas: readonly string[] };
    readonly subjects?: readonly string[];
  };
  readonly purposes: readonly string[];
  readonly delivery: readonly Delivery[];
  readonly batchLimit?: number;
  readonly callsADay?: number;
  readonly signals?: true;
  readonly from: string;
  readonly until: string;
  readonly legalBasis: readonly string[];
  readonly requires: readonly ('item' | 'caseId' | 'actor')[];
  readonly subjectNotice: {
    readonly mode: 'immediate' | 'delayed' | 'withheld';
    readonly legalBasis?: string;
    readonly delay?: string;
  };
  readonly status: 'active' | 'suspended';
}
export const grantFile = shape<GrantFile>(
  closed(
    [
      'client',
      'dataset',
      'fields',
      'rows',
      'purposes',
      'delivery',
      'from',
      'until',
      'legalBasis',
      'requires',
      'subjectNotice',
      'status',
    ],
    {
      client: text,
      dataset: text,
      fields: {
        type: 'array',
        minItems: 1,
        items: {
          type: ['string', 'object'],
          additionalProperties: false,
          required: ['path'],
          properties: {
            path: text,
            as: { enum: ['value', 'match', 'exists', 'count', 'band', 'masked'] },
            bands: { ...someTexts, maxItems: 100 },
          },
        },
      },
      rows: oneOf({
        all: { const: true },
        area: closed(['field', 'areas'], {
          field: text,
          areas: { ...someTexts, items: { type: 'string', pattern: '^[0-9A-Za-z-]{1,20}$' } },
        }),
        subjects: someTexts,
      }),
      purposes: someTexts,
      delivery: {
        type: 'array',
        minItems: 1,
        uniqueItems: true,
        items: { enum: ['query', 'verify', 'batch', 'file', 'subscription'] },
      },
      batchLimit: { type: 'integer', minimum: 0, maximum: 10_000 },
      callsADay: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
      signals: { const: true },
      from: { type: 'string', format: 'date' },
      until: { type: 'string', format: 'date' },
      legalBasis: someTexts,
      requires: { type: 'array', uniqueItems: true, items: { enum: ['item', 'caseId', 'actor'] } },
      subjectNotice: closed(['mode'], {
        mode: { enum: ['immediate', 'delayed', 'withheld'] },
        legalBasis: text,
        delay: text,
      }),
      status,
    },
  ),
  'bad_grant',
);

export interface AnchorFile {
  readonly name: Localised;
  readonly ca: string;
  readonly authorities: '*' | readonly string[];
  readonly crl?: string;
  readonly crlGrace?: string;
  readonly noCrlBecause?: string;
}
export const anchorFile = shape<AnchorFile>(
  closed(['name', 'ca', 'authorities'], {
    name: localised,
    ca: relative,
    authorities: { type: ['string', 'array'], pattern: '^\\*$', items: text, minItems: 1, uniqueItems: true },
    crl: relative,
    crlGrace: text,
    noCrlBecause: { ...text, minLength: 10 },
  }),
  'bad_policy',
);

export const casesFile = shape<readonly unknown[]>({ type: 'array' }, 'bad_policy');
