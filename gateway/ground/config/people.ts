/** People in a browser: how they sign in. */
import { Type } from 'typebox';
import { strict } from './strict.js';

export const peopleSchema = Type.Object(
  {
    issuer: Type.String({
      default: '',
      description:
        'issuer URL of the OpenID Connect provider by which people sign in; empty: nobody can, and under `up` ' +
        'a development provider on loopback',
    }),
    clientId: Type.String({ default: 'yitong', description: 'client id at the provider' }),
    clientSecretFile: Type.String({ default: '', description: 'file that holds the client secret' }),
    publicUrl: Type.String({
      default: '',
      pattern: '^(?:https://[^/?#]+)?$',
      description:
        "address of the people's port as browsers see it: documents, codes, credentials and sign-ins name it; " +
        'empty: `gateway.peopleHost` and its port, and where that is every address of the machine none of these is ' +
        'made',
    }),
    rolesClaim: Type.String({
      default: 'yitong_roles',
      description: 'claim with the roles: auditor, inspector, data-officer, sharing-authority, subject',
    }),
    authorityClaim: Type.String({
      default: 'yitong_authority',
      description: 'claim with the authority of an inspector or data officer',
    }),
    subjectsClaim: Type.String({
      default: 'yitong_subjects',
      description: 'claim with the subjects for which a person speaks, each `<scheme>:<key>`',
    }),
    idleMinutes: Type.Integer({
      default: 15,
      minimum: 1,
      maximum: 480,
      description: 'a session ends when it was not used for so long',
    }),
    lookupsPerMinute: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 100_000,
      description: 'verification codes that one person or network address may look up in a minute, on each replica',
    }),
    lookupsInAll: Type.Integer({
      default: 1200,
      minimum: 1,
      maximum: 1_000_000,
      description: 'verification codes that all of them together may look up in a minute, on each replica',
    }),
    namesPerMinute: Type.Integer({
      default: 120,
      minimum: 1,
      maximum: 100_000,
      description: 'names of companies that one person may look up in a minute, on each replica',
    }),
    requestsPerMinute: Type.Integer({
      default: 6000,
      minimum: 1,
      maximum: 100_000_000,
      description:
        'requests a minute in each worker of one person who is signed in, and of one network address from ' +
        'which somebody comes who is not',
    }),
    maxHours: Type.Integer({
      default: 8,
      minimum: 1,
      maximum: 24,
      description: 'a session ends at the latest after so long',
    }),
  },
  strict,
);
