/** Receipts on a replica that does not sequence: the proof is asked of the one that does. */
import { isYitongError } from '../../../contracts/errors.js';
import { parseReceiptId, type ReceiptAnswer } from '../receipts.js';
import { replicaClient, type ReplicaClient } from './client.js';
import type { Register } from './epoch.js';
import type { ReplicaSetup } from './peers.js';

export interface RemoteReceipts {
  /** `not_yet` also while the sequencing replica is not known or does not answer. @throws YitongError `bad_identifier` */
  receiptFor(id: string, client: string): Promise<ReceiptAnswer>;
  close(): void;
}

export function remoteReceipts({ peers, tls }: Pick<ReplicaSetup, 'peers' | 'tls'>, register: Pick<Register, 'current'>): RemoteReceipts {
  const clients = new Map<string, ReplicaClient>();
  const clientOf = (name: string | undefined): ReplicaClient | undefined => {
    const peer = peers.find((one) => one.name === name);
    if (peer === undefined) return undefined;
    const client = clients.get(peer.name) ?? replicaClient(peer, tls);
    clients.set(peer.name, client);
    return client;
  };
  return {
    async receiptFor(id, client) {
      parseReceiptId(id);
      try {
        return (await clientOf(register.current()?.holder)?.receipt(id, client)) ?? { state: 'not_yet' };
      } catch (error) {
        if (isYitongError(error) && error.code === 'replica_unavailable') return { state: 'not_yet' };
        throw error;
      }
    },
    close() {
      for (const client of clients.values()) client.close();
    },
  };
}
