/** What the feed of an API can say. */
import { HOST_PATTERN } from '../../reading/ceiling.js';
import { POINTER_PATTERN } from '../../reading/json-value.js';
import { ENVIRONMENT_PATTERN, type Reference } from '../../reading/secrets.js';
import type { Paging } from './pages.js';

export interface HttpSource {
  readonly kind: 'http';
  readonly url: string;
  readonly allowHosts: readonly string[];
  readonly allowPrivate?: boolean;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, Reference>>;
  readonly parameters?: Readonly<Record<string, Reference>>;
  readonly items?: string;
  readonly position?: string;
  readonly total?: string;
  readonly paging?: Paging;
  /** The cursor is the greatest value at `item`, or without it the time at which the run began, less `overlap`. */
  readonly since?: {
    readonly parameter: string;
    readonly item?: string;
    readonly overlap?: string;
    readonly initial?: string;
  };
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly timeout?: string;
  readonly retries?: number;
  readonly maxPageBytes?: number;
  readonly maxItemBytes?: number;
  readonly maxPages?: number;
}

const pointer = { type: 'string', maxLength: 400, pattern: POINTER_PATTERN } as const;
const parameter = { type: 'string', minLength: 1, maxLength: 100 } as const;
const file = { type: 'string', minLength: 1, maxLength: 400 } as const;
const prefix = { type: 'string', maxLength: 100 } as const;
const reference = {
  anyOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['env'],
      properties: { env: { type: 'string', pattern: ENVIRONMENT_PATTERN }, prefix },
    },
    { type: 'object', additionalProperties: false, required: ['file'], properties: { file, prefix } },
  ],
} as const;
const size = {
  type: 'object',
  additionalProperties: false,
  required: ['parameter', 'value'],
  properties: { parameter, value: { type: 'integer', minimum: 1, maximum: 100_000 } },
} as const;

const style = (name: string, required: readonly string[], properties: object) => ({
  type: 'object',
  additionalProperties: false,
  required: ['style', ...required],
  properties: { style: { const: name }, ...properties },
});

export const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'url', 'allowHosts'],
  properties: {
    kind: { const: 'http' },
    url: { type: 'string', minLength: 1, maxLength: 2000 },
    allowHosts: {
      type: 'array',
      minItems: 1,
      maxItems: 20,
      uniqueItems: true,
      items: { type: 'string', pattern: HOST_PATTERN },
    },
    allowPrivate: { type: 'boolean' },
    accept: { type: 'string', pattern: '^application/[a-zA-Z0-9.+-]{1,100}$' },
    headers: {
      type: 'object',
      maxProperties: 10,
      // what the connection itself needs is not the feed's to say
      propertyNames: {
        pattern:
          '^(?!(?:accept|accept-encoding|connection|content-length|expect|host|keep-alive|te|trailer|' +
          "transfer-encoding|upgrade|user-agent)$)[a-z0-9!#$%&'*+.^_`|~-]{1,100}$",
      },
      additionalProperties: reference,
    },
    parameters: {
      type: 'object',
      maxProperties: 10,
      propertyNames: { minLength: 1, maxLength: 100 },
      additionalProperties: reference,
    },
    items: pointer,
    position: pointer,
    total: pointer,
    paging: {
      anyOf: [
        style('page', ['parameter'], { parameter, first: { type: 'integer', minimum: 0, maximum: 1_000_000 }, size }),
        style('offset', ['parameter', 'size'], { parameter, size }),
        style('next', ['pointer'], { pointer }),
        style('link', [], {}),
        style('cursor', ['parameter', 'pointer'], { parameter, pointer, size }),
      ],
    },
    since: {
      type: 'object',
      additionalProperties: false,
      required: ['parameter'],
      properties: {
        parameter,
        item: pointer,
        overlap: { type: 'string' },
        initial: { type: 'string', minLength: 1, maxLength: 200 },
      },
    },
    tls: { type: 'object', additionalProperties: false, properties: { ca: file, cert: file, key: file } },
    timeout: { type: 'string' },
    retries: { type: 'integer', minimum: 0, maximum: 10 },
    maxPageBytes: { type: 'integer', minimum: 1024, maximum: 134_217_728 },
    maxItemBytes: { type: 'integer', minimum: 64, maximum: 16_777_216 },
    maxPages: { type: 'integer', minimum: 1, maximum: 1_000_000 },
  },
} as const;
