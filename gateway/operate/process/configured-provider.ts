/** By whom people sign in, as yitong.json says it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import type { PeopleSettings } from '../../ground/config/index.js';
import type { Provider } from '../../ground/identity/provider.js';
import type { ProcessArguments } from '../children/messages.js';
import { PROVIDER_SECRET } from './provider-secret.js';

/** The provider of yitong.json, or under `up` the development one. @throws YitongError `bad_config` */
export function configuredProvider(
  people: PeopleSettings,
  { developmentPki, developmentIssuer }: ProcessArguments,
): Provider | undefined {
  const { issuer, clientId, clientSecretFile, rolesClaim, authorityClaim, subjectsClaim } = people;
  const claims = { roles: rolesClaim, authority: authorityClaim, subjects: subjectsClaim };
  if (issuer === '') {
    if (developmentPki === undefined || developmentIssuer === undefined) return undefined;
    return {
      issuer: developmentIssuer,
      clientId,
      clientSecret: readFileSync(join(developmentPki, PROVIDER_SECRET), 'utf8'),
      claims,
      insecure: true,
    };
  }
  if (!issuer.startsWith('https://')) throw new YitongError('bad_config', '`people.issuer` must be an https address');
  if (clientSecretFile === '')
    throw new YitongError('bad_config', '`people.clientSecretFile` must name the file of the client secret');
  return { issuer, clientId, clientSecret: readFileSync(clientSecretFile, 'utf8').trim(), claims, insecure: false };
}
