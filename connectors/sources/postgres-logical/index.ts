/** A table of a PostgreSQL database as it changes: copied once, then told by its replication slot. */
import { createHash } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import type { Workspace } from '../../../contracts/types.js';
import { shape } from '../../../contracts/validate.js';
import type { Feed } from '../../feed.js';
import type { Backlog, SourceContext, SourceKind, SourceRun, Unchanged } from '../../reading/port.js';
import { addressOf, resolveServer, type Server } from '../../sql/server.js';
import { POSTGRES_PORT } from '../postgres/connect.js';
import { beginCopy } from './copy.js';
import type { Event } from './events.js';
import { lsnText, parseLsn } from './lsn.js';
import { checkMemory, type Memory } from './memory.js';
import { Piece } from './piece.js';
import { type LogicalSource, schema, WARN_LAG } from './schema.js';
import { Session, untilFree } from './session.js';
import { dropSlot, newSlotName, type SlotStatus, statusOf } from './slot.js';
import { lookAtTable, type Table } from './table.js';

const check = shape<LogicalSource>(schema, 'bad_feed');

/** Of this process, by slot: a feed's connections stay open between its scheduled runs. */
const sessions = new Map<string, Session>();
/** An idle slot is moved on at most so often, as that is remembered on disk first. */
const IDLE_CONFIRM_MS = 10_000;
const idleSince = new Map<string, number>();

interface Opened {
  readonly context: SourceContext;
  readonly source: LogicalSource;
  readonly server: Server;
  readonly identity: string;
  readonly publication: string;
  readonly remembered: Memory | undefined;
}

/** What was published before stays as it is only while these stay. */
function identityOf(
  { feed, workspace }: SourceContext,
  { table, publication, server, database }: LogicalSource,
): string {
  return createHash('sha256')
    .update(
      JSON.stringify([
        server,
        database,
        table,
        publication,
        feed.mapping,
        workspace.contracts.get(feed.dataset)?.latest.version,
      ]),
    )
    .digest('hex');
}

async function keep({ memory }: SourceContext, value: Memory | null): Promise<void> {
  if (memory.keep === undefined)
    throw new YitongError('internal', 'this source cannot run where nothing can be remembered');
  await memory.keep(value);
}

async function closeSession(slot: string): Promise<void> {
  const session = sessions.get(slot);
  sessions.delete(slot);
  idleSince.delete(slot);
  await session?.close();
}

/** The source as its feed says it, or why it cannot be meant. */
function checked(feed: Feed, workspace: Workspace): LogicalSource {
  const place = { file: feed.file };
  const source = check(feed.source, place);
  if (feed.snapshot)
    throw new YitongError('bad_feed', '`snapshot` is not for the source `postgres-logical`, which is told what left', {
      place,
    });
  addressOf(source, POSTGRES_PORT, workspace, place);
  return source;
}

async function open(context: SourceContext): Promise<SourceRun | Unchanged | undefined> {
  const { feed, memory, workspace, baseDir, options } = context;
  const place = { file: feed.file };
  const source = checked(feed, workspace);
  const server = await resolveServer(source, POSTGRES_PORT, { workspace, baseDir, place, env: process.env });
  const before = memory.get() ?? undefined;
  const opened: Opened = {
    context,
    source,
    server,
    identity: identityOf(context, source),
    publication: source.publication ?? `yitong_${feed.dataset.replaceAll(/[^a-z0-9]/g, '_')}`.slice(0, 63),
    remembered: before === undefined ? undefined : checkMemory(before, place),
  };
  if (options['dropSlot'] === 'true') return drop(opened);
  const { remembered } = opened;
  const accepted = options['acceptShrink'] === 'true';
  if (remembered?.state.startsWith('refused') === true && !accepted && options['again'] !== 'true') {
    throw new YitongError(
      'snapshot_shrunk',
      remembered.state === 'refused-copy'
        ? 'the copy of the table lacked more records than the feed allows; look at the table, then run once with ' +
            '`--accept-shrink`'
        : 'a TRUNCATE took away more records than the feed allows, and the log is held there; look at the table, ' +
            'then run once with `--accept-shrink`',
    );
  }
  const copied =
    remembered !== undefined && (remembered.state === 'reading' || remembered.state === 'refused-truncate');
  const read = copied && remembered.feed === opened.identity && options['again'] !== 'true';
  return read ? openLog(opened, remembered) : openCopy(opened);
}

/** `--drop-slot`: the server keeps nothing for us any more, and the next run copies the table anew. */
async function drop({ context, server, remembered }: Opened): Promise<undefined> {
  if (remembered === undefined) return undefined;
  await closeSession(remembered.slot);
  const session = await Session.open(server, context.signal);
  try {
    await dropSlot(session.client, remembered.slot);
  } catch (error) {
    throw session.translate(error);
  } finally {
    await session.close();
  }
  await keep(context, null);
  return undefined;
}

const look = ({ context, source, publication }: Opened, session: Session): Promise<Table> => {
  const { feed, workspace } = context;
  const contract = workspace.contracts.get(feed.dataset);
  if (contract === undefined)
    throw new YitongError('bad_feed', `there is no contract of \`${feed.dataset}\``, { place: { file: feed.file } });
  return lookAtTable({
    client: session.client,
    source,
    publication,
    mapping: feed.mapping,
    contract,
    place: { file: feed.file },
  });
};

async function openCopy(opened: Opened): Promise<SourceRun> {
  const { context, server, identity, remembered } = opened;
  if (remembered !== undefined) await closeSession(remembered.slot);
  const session = await Session.open(server, context.signal);
  try {
    const table = await look(opened, session);
    // a slot whose copy was not completed, or is not wanted any more
    if (remembered !== undefined) await dropSlot(session.client, remembered.slot);
    const slot = newSlotName(context.feed.dataset);
    // known before it is made, so that a crash leaves no slot that nobody drops
    const copying: Memory = { feed: identity, slot, state: 'copying', system: '', lsn: '0/0' };
    await keep(context, copying);
    const sourceTime = (await statusOf(session.client, slot)).now;
    const replication = await session.replication();
    const copy = await beginCopy(session.client, replication, slot, table).finally(() =>
      replication.end().catch(() => undefined),
    );
    let believed = true;
    async function* rows(): SourceRun['rows'] {
      try {
        yield* copy.rows;
      } catch (error) {
        throw session.translate(error);
      } finally {
        await session.close();
      }
    }
    return {
      sourceTime,
      ...(table.rows > 0 ? { total: table.rows } : {}),
      whole: () => true,
      get more() {
        return believed;
      },
      rows: rows(),
      progress: copy.done,
      async complete(outcome) {
        const { system, consistent } = copy.slot;
        // what is held is known by name and stays on record; the rest of the copy is believed
        believed = outcome?.refused !== true;
        await keep(context, {
          ...copying,
          state: believed ? 'reading' : 'refused-copy',
          system,
          lsn: lsnText(consistent),
        });
        if (!believed) await forget(opened, slot);
      },
    };
  } catch (error) {
    await session.close();
    throw session.translate(error);
  }
}

/** The slot of a copy that is not believed: it would only keep the server's log. */
async function forget({ server, context }: Opened, slot: string): Promise<void> {
  const session = await Session.open(server, context.signal);
  await dropSlot(session.client, slot).finally(() => session.close());
}

async function openLog(opened: Opened, remembered: Memory): Promise<SourceRun | Unchanged> {
  const { context } = opened;
  const { slot } = remembered;
  const kept = sessions.get(slot);
  // what was given out and not completed must come again
  if (kept !== undefined && (kept.outstanding || kept.broken)) await closeSession(slot);
  const session = sessions.get(slot) ?? (await Session.open(opened.server, context.signal));
  sessions.set(slot, session);
  session.busy();
  try {
    return await readLog(opened, remembered, session);
  } catch (error) {
    await closeSession(slot);
    throw session.translate(error);
  }
}

async function readLog(opened: Opened, remembered: Memory, session: Session): Promise<SourceRun | Unchanged> {
  const { context, source, publication } = opened;
  const { slot } = remembered;
  const start = parseLsn(remembered.lsn);
  const table = await look(opened, session);
  let status = await statusOf(session.client, slot);
  checkSlot(status, remembered);
  if (!session.reading) {
    await untilFree(async () => (status = await statusOf(session.client, slot)).slot?.active === true, slot);
    checkSlot(status, remembered);
    await session.start(slot, publication, remembered.system, start);
  }
  const backlog: Backlog = {
    bytes: status.slot?.kept ?? 0,
    high: (status.slot?.kept ?? 0) > (source.warnLag ?? WARN_LAG),
  };
  const rest = async (): Promise<void> => {
    session.outstanding = false;
    if (context.wake === undefined) await closeSession(slot);
    else session.idle(context.wake);
  };
  session.ask();
  let from = start;
  let first = await session.next(table, status.end, slot);
  // of other tables of the publication
  while (first?.kind === 'commit') {
    from = first.end;
    first = from >= status.end ? undefined : await session.next(table, status.end, slot);
  }
  if (first === undefined) {
    const since = idleSince.get(slot) ?? 0;
    if (status.end > start && Date.now() - since > IDLE_CONFIRM_MS) {
      idleSince.set(slot, Date.now());
      await keep(context, { ...remembered, lsn: lsnText(status.end) });
      session.confirm(status.end);
    }
    await rest();
    return { unchanged: true, sourceTime: status.now, backlog };
  }
  session.outstanding = true;
  const piece = new Piece(session, table, slot, from, status.end);
  async function* rows(begin: Event): SourceRun['rows'] {
    let whole = false;
    try {
      yield* piece.rows(begin);
      whole = !piece.cut;
    } finally {
      session.idle(undefined);
      if (!whole) await closeSession(slot);
    }
  }
  return {
    get sourceTime() {
      return piece.more ? (piece.sourceTime ?? status.now) : status.now;
    },
    get more() {
      return piece.more;
    },
    events: true,
    whole: () => false,
    rows: rows(first),
    backlog,
    notes: () => (piece.passed === 0 ? {} : { superseded: piece.passed }),
    async complete(outcome) {
      const { beforeEmptied } = piece;
      const held = (outcome?.refused === true || outcome?.held === true) && beforeEmptied !== undefined;
      const end = held ? beforeEmptied : piece.end;
      // remembered first: a slot that is ahead of what is remembered was moved by somebody else
      if (held) piece.more = false;
      await keep(context, { ...remembered, state: held ? 'refused-truncate' : 'reading', lsn: lsnText(end) });
      session.confirm(end);
      if (held || piece.cut) await closeSession(slot);
      else await rest();
    },
  };
}

function checkSlot({ slot }: SlotStatus, { slot: name, lsn }: Memory): void {
  const anew = 'the table must be copied anew: run once with `--again`';
  if (slot === undefined) throw new YitongError('slot_lost', `the replication slot \`${name}\` is gone; ${anew}`);
  if (slot.lost)
    throw new YitongError(
      'slot_lost',
      `the server gave up the replication slot \`${name}\`, as it had to keep more than ` +
        `\`max_slot_wal_keep_size\` for it; ${anew}`,
    );
  if (slot.confirmed > parseLsn(lsn))
    throw new YitongError(
      'slot_lost',
      `the replication slot \`${name}\` was moved by somebody else, so that changes are missing; ${anew}`,
    );
}

const logical: SourceKind = {
  kind: 'postgres-logical',
  slot: true,
  title: { zh: 'PostgreSQL 数据库（实时变更）', en: 'a PostgreSQL database, each change' },
  description: 'a table of a PostgreSQL database, each change as it happens',
  schema,
  check: (feed, workspace) => void checked(feed, workspace),
  open,
};
export default logical;
