/**
 * What a replica that does not sequence asks of the one that does: the proof of a receipt, whether an erasure is
 * carried out.
 */
import { isYitongError } from '../../../contracts/errors.js';
import { parseReceiptId, type ReceiptAnswer } from '../store/receipts.js';
import { type ReplicaClient, replicaClient } from './client.js';
import type { Register } from './epoch.js';
import type { ReplicaSetup } from './peers.js';

export interface SequencerClient {
  /**
   * `not_yet` also while the sequencing replica is not known or does not answer.
   * @throws YitongError `bad_identifier`
   */
  receiptFor(id: string, client: string): Promise<ReceiptAnswer>;
  /** Log index of the entry by which a pseudonym was erased; undefined also while nobody answers. */
  erasedBy(pseudonym: string): Promise<number | undefined>;
  close(): void;
}

export function sequencerClient(
  { peers, tls }: Pick<ReplicaSetup, 'peers' | 'tls'>,
  register: Pick<Register, 'current'>,
): SequencerClient {
  const clients = new Map<string, ReplicaClient>();
  /** Undefined where nobody is known to sequence, or it does not answer. */
  async function ask<T>(question: (client: ReplicaClient) => Promise<T>): Promise<T | undefined> {
    const holder = register.current()?.holder;
    const peer = peers.find(({ name }) => name === holder);
    if (peer === undefined) return undefined;
    const client = clients.get(peer.name) ?? replicaClient(peer, tls);
    clients.set(peer.name, client);
    try {
      return await question(client);
    } catch (error) {
      if (isYitongError(error) && error.code === 'replica_unavailable') return undefined;
      throw error;
    }
  }
  return {
    async receiptFor(id, client) {
      parseReceiptId(id);
      return (await ask((sequencer) => sequencer.receipt(id, client))) ?? { state: 'not_yet' };
    },
    erasedBy: (pseudonym) => ask((sequencer) => sequencer.erasedBy(pseudonym)),
    close() {
      for (const client of clients.values()) client.close();
    },
  };
}
