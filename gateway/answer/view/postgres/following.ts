/**
 * Follows the bus into the servers of the view: each server by itself, from its own offsets, so that one that is away
 * or slow holds up no other. Several processes share the servers: whoever has a server's lease writes to it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { dataTopic, type TopicName } from '../../../../connectors/bus/port.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { DatasetId } from '../../../../contracts/ids.js';
import { type FollowOptions, type FollowState, followBus } from '../follow.js';
import { readMeta } from '../packed/state.js';
import type { ViewReader, ViewWorkspace, ViewWriter } from '../port.js';
import { withLease } from './lease.js';
import type { DeclaredServers } from './open.js';
import { type PostgresViewReader, readerOver } from './reader.js';
import { type ServerView, troubleOf } from './server-view.js';
import { inRuns, SLICES, type SliceRun } from './slices.js';
import { openPostgresViewWriter } from './writer.js';

/** ms between two tries to have the lease of a server. */
const TRY = 1000;
/** ms that a writer waits longer for each server that it has already, so that others have theirs. */
const GIVE_WAY = 700;
/** ms that a server may be behind the clock where another process follows for it. */
const FRESH = 15_000;

type ServersFollow = Omit<FollowOptions, 'writer' | 'workspace'> & {
  /** Told of each server in turn: how it stands, in words; undefined where it is well. */
  readonly onServer?: (server: string, trouble: string | undefined) => void;
};

/** What a writing process knows of the servers. */
export type ServersWriter = Pick<ViewWriter, 'nextOffset' | 'completeUpTo' | 'identity' | 'reader'>;

export class FollowedServers implements ServersWriter {
  readonly #declared: DeclaredServers;
  readonly #workspace: ViewWorkspace;
  readonly #reader: PostgresViewReader;
  /** By server, then by dataset, of those that this process writes to. */
  readonly #states = new Map<string, Map<DatasetId, FollowState>>();
  readonly #incomplete = new Map<string, readonly DatasetId[]>();

  constructor(declared: DeclaredServers, workspace: ViewWorkspace) {
    this.#declared = declared;
    this.#workspace = workspace;
    const { servers, serverOf } = declared;
    this.#reader = readerOver({ servers, serverOf, workspace }).watch();
  }

  /** The least of all servers. */
  nextOffset(topic: TopicName, partition: number): number {
    return Math.min(...this.#each((server) => server.latest().offset(topic, partition).next));
  }

  completeUpTo(topic: TopicName, partition: number): number {
    return Math.min(...this.#each((server) => server.latest().offset(topic, partition).upTo));
  }

  identity(): ReturnType<ViewWriter['identity']> {
    const all = this.#each((server) => readMeta(server.latest())?.identity);
    return all.includes(undefined) ? undefined : all[0];
  }

  reader(): ViewReader {
    return this.#reader;
  }

  #each<T>(of: (server: ServerView) => T): T[] {
    return this.#declared.servers.map(of);
  }

  async close(): Promise<void> {
    await this.#reader.close();
    await this.#declared.close();
  }

  /** Resolves when it is told to stop and the last batch is committed. @throws YitongError `topic_mismatch` */
  async follow(options: ServersFollow): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([options.signal, failed.signal]);
    const watching = this.#watchOthers(options, signal);
    try {
      await Promise.all(this.#declared.servers.map((server) => this.#followOne(server, { ...options, signal })));
    } finally {
      failed.abort();
      await watching;
    }
  }

  async #followOne(server: ServerView, options: ServersFollow): Promise<void> {
    const { signal, onServer } = options;
    while (!signal.aborted) {
      try {
        await wait(GIVE_WAY * this.#states.size * Math.random(), undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        const held = await withLease(server, signal, (lease) => this.#write(server, { ...options, signal: lease }));
        if (!held) await server.refresh();
        onServer?.(server.name, undefined);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof YitongError && error.code === 'topic_mismatch') throw error;
        onServer?.(server.name, troubleOf(error));
      } finally {
        this.#states.delete(server.name);
        this.#incomplete.delete(server.name);
      }
      await wait(TRY, undefined, { signal }).catch(() => undefined);
    }
  }

  /** As long as the lease is held. */
  async #write(server: ServerView, options: ServersFollow): Promise<void> {
    const { signal, onServer, onState, onIncomplete, onError } = options;
    const writer = await openPostgresViewWriter({
      server,
      workspace: this.#workspace,
      slices: await this.#slicesFor(server),
      signal,
      onAway: (error) => onServer?.(server.name, troubleOf(error)),
    });
    const states = new Map<DatasetId, FollowState>();
    this.#states.set(server.name, states);
    try {
      await followBus({
        ...options,
        writer,
        workspace: this.#workspace,
        onState: (dataset, state) => {
          states.set(dataset, state);
          onServer?.(server.name, undefined);
          onState?.(dataset, this.#stateOf(dataset));
        },
        onIncomplete: (datasets) => {
          this.#incomplete.set(server.name, datasets);
          onIncomplete?.([...new Set([...this.#incomplete.values()].flat())]);
        },
        onError: (error) => onError?.(error),
      });
    } finally {
      await writer.close();
    }
  }

  /**
   * What a server that has nothing yet is to have: what the table says, without what another one has. Where another one
   * is away nobody knows what that one has.
   * @throws as `Pool.query`
   */
  async #slicesFor(server: ServerView): Promise<readonly SliceRun[]> {
    const own = this.#declared.slicesOf(server.name);
    if (readMeta(await server.refresh()) !== undefined) return [];
    const others = this.#declared.servers.filter((other) => other !== server);
    const held = (await Promise.all(others.map((other) => heldBy(other)))).flat();
    if (held.length === 0) return own;
    const runs: SliceRun[] = [];
    for (let slice = 0; slice < SLICES; slice++)
      if (inRuns(own, slice) && !inRuns(held, slice)) runs.push([slice, slice]);
    return runs;
  }

  /** The best of what the servers are that this process writes to: what one of them lacks, its own answers say. */
  #stateOf(dataset: DatasetId): FollowState {
    const states = [...this.#states.values()].map((of) => of.get(dataset) ?? 'rebuilding');
    if (states.includes('following')) return 'following';
    return states.includes('unavailable') ? 'unavailable' : 'rebuilding';
  }

  /** Of a process that writes to no server, since others do: as fresh as what those have written. */
  async #watchOthers({ onState }: ServersFollow, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await wait(TRY, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || this.#states.size > 0) continue;
      for (const { id, partitions } of this.#workspace.contracts.values()) {
        const topic = dataTopic(this.#workspace.prefix, id);
        const upTo = Math.min(
          ...Array.from({ length: partitions }, (_, partition) => this.completeUpTo(topic, partition)),
        );
        onState?.(id, Date.now() - upTo < FRESH ? 'following' : 'rebuilding');
      }
    }
  }
}

async function heldBy(server: ServerView): Promise<readonly SliceRun[]> {
  const { held, arriving } = (await server.refresh()).slices();
  return [...held, ...Object.keys(arriving).map((slice): SliceRun => [Number(slice), Number(slice)])];
}
