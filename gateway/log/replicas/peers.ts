/**
 * From the settings of section `audit` to the replicas of the log: who they are, and how this one proves itself to
 * them.
 */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PeerCertificate } from 'node:tls';
import { type Place, YitongError } from '../../../contracts/errors.js';
import { type AuditSettings, isReplicaName } from '../../ground/config/index.js';
import { certificateFacts } from '../../ground/identity/certificate.js';

export interface Peer {
  readonly name: string;
  /** Of its replica port, without path. */
  readonly url: string;
  /** Whether a verified certificate is the one that it must show. */
  owns(certificate: Pick<PeerCertificate, 'raw'>): boolean;
}

/** As it is now: replaced in place when the files change, so it is to be read anew for each connection. PEM. */
export interface ReplicaTls {
  cert: string;
  key: string;
  ca: string;
}

/** @param dir folder that the PEM files are relative to */
export const replicaFiles = (
  { replicaCert, replicaKey, replicaCa }: Pick<AuditSettings, 'replicaCert' | 'replicaKey' | 'replicaCa'>,
  dir: string,
) => ({
  cert: resolve(dir, replicaCert),
  key: resolve(dir, replicaKey),
  ca: resolve(dir, replicaCa),
});

export interface ReplicaSetup {
  /** This replica's own name. */
  readonly name: string;
  readonly epoch: number;
  /** Whether it is configured to sequence. */
  readonly sequencer: boolean;
  readonly peers: readonly Peer[];
  readonly host: string;
  readonly port: number;
  readonly tls: ReplicaTls;
}

function peerOf(name: string, { url, spiffe, key }: AuditSettings['replicas'][string], place: Place): Peer {
  if (!isReplicaName(name))
    throw new YitongError('bad_config', 'a name in `audit.replicas` is lower-case letters, digits and hyphens', {
      place,
    });
  if ((spiffe === undefined) === (key === undefined))
    throw new YitongError(
      'bad_config',
      `\`audit.replicas.${name}\` must say its \`spiffe\` URI or its \`key\`, one of them`,
      { place },
    );
  return {
    name,
    url,
    owns({ raw }) {
      try {
        const { uris, keySha256 } = certificateFacts(new X509Certificate(raw));
        return key === undefined ? uris.length === 1 && uris[0] === spiffe : keySha256 === key;
      } catch {
        return false; // what cannot be read is nobody's
      }
    },
  };
}

/**
 * Undefined where the log has no other replica.
 * @param dir folder that the PEM files are relative to
 * @throws YitongError `bad_config`
 */
export async function replicaSetup(audit: AuditSettings, dir: string, place: Place): Promise<ReplicaSetup | undefined> {
  const { replica: name, replicas, sequencer, epoch } = audit;
  const peers = Object.entries(replicas).map(([other, given]) => peerOf(other, given, place));
  if (peers.length === 0) {
    if (!sequencer)
      throw new YitongError(
        'bad_config',
        '`audit.sequencer` is false, and `audit.replicas` names nobody who brings the journals of this replica ' +
          'into a log',
        { place },
      );
    if (audit.durability === 'replicated')
      throw new YitongError(
        'bad_config',
        '`audit.durability` is `replicated`, and `audit.replicas` names no second replica',
        { place },
      );
    return undefined;
  }
  if (peers.some((peer) => peer.name === name))
    throw new YitongError(
      'bad_config',
      `\`audit.replicas\` names the others, and \`${name}\` is this replica's own \`audit.replica\``,
      { place },
    );
  const pem = async (setting: 'replicaCert' | 'replicaKey' | 'replicaCa'): Promise<string> => {
    if (audit[setting] === '')
      throw new YitongError('bad_config', `with \`audit.replicas\`, \`audit.${setting}\` must name a PEM file`, {
        place,
      });
    const file = resolve(dir, audit[setting]);
    return await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new YitongError('bad_config', `the file of \`audit.${setting}\` cannot be read`, {
        place: { file },
        cause,
      });
    });
  };
  const tls = { cert: await pem('replicaCert'), key: await pem('replicaKey'), ca: await pem('replicaCa') };
  return { name, epoch, sequencer, peers, host: audit.replicaHost, port: audit.replicaPort, tls };
}
