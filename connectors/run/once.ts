/** One run: what the source has now, published row by row as it is read. */

import { createHmac } from 'node:crypto';
import { YitongError } from '../../contracts/errors.js';
import { present } from '../../contracts/present.js';
import type { Span } from '../../contracts/tracing.js';
import type { Contract } from '../../contracts/types.js';
import type { Crosswalks } from '../mapping/crosswalks/index.js';
import { type CompiledMapping, compileMapping } from '../mapping/index.js';
import { openSession, recogniseTopic, type Session, sendWatermark } from '../publish/index.js';
import type { Quarantine } from '../quarantine.js';
import type { Backlog, Keys, SourceKind, SourceRun } from '../reading/port.js';
import { type RunReport, Tally } from '../report.js';
import { loadSourceKinds } from '../sources/load.js';
import { complete, lastWatermark, settle } from './end.js';
import { KeptRows } from './kept.js';
import type { RunOptions } from './options.js';
import { RunRows } from './rows.js';

/** Batches that may be on their way to the bus while the next is read. */
const AHEAD = 8;
/** Characters of a pseudonym. */
const PSEUDONYM = 32;

export class Run {
  private readonly tally = new Tally();
  private readonly mapping: CompiledMapping;
  private readonly started: number;
  private readonly name: string;
  private readonly secret: Buffer;
  private pendingMemory: { readonly value: unknown } | undefined;

  constructor(
    private readonly options: RunOptions,
    private readonly contract: Contract,
    private readonly quarantine: Quarantine,
    crosswalks: Crosswalks,
    private readonly now: () => Date,
    private readonly span: Span | undefined,
  ) {
    this.mapping = compileMapping(
      options.feed.mapping,
      contract,
      options.workspace.schemes,
      options.feed.file,
      crosswalks.find,
    );
    this.secret = options.state.secret();
    this.started = now().getTime();
    this.name = `${new Date(this.started).toISOString()}-${process.pid}-${process.hrtime.bigint()}`;
  }

  async once(): Promise<{ readonly report: RunReport; readonly more: boolean }> {
    const { feed, workspace, bus, state } = this.options;
    const kept = new KeptRows({
      contract: this.contract,
      declared: feed.mapping,
      mapping: this.mapping,
      quarantine: this.quarantine,
      run: this.name,
    });
    // before the source is asked what is new: for a topic that is new, everything is
    await recogniseTopic(bus, state, workspace, this.contract);
    if (typeof state.read('unlearnt', feed.dataset) === 'string') this.tally.note('topic_not_read');
    const source = await this.open(kept);
    if (source === undefined) {
      const last = lastWatermark(state, feed);
      if (last !== undefined) await sendWatermark(bus, workspace, this.contract, last);
      return { report: this.report('nothing-new', last?.sourceTime), more: false };
    }
    if ('unchanged' in source) {
      for (const [name, count] of Object.entries(source.notes ?? {})) this.tally.note(name, count);
      const last = lastWatermark(state, feed);
      if (last === undefined) return { report: this.report('nothing-new', undefined, source.backlog), more: false };
      // a refused snapshot stays refused however often it is delivered
      const renewed =
        state.read('refused', feed.dataset) !== true &&
        source.sourceTime !== undefined &&
        source.sourceTime > last.sourceTime
          ? { ...last, sourceTime: source.sourceTime }
          : last;
      await sendWatermark(bus, workspace, this.contract, renewed);
      if (renewed !== last) state.write('watermark', feed.dataset, renewed);
      return { report: this.report('nothing-new', renewed.sourceTime, source.backlog), more: false };
    }
    const events = source.events === true;
    const session = await openSession({
      workspace,
      contract: this.contract,
      bus,
      state,
      quarantine: this.quarantine,
      now: this.now,
      ...(events
        ? { mode: 'stream', knownOnly: true }
        : { mode: 'run', snapshot: source.whole?.() ?? feed.snapshot, onDuplicate: feed.onDuplicate }),
      ...(source.again === true ? { skipOlder: true } : {}),
      maxWithdrawShare: feed.maxWithdrawShare,
      acceptShrink: this.options.options?.['acceptShrink'] === 'true',
      run: this.name,
      ...present({ span: this.span }),
    });
    kept.begin(session);
    const { contract, mapping, quarantine, tally, name: run } = this;
    const rows = new RunRows({
      contract,
      schemes: workspace.schemes,
      mapping,
      quarantine,
      session,
      declared: feed.mapping,
      tally,
      run,
      events,
    });
    try {
      const emptied = await this.publishAll(source, session, rows);
      for (const [name, count] of Object.entries(source.notes?.() ?? {})) this.tally.note(name, count);
      const republished = await session.finish();
      this.tally.add('merged', -republished);
      this.tally.add('published', republished);
      const seen = { whole: emptied || (source.whole?.() ?? feed.snapshot), tail: rows.tail };
      const parts = { feed, state, quarantine, session, tally, run };
      const outcome = await settle(parts, seen, source.sourceTime);
      await complete(parts, seen, source, outcome, () => this.pendingMemory);
      return {
        report: this.report(outcome.refused ? 'refused' : 'complete', source.sourceTime, source.backlog),
        more: source.more === true,
      };
    } finally {
      await session.close();
    }
  }

  private report(state: RunReport['state'], sourceTime: string | undefined, backlog?: Backlog): RunReport {
    if (backlog?.high === true) this.tally.note('backlog_high');
    return {
      ...this.tally.report(state, this.now().getTime() - this.started, sourceTime),
      ...(backlog === undefined ? {} : { backlogBytes: backlog.bytes }),
    };
  }

  private async open(keys: Keys): ReturnType<SourceKind['open']> {
    const { feed, workspace, state, signal, options = {} } = this.options;
    const kind = (this.options.kinds ?? (await loadSourceKinds())).get(feed.source.kind);
    if (kind === undefined)
      throw new YitongError('bad_feed', `there is no source kind \`${feed.source.kind}\``, {
        place: { file: feed.file },
      });
    return kind.open({
      feed,
      workspace,
      baseDir: this.options.baseDir ?? workspace.dir,
      now: this.now,
      memory: {
        get: () => (this.pendingMemory === undefined ? state.read('memory', feed.dataset) : this.pendingMemory.value),
        set: (value) => (this.pendingMemory = { value }),
        keep: async (value) => {
          state.write('memory', feed.dataset, value);
          await state.flushed();
        },
      },
      ...present({ wake: this.options.wake, roots: this.options.roots }),
      signal,
      cutOff: state.isUncertain(feed.dataset),
      pseudonym: (text) => createHmac('sha256', this.secret).update(text).digest('hex').slice(0, PSEUDONYM),
      keys,
      options,
    });
  }

  /** True where the source said that it was emptied. */
  private async publishAll(source: SourceRun, session: Session, rows: RunRows): Promise<boolean> {
    let emptied = false;
    const ahead: Promise<void>[] = [];
    for await (const batch of source.rows) {
      if (this.options.signal.aborted)
        throw new YitongError('shutting_down', 'the run was stopped; the next one starts over');
      if (batch.emptied === true) {
        // the rows before it are decided on already: `publish` decides before it returns
        emptied = true;
        session.forgetSeen();
        continue;
      }
      this.tally.add('rows', batch.length);
      const sent = session.publish(rows.map(batch, source.sourceTime)).then((results) => rows.count(results));
      // the rejection is met where it is awaited below; until then Node must not take it for a forgotten one
      sent.catch(() => undefined);
      ahead.push(sent);
      if (ahead.length > AHEAD) await ahead.shift();
      await this.quarantine.room();
      this.progress(source);
      if (rows.hopeless()) {
        rows.giveUp(batch.at(-1), source.sourceTime);
        break;
      }
    }
    await Promise.all(ahead);
    this.progress(source);
    return emptied;
  }

  private progress(source: SourceRun): void {
    const done = source.progress?.();
    this.options.onProgress?.({
      rows: this.tally.counts.rows,
      ...present({ done, total: source.total }),
    });
  }
}
