/** Certificates by self-service, where the development CA is at hand. */
import type { OwnCertificates, SelfService } from '../../ground/identity/own-certificates.js';
import type { ProcessArguments } from '../children/messages.js';

/** @param api where the mTLS port is open */
export function selfService(
  { developmentPki: dir }: Pick<ProcessArguments, 'developmentPki'>,
  api: () => string | undefined,
): SelfService | undefined {
  if (dir === undefined) return undefined;
  // what makes certificates is loaded by whoever wants one
  const opened = async (): Promise<OwnCertificates> =>
    (await import('../pki/own-certificates.js')).openOwnCertificates(dir, Date.now);
  return {
    api,
    list: async (client) => (await opened()).list(client),
    issue: async (asked, record) => (await opened()).issue(asked, record),
    revoke: async (client, serial, record) => (await opened()).revoke(client, serial, record),
  };
}
