/** Asks one witness for its cosignature: `add-checkpoint` of C2SP tlog-witness, over HTTP or HTTPS. */

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { present } from '../../../contracts/present.js';
import { type WholeAnswer, wholeAnswer } from '../../ground/sockets/whole-answer.js';
import { formatAddCheckpoint, SIZE_TYPE } from '../proof/add-checkpoint.js';
import { type NoteSignature, parseNote, parseSignatureLine, type Verifier } from '../proof/note.js';

export interface WitnessAddress {
  readonly verifier: Verifier;
  /** Submission prefix, without `/add-checkpoint`. */
  readonly url: string;
  /** PEM of the authorities that may vouch for its server; default: those of the system. */
  readonly ca?: string;
}

type WitnessAnswer =
  /** It verifies. */
  | { readonly kind: 'cosigned'; readonly signature: NoteSignature }
  /** The size that the witness has. */
  | { readonly kind: 'conflict'; readonly size: number }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface WitnessClient {
  /** Never throws. @param old size that the witness is thought to have. @param checkpoint signed note */
  add(old: number, proof: readonly Buffer[], checkpoint: string): Promise<WitnessAnswer>;
  close(): void;
}

const ANSWER_WITHIN = 5000;
const MAX_ANSWER = 65_536;

const reasons: Readonly<Record<number, string>> = {
  400: 'it finds the request malformed (400)',
  403: "it does not know the log's key (403); give it the log's vkey",
  404: "it does not know the log's origin (404); add the log to its configuration",
  422: 'it finds that the log did not grow from what it has seen (422)',
};

export function witnessClient({ verifier, url, ca }: WitnessAddress): WitnessClient {
  const target = new URL(`${url.replace(/\/+$/, '')}/add-checkpoint`);
  const agent =
    target.protocol === 'https:'
      ? new HttpsAgent({ keepAlive: true, maxSockets: 1, ...present({ ca }) })
      : new HttpAgent({ keepAlive: true, maxSockets: 1 });

  const send = (body: Buffer): Promise<WholeAnswer> => {
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length };
    return wholeAnswer(target, { method: 'POST', agent, headers }, body, {
      within: ANSWER_WITHIN,
      maxBytes: MAX_ANSWER,
    });
  };

  return {
    async add(old, proof, checkpoint) {
      let answer: WholeAnswer;
      try {
        answer = await send(formatAddCheckpoint({ old, proof, checkpoint }));
      } catch (error) {
        return {
          kind: 'unreachable',
          reason: error instanceof Error ? error.message || 'no connection' : 'no connection',
        };
      }
      const { status, headers } = answer;
      const type = headers['content-type'] ?? '';
      const text = answer.bytes.toString('utf8');
      if (status === 200) {
        const body = Buffer.from(parseNote(Buffer.from(checkpoint)).text);
        for (const line of text.split('\n').slice(0, -1)) {
          let signature: NoteSignature;
          try {
            signature = parseSignatureLine(line);
          } catch {
            return { kind: 'refused', reason: 'its answer is not signature lines' };
          }
          if (signature.name !== verifier.name || signature.keyId !== verifier.keyId) continue;
          return verifier.verify(body, signature.signature)
            ? { kind: 'cosigned', signature }
            : { kind: 'refused', reason: 'its cosignature does not verify' };
        }
        return { kind: 'refused', reason: 'it cosigned with another key than its vkey' };
      }
      if (status === 409 && type.startsWith(SIZE_TYPE) && /^(0|[1-9]\d{0,15})\n$/.test(text))
        return { kind: 'conflict', size: Number(text) };
      if (status >= 500) return { kind: 'unreachable', reason: `it answers ${status}` };
      return { kind: 'refused', reason: reasons[status] ?? `it answers ${status}` };
    },
    close: () => agent.destroy(),
  };
}
