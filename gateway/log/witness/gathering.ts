/**
 * Gathers cosignatures: asks the witnesses about the newest checkpoint that the sequencer committed, and gives it out
 * for publication once `required` of them cosigned it. The sequencer never waits for it. One round is about one
 * checkpoint, for cosignatures of different sizes do not add up; the next round takes the newest.
 */

import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { parseCheckpoint } from '../proof/checkpoint.js';
import { cosignersOf } from '../proof/cosignature.js';
import { consistencyProof } from '../proof/merkle.js';
import { type Note, parseNote, signatureLine } from '../proof/note.js';
import { tileNodes } from '../proof/tiles.js';
import { type WitnessAddress, type WitnessClient, witnessClient } from './witness-client.js';

export type { WitnessAddress } from './witness-client.js';

export interface WitnessSetup {
  readonly witnesses: readonly WitnessAddress[];
  /** Cosignatures without which no checkpoint is published; 1 to the number of witnesses. */
  readonly required: number;
}

export interface WitnessHealth {
  readonly name: string;
  /** `waiting`: not asked so far. `refused`: it answered and will not cosign; the reason says why. */
  readonly state: 'waiting' | 'cosigned' | 'unreachable' | 'refused';
  /** The largest size that it is known to have cosigned. */
  readonly size: number;
  readonly reason?: string;
}

export interface GatheringOptions extends WitnessSetup {
  /** The note that is published now. */
  readonly published: () => Buffer | undefined;
  /** Takes the place of it. @throws whatever; the next round tries again */
  readonly publish: (note: string) => void;
  /** A tile of the log by path; undefined if it is not there. */
  readonly read: (path: string) => Buffer | undefined;
  readonly now: () => number;
  /** Called where a witness's state changes for the worse. */
  readonly onTrouble: (witness: string, state: WitnessHealth['state'], reason: string) => void;
}

export interface Gathering {
  /** A checkpoint that is committed and whose tiles are in place, newer than any before. Returns at once. */
  offer(checkpoint: string): void;
  health(): readonly WitnessHealth[];
  /** Resolves when what was offered last is published, or after `ms`. */
  settled(ms: number): Promise<void>;
  stop(): Promise<void>;
}

const FIRST_RETRY = 250;
/** Short, so that a witness that is back is heard within seconds. */
const LONGEST_RETRY = 4000;

interface Target {
  readonly note: string;
  readonly text: string;
  readonly size: number;
}

interface Asked {
  readonly address: WitnessAddress;
  readonly client: WitnessClient;
  size: number;
  /** Its signature line, and the text that it cosigned. */
  cosigned: { readonly text: string; readonly line: string } | undefined;
  state: WitnessHealth['state'];
  reason: string | undefined;
  failures: number;
  retryAt: number;
  busy: boolean;
}

export function gatherCosignatures(options: GatheringOptions): Gathering {
  const { required, now } = options;
  const witnesses = options.witnesses.map(
    (address): Asked => ({
      address,
      client: witnessClient(address),
      size: 0,
      cosigned: undefined,
      state: 'waiting',
      reason: undefined,
      failures: 0,
      retryAt: 0,
      busy: false,
    }),
  );
  let newest: Target | undefined;
  let publishedSize = -1;
  /** What is published under enough cosignatures, and by how many. */
  let covered = { text: '', by: 0 };
  let stopped = false;
  let wake = (): void => undefined;
  const waiting = new Set<() => void>();

  /** After a restart: who cosigned what is published need not be asked for it again. */
  function recall(): void {
    const bytes = options.published();
    if (bytes === undefined) return;
    const note: Note = parseNote(bytes);
    publishedSize = parseCheckpoint(note.text).size;
    for (const one of witnesses) {
      const { verifier } = one.address;
      if (cosignersOf(note, [verifier]).length === 0) continue;
      const signature = note.signatures.find(({ name, keyId }) => name === verifier.name && keyId === verifier.keyId);
      if (signature === undefined) continue;
      Object.assign(one, {
        size: publishedSize,
        state: 'cosigned',
        cosigned: { text: note.text, line: signatureLine(signature) },
      } satisfies Partial<Asked>);
    }
    const by = witnesses.filter(({ cosigned }) => cosigned?.text === note.text).length;
    if (by >= required) covered = { text: note.text, by };
  }

  function failed(one: Asked, state: 'unreachable' | 'refused', reason: string): void {
    one.retryAt = now() + Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** one.failures);
    one.failures++;
    if (!stopped && (one.state !== state || one.reason !== reason))
      options.onTrouble(one.address.verifier.name, state, reason);
    one.state = state;
    one.reason = reason;
  }

  async function ask(one: Asked, target: Target): Promise<void> {
    one.busy = true;
    try {
      // twice: what we think that the witness has may be wrong, and then it says what it has
      for (let attempt = 0; attempt < 2; attempt++) {
        // it holds a longer log of ours than we do: ours was restored from an old copy, or another signs with our key
        if (one.size > target.size)
          return failed(
            one,
            'refused',
            `it has cosigned ${one.size} entries of this log, which has ${target.size} here`,
          );
        const old = one.size;
        const answer = await one.client.add(
          old,
          consistencyProof(old, target.size, tileNodes(target.size, options.read)),
          target.note,
        );
        if (answer.kind === 'cosigned') {
          Object.assign(one, {
            size: target.size,
            cosigned: { text: target.text, line: signatureLine(answer.signature) },
            state: 'cosigned',
            reason: undefined,
            failures: 0,
            retryAt: 0,
          } satisfies Partial<Asked>);
          return;
        }
        if (answer.kind !== 'conflict') return failed(one, answer.kind, answer.reason);
        if (answer.size === old)
          return failed(one, 'refused', `it has cosigned another tree of ${old} entries: a fork`);
        one.size = answer.size;
      }
      failed(one, 'refused', "it names another size each time; does another sequencer use this log's key?");
    } catch (error) {
      failed(one, 'refused', error instanceof YitongError ? error.message : 'the proof for it could not be made');
    } finally {
      one.busy = false;
      publish(target);
      wake();
    }
  }

  function publish(target: Target): void {
    const lines = witnesses.flatMap(({ cosigned }) => (cosigned?.text === target.text ? [cosigned.line] : []));
    if (
      lines.length < required ||
      target.size < publishedSize ||
      (covered.text === target.text && covered.by >= lines.length)
    )
      return;
    try {
      options.publish(`${target.note}${lines.join('')}`);
    } catch {
      return; // the sequencer says why it cannot; the next round tries again
    }
    publishedSize = target.size;
    covered = { text: target.text, by: lines.length };
    if (newest?.text === target.text) for (const done of waiting) done();
  }

  /** Until something changes, or `ms` have passed. */
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function rounds(): Promise<void> {
    while (!stopped) {
      const target = newest;
      // also what could not be written when its last cosignature came
      if (target !== undefined) publish(target);
      const due =
        target === undefined
          ? []
          : witnesses.filter((one) => !one.busy && one.cosigned?.text !== target.text && one.retryAt <= now());
      if (target === undefined || due.length === 0) {
        // all cosigned what is newest, or are asked, or wait for their next turn
        const turns = witnesses.filter((one) => !one.busy && one.retryAt > now()).map((one) => one.retryAt - now());
        await pause(Math.max(10, Math.min(1000, ...turns)));
        continue;
      }
      const asked = due.map((one) => ask(one, target));
      // a slow witness holds up the round only while it is needed
      await Promise.race([
        Promise.all(asked),
        new Promise<void>((resolve) => {
          const look = (): void => (covered.text === target.text || stopped ? resolve() : undefined);
          for (const one of asked) void one.then(look);
        }),
      ]);
    }
  }

  recall();
  const running = rounds();

  return {
    offer(checkpoint) {
      const { text } = parseNote(Buffer.from(checkpoint));
      if (newest?.text === text) return;
      newest = { note: checkpoint, text, size: parseCheckpoint(text).size };
      publish(newest);
      wake();
    },
    health: () =>
      witnesses.map(({ address, state, size, reason }) => ({
        name: address.verifier.name,
        state,
        size,
        ...present({ reason }),
      })),
    async settled(ms) {
      if (newest === undefined || covered.text === newest.text) return;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        waiting.add(done);
      });
    },
    async stop() {
      stopped = true;
      for (const { client } of witnesses) client.close();
      wake();
      await running;
    },
  };
}
