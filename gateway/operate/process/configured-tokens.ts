/** Whose access tokens let agents in, as yitong.json says it. */
import { YitongError } from '../../../contracts/errors.js';
import type { GatewaySettings } from '../../ground/config/index.js';
import type { Tokens } from '../../ground/identity/tokens.js';
import type { ProcessArguments } from '../children/messages.js';

/** Of yitong.json, or under `up` of the development provider. @throws YitongError `bad_config` */
export function configuredTokens(
  {
    mcpIssuer: issuer,
    mcpKeys: keys,
    mcpResource: resource,
  }: Pick<GatewaySettings, 'mcpIssuer' | 'mcpKeys' | 'mcpResource'>,
  { developmentPki, developmentIssuer }: Pick<ProcessArguments, 'developmentPki' | 'developmentIssuer'>,
): Tokens | undefined {
  if (issuer === '') {
    if (developmentPki === undefined || developmentIssuer === undefined) return undefined;
    return { issuer: developmentIssuer, keys: `${developmentIssuer}/jwks`, ...(resource === '' ? {} : { resource }) };
  }
  if (keys === '' || resource === '')
    throw new YitongError('bad_config', '`gateway.mcpIssuer` needs `gateway.mcpKeys` and `gateway.mcpResource`');
  return { issuer, keys, resource };
}
