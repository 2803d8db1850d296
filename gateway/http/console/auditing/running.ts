/**
 * Replays that run: each in a process of its own, one at a time for a person and some in all, over every worker of the
 * replica. A replay ends with the request that asked for it.
 */
import { fork } from 'node:child_process';
import { hash } from 'node:crypto';
import { EventEmitter, on, once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { YitongError } from '../../../../contracts/errors.js';
import { type Lock, tryLock } from '../../../ground/files/lock.js';
import type { FromReplay, ReplayArguments } from '../../../log/verify/replay.js';

/** In all, on this replica: each takes a core as far as others leave it. */
const AT_ONCE = 2;

interface RunningReplays {
  /**
   * Starts one and yields what it tells, ending with `result` or `failed`.
   * @param signal ends it at once
   * @throws YitongError `replay_running`
   */
  start(person: string, args: ReplayArguments, signal: AbortSignal): AsyncIterable<FromReplay>;
  /** Ends all. */
  close(): Promise<void>;
}

export function runningReplays(dataDir: string): RunningReplays {
  const dir = join(dataDir, 'replays');
  const closing = new AbortController();
  const ended = new Set<Promise<unknown>>();

  function take(person: string): readonly Lock[] {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const own = tryLock(join(dir, `person-${hash('sha256', person, 'hex').slice(0, 32)}`));
    if (own === undefined)
      throw new YitongError('replay_running', 'a replay of yours is still running; cancel it first, or wait for it');
    for (let slot = 1; slot <= AT_ONCE; slot++) {
      const lock = tryLock(join(dir, `slot-${String(slot)}`));
      if (lock !== undefined) return [own, lock];
    }
    own.release();
    throw new YitongError(
      'replay_running',
      `${String(AT_ONCE)} replays of others are running; try again when one has ended`,
    );
  }

  return {
    start(person, args, signal) {
      const locks = take(person);
      const child = fork(
        fileURLToPath(new URL('../../../log/verify/replay.js', import.meta.url)),
        [JSON.stringify(args)],
        {
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        },
      );
      const told = new EventEmitter();
      // by the time somebody listens some may have been told
      const messages = on(told, 'told', { close: ['end'] }) as AsyncIterable<[FromReplay]>;
      const end = AbortSignal.any([signal, closing.signal]);
      const kill = (): void => void child.kill('SIGKILL');
      end.addEventListener('abort', kill, { once: true });
      if (end.aborted) kill();
      let last: FromReplay['kind'] | undefined;
      child.on('message', (message: FromReplay) => {
        last = message.kind;
        told.emit('told', message);
      });
      child.once('error', () => undefined);
      const gone = once(child, 'close')
        .catch(() => undefined)
        .then(() => {
          end.removeEventListener('abort', kill);
          for (const lock of locks) lock.release();
          if (last !== 'result' && last !== 'failed')
            told.emit('told', { kind: 'failed', message: 'the replay ended before its end' } satisfies FromReplay);
          told.emit('end');
          ended.delete(gone);
        });
      ended.add(gone);
      return (async function* () {
        for await (const [message] of messages) yield message;
      })();
    },
    async close() {
      closing.abort();
      await Promise.all(ended);
    },
  };
}
