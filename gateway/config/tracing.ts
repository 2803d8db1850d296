/** Traces: section `tracing`. */
import { Type, type Static } from 'typebox';
import { YitongError, type Place } from '../../contracts/errors.js';
import { shape } from '../../contracts/validate.js';
import { propertiesOf, readSection, type Environment } from './read.js';
import { strict } from './strict.js';

export const tracingSchema = Type.Object(
  {
    endpoint: Type.String({ default: '', pattern: '^(?:https?://[^/?#@\\s]+(?:/[^?#\\s]*)?)?$', description: 'base address of an OTLP/HTTP endpoint, as of an OpenTelemetry collector (`https://collector:4318`); empty: no traces, and nothing of it is loaded' }),
    caFile: Type.String({ default: '', description: 'PEM file of the authorities that may vouch for it, relative to the workspace; empty: those of the system' }),
    certFile: Type.String({ default: '', description: 'PEM file of the certificate that is shown to it' }),
    keyFile: Type.String({ default: '', description: 'PEM file of its key' }),
    headersFile: Type.String({ default: '', description: 'JSON file with headers that it asks for, `{ "authorization": "…" }`; read at each export' }),
    sampleRatio: Type.Number({ default: 0.01, minimum: 0, maximum: 1, description: 'share of requests and of runs of feeds that are traced, where no caller has decided' }),
    callerTracesPerMinute: Type.Integer({ default: 60, minimum: 0, maximum: 1_000_000, description: 'requests a minute that a client may have traced by the `sampled` flag of its `traceparent`, in each worker; beyond them none of its flags counts' }),
    serviceName: Type.String({ default: 'yitong', minLength: 1, maxLength: 100, description: '`service.name` of what is exported' }),
  },
  strict,
);
export type TracingSettings = Static<typeof tracingSchema>;

const check = shape<TracingSettings>(tracingSchema, 'bad_config');

/** @throws YitongError `bad_config` */
export function readTracing(given: unknown, place: Place, env: Environment): TracingSettings {
  const tracing = check(readSection('tracing', propertiesOf(tracingSchema), given, env), place);
  if ((tracing.certFile === '') !== (tracing.keyFile === '')) throw new YitongError('bad_config', '`tracing.certFile` and `tracing.keyFile` go together', { place });
  return tracing;
}
