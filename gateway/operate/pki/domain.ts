/**
 * Which SPIFFE URI a client's certificate bears: the one by which the workspace knows it, never one of another trust
 * domain.
 */
import { YitongError } from '../../../contracts/errors.js';
import { type ClientId, clientId } from '../../../contracts/ids.js';
import type { Client } from '../../../policies/types.js';
import { spiffeOf } from './authority.js';

interface Asked {
  /** The URI itself. */
  readonly spiffe?: string;
  readonly trustDomain?: string;
}

const domainOf = (uri: string): string => /^spiffe:\/\/([^/]+)/.exec(uri)?.[1] ?? '';

/**
 * @param clients of the workspace; undefined where there is none
 * @throws YitongError `bad_config` where the workspace knows the client, or its clients, by something else
 */
export function uriFor(
  client: string,
  { spiffe, trustDomain }: Asked,
  clients: ReadonlyMap<ClientId, Pick<Client, 'binding'>> | undefined,
): string {
  const id = clientId(client);
  const wanted = spiffe ?? (trustDomain === undefined ? undefined : spiffeOf(id, trustDomain));
  const uris = [...(clients?.values() ?? [])].flatMap(({ binding }) =>
    binding.kind === 'spiffe' ? [binding.uri] : [],
  );
  const binding = clients?.get(id)?.binding;
  if (binding?.kind === 'spiffe') {
    if (wanted !== undefined && wanted !== binding.uri)
      throw new YitongError(
        'bad_config',
        `the workspace knows \`${client}\` as \`${binding.uri}\`; a certificate for \`${wanted}\` would be let ` +
          'in nowhere',
      );
    return binding.uri;
  }
  const domains = [...new Set(uris.map(domainOf))].sort();
  if (wanted !== undefined) {
    if (domains.length > 0 && !domains.includes(domainOf(wanted)))
      throw new YitongError(
        'bad_config',
        `\`${domainOf(wanted)}\` is not the trust domain of the workspace: its clients are of ` +
          `${domains.map((one) => `\`${one}\``).join(', ')}`,
      );
    return wanted;
  }
  if (domains.length > 1)
    throw new YitongError(
      'bad_config',
      `the clients of the workspace are of ${domains.map((one) => `\`${one}\``).join(', ')}; say which ` +
        'by `--trust-domain`',
    );
  return spiffeOf(id, domains[0]);
}
