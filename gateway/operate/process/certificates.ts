/** Which certificates a process of the group follows, and what it does with a new one. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Followed, Pair } from '../../answer/inforce/certificates.js';
import { renewDocumentSigner } from '../../documents/pdf/signer.js';
import type { AuditSettings } from '../../ground/config/index.js';
import { type ReplicaSetup, replicaFiles } from '../../log/replicas/peers.js';

export const followedServer = (files: Pick<Followed, 'cert' | 'key'>, take: (pair: Pair) => void): Followed => ({
  name: 'server',
  ...files,
  take,
});

/** @param dir folder of `cert.pem` and `key.pem`; empty where no documents are signed */
export const followedDocuments = (dir: string): readonly Followed[] =>
  dir === ''
    ? []
    : [
        {
          name: 'documents',
          cert: join(dir, 'cert.pem'),
          key: join(dir, 'key.pem'),
          take: () => renewDocumentSigner(dir),
        },
      ];

/** @param renewed once `setup.tls` is the new pair */
export function followedReplica(
  setup: ReplicaSetup | undefined,
  audit: AuditSettings,
  workspace: string,
  renewed: () => void = () => undefined,
): readonly Followed[] {
  if (setup === undefined) return [];
  const { cert, key, ca } = replicaFiles(audit, workspace);
  return [
    {
      name: 'replica',
      cert,
      key,
      more: [ca],
      async take(pair) {
        const next = { cert: pair.cert, key: pair.key, ca: await readFile(ca, 'utf8') };
        createSecureContext(next);
        Object.assign(setup.tls, next);
        renewed();
      },
    },
  ];
}
