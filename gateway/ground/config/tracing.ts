/**
 * Traces: section `tracing`. Plain JSON schema, since connectors read it too: TypeBox takes 12 MB that they have no
 * other use for.
 */
import { type Place, YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { checkedSection, type Environment } from './read.js';
import { strict } from './strict.js';

export interface TracingSettings {
  readonly endpoint: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly headersFile: string;
  readonly sampleRatio: number;
  readonly callerTracesPerMinute: number;
  readonly serviceName: string;
}

const text = { type: 'string', default: '' } as const;

export const tracingProperties = {
  endpoint: {
    ...text,
    pattern: '^(?:https?://[^/?#@\\s]+(?:/[^?#\\s]*)?)?$',
    description:
      'base address of an OTLP/HTTP endpoint, as of an OpenTelemetry collector (`https://collector:4318`); ' +
      'empty: no traces, and nothing of it is loaded',
  },
  caFile: {
    ...text,
    description:
      'PEM file of the authorities that may vouch for it, relative to the workspace; empty: those of the system',
  },
  certFile: { ...text, description: 'PEM file of the certificate that is shown to it' },
  keyFile: { ...text, description: 'PEM file of its key' },
  headersFile: {
    ...text,
    description: 'JSON file with headers that it asks for, `{ "authorization": "…" }`; read at each export',
  },
  sampleRatio: {
    type: 'number',
    default: 0.01,
    minimum: 0,
    maximum: 1,
    description: 'share of requests and of runs of feeds that are traced, where no caller has decided',
  },
  callerTracesPerMinute: {
    type: 'integer',
    default: 60,
    minimum: 0,
    maximum: 1_000_000,
    description:
      'requests a minute that a client may have traced by the `sampled` flag of its `traceparent`, in each ' +
      'worker; beyond them the flag decides nothing',
  },
  serviceName: {
    type: 'string',
    default: 'yitong',
    minLength: 1,
    maxLength: 100,
    description: '`service.name` of what is exported',
  },
} as const;

const check = shape<TracingSettings>(
  { type: 'object', properties: tracingProperties, required: Object.keys(tracingProperties), ...strict },
  'bad_config',
);

/** @throws YitongError `bad_config` */
export function readTracing(given: unknown, place: Place, env: Environment): TracingSettings {
  const tracing = checkedSection('tracing', tracingProperties, check, { given, env, place });
  if ((tracing.certFile === '') !== (tracing.keyFile === ''))
    throw new YitongError('bad_config', '`tracing.certFile` and `tracing.keyFile` go together', { place });
  return tracing;
}
