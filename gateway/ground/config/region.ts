/** What this installation is to other regions: section `region`. */
import { type Static, Type } from 'typebox';
import { strict } from './strict.js';

export const regionSchema = Type.Object(
  {
    id: Type.String({
      default: '',
      maxLength: 60,
      pattern: '^([a-z][a-z0-9]*(-[a-z0-9]+)*)?$',
      description: 'by which other regions know this installation; empty: it asks none, and none can know it',
    }),
    address: Type.String({
      default: '',
      pattern: '^(?:https://[^/?#@\\s]+)?$',
      description: 'where other regions reach the mTLS port, as `https://host:port`; under `up` where it runs',
    }),
    certFile: Type.String({
      default: '',
      description:
        'PEM, relative to the workspace: the client certificate by which this gateway comes to other regions, with ' +
        'one SPIFFE URI, then its intermediates; under `up` made by the development CA',
    }),
    keyFile: Type.String({ default: '', description: 'its key, PEM' }),
    caFile: Type.String({
      default: '',
      description:
        'PEM: the roots of that certificate and of the certificate of the mTLS port, as other regions get them',
    }),
    timeoutMs: Type.Integer({
      default: 5000,
      minimum: 100,
      maximum: 60_000,
      description: 'ms within which a region must have answered one attempt',
    }),
    withinMs: Type.Integer({
      default: 12_000,
      minimum: 100,
      maximum: 120_000,
      description: 'ms within which a question to a region is over, attempts and pauses together',
    }),
    maxAnswerBytes: Type.Integer({
      default: 16_777_216,
      minimum: 65_536,
      maximum: 134_217_728,
      description: 'largest answer that is taken from a region',
    }),
  },
  strict,
);
export type RegionSettings = Static<typeof regionSchema>;
