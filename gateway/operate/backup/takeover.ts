/**
 * Another replica becomes the sequencer of a log whose sequencer is gone. What it needs is found, what is missing is
 * said before anything is done, and each missing entry is declared in the log. Under one name there is one tree: the
 * log keeps its name only where nothing newer of it was seen than is here, and somebody vouches for that; otherwise the
 * same tree, or where nothing is left of it a new one, goes on under a new name.
 *
 * Nothing is touched before all of it is made beside: in `<data>/takeover.partial`. The state of the sequencer comes
 * into its place last, and without it nothing sequences there; whoever was interrupted says it again.
 */

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { syncDir } from '../../../contracts/sync-dir.js';
import { replaceFile } from '../../ground/files/durable.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { administrationBody, gapBody } from '../../log/entries/events.js';
import { auditLayout } from '../../log/entries/layout.js';
import { journalFolders } from '../../log/journal/folders.js';
import { CHAIN_START, MARKER_BYTES, MARKER_FILE, writeMarker } from '../../log/proof/journal.js';
import { JOURNAL_START } from '../../log/proof/journal-position.js';
import { parseVkey } from '../../log/proof/note.js';
import { openEdge } from '../../log/proof/tiles.js';
import { edgeAt, putBehind } from '../../log/sequencer/behind.js';
import { startSequencer } from '../../log/sequencer/sequencer.js';
import { openSigner } from '../../log/store/signer.js';
import { type JournalState, readState } from '../../log/store/state.js';
import { verifyLog } from '../../log/verify/verify.js';
import { nextOrigin } from './continue.js';
import { copies } from './copy.js';
import {
  journalTail,
  type Look,
  look,
  refused,
  refuseRunning,
  type TakeoverOptions,
  type TakeoverPlan,
} from './takeover-look.js';
import { filesBelow } from './walk.js';
import { wantRoom } from './write.js';

interface Takeover extends TakeoverPlan {
  readonly origin: string;
  readonly vkey: string;
}

/** What a take-over that was made and not put in its place says of itself; undefined where there is none. */
function interrupted(dataDir: string): Takeover | undefined {
  const made = readIfThere(join(resolve(dataDir), PARTIAL, MADE));
  return made === undefined ? undefined : (JSON.parse(made.toString('utf8')) as Takeover);
}

/**
 * Reads only.
 * @throws YitongError `audit_unavailable` where something runs, `log_invalid` where the log to be taken over does not
 * verify, `restore_fork`
 */
export async function planTakeover(options: TakeoverOptions): Promise<TakeoverPlan> {
  return interrupted(options.dataDir) ?? planOf(await look(options));
}

function planOf({ source: _, state: __, bring: ___, newest: ____, ...plan }: Look): TakeoverPlan {
  return plan;
}

const PARTIAL = 'takeover.partial';
/** In it once all of it is made: what is left to do is to put it in its place. */
const MADE = 'made';

/** Files of the log, from the data folder. */
const OF_LOG = /^(?:log\/|audit\/(?:checkpoint$|erasures$|state\/\d{12}$|staged\/|bodies\/|index\/)|keys\/log\.key$)/;

/** @throws as `planTakeover`; `backup_no_room` */
export async function takeOver(options: TakeoverOptions): Promise<Takeover> {
  const dataDir = resolve(options.dataDir);
  refuseRunning(dataDir);
  const partial = join(dataDir, PARTIAL);
  const made = interrupted(dataDir) ?? (await make(options, dataDir, partial));
  inPlace(dataDir, partial);
  const report = await verifyLog({ logDir: auditLayout(dataDir).log, dataDir });
  if (!report.ok)
    throw new YitongError('log_invalid', `the log that was taken over does not verify: ${report.fault ?? 'unknown'}`);
  rmSync(partial, { recursive: true, force: true });
  return made;
}

async function make(options: TakeoverOptions, dataDir: string, partial: string): Promise<Takeover> {
  const { onProgress } = options;
  const plan = await look(options);
  rmSync(partial, { recursive: true, force: true });
  const copied =
    plan.source === undefined
      ? []
      : filesBelow(plan.source).filter(({ path }) => OF_LOG.test(path) && !path.endsWith('.tmp'));
  const brought = [...plan.bring].map(([to, dir]) => ({
    to: to.slice(dataDir.length + 1),
    dir,
    files: filesBelow(dir).filter(({ path }) =>
      /^\d{8}\.seg(?:\.erased)?$|^(?:fault|durable|groups|pruned)$/.test(path),
    ),
  }));
  const total = [...copied, ...brought.flatMap(({ files }) => files)].reduce((sum, { bytes }) => sum + bytes, 0);
  wantRoom(dataDir, total);
  try {
    mkdirSync(partial, { recursive: true, mode: 0o700 });
    let done = 0;
    const out = copies(partial, { onBytes: (bytes) => onProgress?.('copying', (done += bytes), total) });
    for (const { path } of copied) await out.file(plan.source ?? '', path);
    for (const { to, dir, files } of brought) {
      // as at its replica's own next start: what is whole in the newest segment is durable from here on
      const tail = journalTail(dir);
      for (const { path } of files)
        if (path !== MARKER_FILE || !tail.whole) await out.file(dir, path, { as: `${to}/${path}` });
      if (!tail.whole || tail.segment === 0) continue;
      const marker = Buffer.alloc(MARKER_BYTES);
      writeMarker(marker, tail);
      await out.bytes(`${to}/${MARKER_FILE}`, marker);
    }
    out.end();
    const made: Takeover = { ...planOf(plan), ...(await goOn(partial, plan, options)) };
    replaceFile(join(partial, MADE), JSON.stringify(made), { mode: 0o600 });
    return made;
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Puts the entries behind the copied log that say how it goes on here. */
async function goOn(
  dataDir: string,
  plan: Look,
  { knowledge, origin: wanted, replica, now, dataDir: real }: TakeoverOptions,
): Promise<{ readonly origin: string; readonly vkey: string }> {
  const layout = auditLayout(dataDir);
  const keyFile = join(layout.keys, 'log.key');
  let found = readState(layout.state);
  const vkeyBefore = readIfThere(join(layout.log, 'vkey'))?.toString('utf8').trim() ?? '';
  if (found !== undefined) {
    // a run that its sequencer committed and could not put in its place
    if (!existsSync(keyFile))
      throw new YitongError(
        'log_invalid',
        "the log's key is not in the folder; the log goes on without it under a new name from a backup " +
          '(docs/operating.md)',
        { place: { file: keyFile } },
      );
    mkdirSync(layout.journals, { recursive: true, mode: 0o700 });
    const sequencer = startSequencer({
      dataDir,
      signer: openSigner(keyFile, found.state.origin),
      origin: found.state.origin,
      now,
      interval: 0,
      onAlert: () => undefined,
    });
    try {
      await sequencer.settle();
    } finally {
      await sequencer.stop();
    }
    rmSync(layout.lock, { force: true });
    found = readState(layout.state);
  }
  const origin = plan.renamed ? (wanted ?? nextOrigin(plan.before)) : plan.before;
  if (plan.renamed && origin === plan.before)
    throw refused(`the log cannot go on as \`${origin}\`: ${plan.why ?? ''}`, dataDir);
  if (plan.renamed && vkeyBefore !== '') {
    const earlier = join(layout.log, 'earlier', parseVkey(vkeyBefore).keyId.toString(16).padStart(8, '0'));
    mkdirSync(earlier, { recursive: true });
    replaceFile(join(earlier, 'vkey'), `${vkeyBefore}\n`);
    const published = readIfThere(join(layout.log, 'checkpoint'));
    if (published !== undefined) replaceFile(join(earlier, 'checkpoint'), published);
  }
  if (plan.renamed) for (const file of [keyFile, join(layout.log, 'checkpoint')]) rmSync(file, { force: true });
  const signer = openSigner(keyFile, origin);
  const state = found?.state;
  const edge = state === undefined ? openEdge(0, () => Buffer.alloc(0)) : edgeAt(dataDir, state.size);
  const journals: Record<string, JournalState> = { ...state?.journals };
  // of those that are nowhere any more nothing is read again
  for (const { journal, to } of plan.missing) {
    const isHere = [...plan.bring.keys()].some((dir) => basename(dir) === journal) || journalFolders(real).has(journal);
    if (!isHere)
      journals[journal] = {
        ...(journals[journal] ?? { ...JOURNAL_START, chain: CHAIN_START.toString('base64') }),
        lastSeq: Math.max(to, journals[journal]?.lastSeq ?? 0),
        dead: true,
      };
  }
  const time = new Date(now()).toISOString();
  const detail = {
    to: replica,
    size: edge.size,
    root: edge.root().toString('base64'),
    key: vkeyBefore,
    renamed: plan.renamed,
    known: knowledge.kind,
    ...(knowledge.kind === 'none' ? { word: knowledge.word } : {}),
    ...(plan.newest === undefined ? {} : { newestSize: plan.newest.size, newestRoot: plan.newest.root }),
    ...present({ lost: plan.lost }),
    journals: plan.missing.length,
  };
  const bodies = [
    administrationBody({ time, action: 'taken_over', by: 'operator', target: plan.before, detail }),
    ...plan.missing.map(({ journal, from, to, open }) =>
      gapBody({ time: now(), journal, from, to, ...(open ? { open } : {}), why: 'lost' }),
    ),
  ];
  await putBehind({
    dataDir,
    version: found?.version ?? 0,
    edge,
    journals,
    before: state?.journals ?? {},
    signer,
    origin,
    bodies,
  });
  return { origin, vkey: signer.vkey };
}

/** Moves what was made to its place, the state last and as the newest. Done again it goes on where it was. */
function inPlace(dataDir: string, partial: string): void {
  const { state } = auditLayout(dataDir);
  const files = filesBelow(partial)
    .map(({ path }) => path)
    .filter((path) => path !== MADE && !path.endsWith('.lock') && !path.startsWith('audit/writing'));
  const made = files
    .filter((path) => path.startsWith('audit/state/'))
    .sort()
    .at(-1);
  if (made === undefined) return;
  const older = existsSync(state) ? readdirSync(state).filter((name) => /^\d{12}$/.test(name)) : [];
  const number = Math.max(Number(basename(made)), ...older.map((name) => Number(name) + 1));
  // without a state nothing sequences here until the new one is in its place
  for (const name of older) rmSync(join(state, name), { force: true });
  const dirs = new Set<string>();
  for (const path of files) {
    if (path.startsWith('audit/state/')) continue;
    const to = join(dataDir, path);
    mkdirSync(dirname(to), { recursive: true, ...(path.startsWith('log/') ? {} : { mode: 0o700 }) });
    renameSync(join(partial, path), to);
    for (let up = dirname(to); up.length >= dataDir.length; up = dirname(up)) dirs.add(up);
  }
  for (const dir of dirs) syncDir(dir);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  renameSync(join(partial, made), join(state, String(number).padStart(12, '0')));
  syncDir(state);
}
