import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { type AuditSettings, readSettings, replicaName, signerNames } from '../../ground/config/index.js';
import { AUDIT, dataOption, foldersThere, text, workspaceOption } from '../../ground/files/places.js';
import { openWholeState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import { openSubjectKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { readErasures } from '../../log/erasure/carry-out.js';
import { erasedBy, orderErasure } from '../../log/erasure/order.js';
import { eraseHere } from '../../log/erasure/own-journals.js';
import {
  erasingReplica,
  knownReplicas,
  orderDone,
  orderOfAll,
  registerReplica,
  waitingFor,
} from '../../log/erasure/shared-orders.js';
import { openJournal } from '../../log/journal/journal.js';
import { parseVkey } from '../../log/proof/note.js';
import { openRegister } from '../../log/replicas/epoch.js';
import { type ReplicaSetup, replicaSetup } from '../../log/replicas/peers.js';
import { sequencerClient } from '../../log/replicas/sequencer-client.js';
import { eraseInArchive } from '../../log/search/archive/erase.js';
import { orderLines } from '../../log/search/archive/write.js';
import { openSearch } from '../../log/search/index.js';
import { openAuditSigners, openReplicaSigner, type Signer } from '../../log/store/signer.js';
import { fenceOf } from '../../operate/process/replicas.js';
import { witnessSetup } from '../../operate/process/witnesses.js';
import type { Command, Invocation } from '../command.js';
import { failureLine, WrongUsage } from '../failure.js';
import { sequenced } from '../sequenced.js';

/** ms to wait for another replica's sequencer. */
const PATIENCE = 60_000;
/** ms to wait for what other replicas do of the order: each looks twice a second. */
const OTHERS_PATIENCE = 15_000;
const LOOK = 100;
const UNKNOWN =
  'whether the order is on record is not known: if it is, it will be carried out; order it again, which does no harm';
const EACH = 'each replica has its own key for a subject: order the erasure on the others too';

/**
 * Destroys what is on record about a subject: its key, the salts of its entries, their encrypted parts. The log goes on
 * verifying.
 */
const command: Command = {
  summary: 'destroy what the log holds about a subject; the act itself stays on record',
  zh: '依法抹除日志中某一主体的信息；抹除行为本身留痕',
  usage: '<subject> --reason TEXT --legal-basis TEXT [--by ROLE] [--archive DIR] [--data D] [--json] | --archive DIR',
  takes: 1,
  wanting: 'where the order is on record and was not seen to be carried out',
  examples: [
    "yitong audit erase uscc:91350100M000100Y43 --reason 'court order 2026-118' --legal-basis '个人信息保护法 Art.47'",
    "yitong audit erase person:123 --reason 'left the service' --legal-basis '个人信息保护法 Art.47' --by data-officer --json",
    'yitong audit erase --archive /mnt/archive',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    reason: { type: 'string', describe: 'why; stays on record in clear, so it must not name the subject' },
    'legal-basis': { type: 'string', describe: 'by which law; stays on record in clear' },
    by: { type: 'string', describe: 'the role in which it is ordered', default: 'operator' },
    archive: {
      type: 'string',
      describe: 'folder with archives, or one: every erasure that the log ordered is carried out in them too',
    },
  },
  async run(call) {
    const [subject] = call.positionals;
    const reason = text(call.values['reason']);
    const legalBasis = text(call.values['legal-basis']);
    const archive = text(call.values['archive']);
    if (subject === undefined && archive !== undefined) {
      call.json({ archives: await inArchives(call, foldersThere(call.values, AUDIT).data, archive) });
      return 0;
    }
    if (subject === undefined || reason === undefined || legalBasis === undefined) {
      throw new WrongUsage('name the subject, `--reason` and `--legal-basis`');
    }
    const parts = await open(call);
    const by = text(call.values['by']) ?? 'operator';
    return erase(parts, { subject, reason, legalBasis, by }, archive).finally(() => parts.state?.close());
  },
};
export default command;

async function erase(
  parts: Parts,
  order: Parameters<typeof orderErasure>[1],
  archive: string | undefined,
): Promise<0 | 1> {
  const { call } = parts;
  const { ordered, failure } = await putOnRecord(parts, order);
  // also where nothing is on record here: another replica may have something, or an order before left it
  const everywhere = await orderEverywhere(parts, order, ordered);
  if (ordered === undefined) {
    if (everywhere.left !== undefined) throw new YitongError('state_unavailable', everywhere.left);
    const waiting = await othersWaitedFor(parts, everywhere.order);
    call.say('nothing is on record under this subject, or it was erased before');
    call.json({
      erased: false,
      ...waitingOf(waiting),
      ...(archive === undefined ? {} : { archives: await inArchives(call, parts.data, archive) }),
    });
    return waiting.length === 0 ? 0 : 1;
  }
  const { id } = ordered.receipt;
  if (failure !== undefined) return unfinished(call, id, [failure]);
  const entry = await carriedOut(parts, ordered);
  if (entry === undefined) return 1;
  if (everywhere.left !== undefined) return unfinished(call, id, [everywhere.left]);
  const waiting = await othersWaitedFor(parts, everywhere.order);
  call.say(`erased by entry ${entry} of the log (\`${id}\`)`);
  if (parts.state?.driver !== 'postgres' && Object.keys(parts.audit.replicas).length > 0) call.say(EACH);
  const done = { erased: true, by: entry, ordered: id, ...waitingOf(waiting) };
  const outcome = archive === undefined ? 0 : await alsoInArchives(parts, archive, done);
  if (archive === undefined) call.json(done);
  return waiting.length === 0 ? outcome : 1;
}

const waitingOf = (waiting: readonly string[]): { readonly waiting?: readonly string[] } =>
  waiting.length === 0 ? {} : { waiting };

/** What an order needs, opened before anything is ordered: what can be found wrong is found then. */
interface Parts {
  readonly call: Invocation;
  readonly data: string;
  readonly audit: AuditSettings;
  /** That all replicas share; undefined where they share none. */
  readonly state: State | undefined;
  /** Of this replica. */
  readonly signer: Signer;
  /** Signs the log; undefined where another replica sequences. */
  readonly log: Signer | undefined;
  readonly witnesses: Awaited<ReturnType<typeof witnessSetup>>;
  /** Where another replica sequences. */
  readonly setup: ReplicaSetup | undefined;
}

type Ordered = NonNullable<Awaited<ReturnType<typeof orderErasure>>>;

async function open(call: Invocation): Promise<Parts> {
  const { workspace: dir, data } = foldersThere(call.values, AUDIT);
  const place = { file: join(dir, 'yitong.json') };
  const { audit, state: settings } = readSettings((await loadWorkspace(dir)).settings, place, process.env);
  const names = signerNames(audit.origin);
  const signer = openReplicaSigner(data, names.replica);
  const state = await openWholeState({ settings, data, baseDir: dir, place });
  // one that is away is found now
  await state?.revision();
  const common = { call, data, audit, state, signer };
  if (!audit.sequencer)
    return { ...common, log: undefined, witnesses: undefined, setup: await replicaSetup(audit, dir, place) };
  const { log } = openAuditSigners(data, names);
  return { ...common, log, witnesses: await witnessSetup(audit, dir, place), setup: undefined };
}

/**
 * Puts the order on record.
 * @returns undefined as `ordered` where nothing is on record about the subject; `failure` in words, where the order is
 * on record and something went wrong behind it
 */
async function putOnRecord(
  { data, audit, signer }: Parts,
  order: Parameters<typeof orderErasure>[1],
): Promise<{ readonly ordered: Ordered | undefined; readonly failure?: string }> {
  const layout = auditLayout(data);
  const keys = openSubjectKeys({ dir: layout.subjectKeys });
  let ordered: Ordered | undefined;
  let handed = false;
  try {
    try {
      const journal = await openJournal({
        dir: layout.journals,
        name: 'erasure',
        keys,
        signer,
        now: Date.now,
        mergeDelay: audit.mergeWithinSeconds * 1000,
        segmentBytes: 65_536,
      });
      try {
        handed = true;
        ordered = await orderErasure({ keys, journal, now: Date.now }, order);
      } finally {
        await journal.close();
      }
    } finally {
      await keys.close();
    }
  } catch (error) {
    if (ordered !== undefined) return { ordered, failure: failureLine(error) };
    console.error(
      handed && isYitongError(error) && error.code === 'audit_unavailable' ? UNKNOWN : 'nothing was ordered',
    );
    throw error;
  }
  return { ordered };
}

/** An order that goes to all replicas; of one log alone there is none. */
interface Everywhere {
  readonly order?: string;
  /** Why it could not be given, in words. */
  readonly left?: string;
}

/**
 * Destroys the key under which reports and tickets of the subject stand where all replicas share them, and orders the
 * same of all replicas.
 */
async function orderEverywhere(
  { state, data, audit }: Parts,
  order: Parameters<typeof orderErasure>[1],
  ordered: Ordered | undefined,
): Promise<Everywhere> {
  if (state === undefined) return {};
  try {
    const me = erasingReplica(auditLayout(data).subjectKeys);
    await registerReplica(state, me, replicaName(audit));
    const recorded = ordered && { pseudonym: ordered.pseudonym, receipt: ordered.receipt.id };
    return { order: await orderOfAll(state, order, { replica: me.id, recorded }) };
  } catch (error) {
    return { left: `what all replicas share of the subject is not destroyed so far: ${failureLine(error)}` };
  }
}

/**
 * This replica has done its part. Waits until all others have carried the order out, and says of which it was not seen:
 * each does so as soon as it runs.
 * @returns their names
 */
async function othersWaitedFor({ call, state, data }: Parts, order: string | undefined): Promise<readonly string[]> {
  if (state === undefined || order === undefined) return [];
  const me = erasingReplica(auditLayout(data).subjectKeys).id;
  await orderDone(state, me, order);
  let waiting: readonly string[] = [];
  for (
    const end = Date.now() + OTHERS_PATIENCE;
    Date.now() < end && !call.signal.aborted;
    await new Promise((resolve) => setTimeout(resolve, LOOK))
  ) {
    waiting = (await waitingFor(state, order)).filter((id) => id !== me);
    if (waiting.length === 0) return [];
  }
  const names = new Map((await knownReplicas(state)).map(({ id, name }) => [id, name]));
  const named = waiting.map((id) => names.get(id) ?? id);
  console.error(
    `not seen to be carried out by ${named.map((name) => `\`${name}\``).join(', ')}: it is as soon as it runs; ` +
      'see `yitong state replicas`',
  );
  return named;
}

/** @returns by which entry of the log; undefined where it was not seen, which is said then */
async function carriedOut(parts: Parts, { pseudonym, receipt }: Ordered): Promise<number | undefined> {
  const { call, data, log, setup } = parts;
  const troubles: string[] = [];
  try {
    const by =
      log === undefined
        ? await erasedElsewhere(call, data, pseudonym, setup)
        : await erasedHere(parts, log, pseudonym, troubles);
    if (by !== undefined) {
      for (const trouble of troubles) console.error(trouble);
      return by;
    }
    if (call.signal.aborted) troubles.push('it was told to end before it saw the order carried out');
  } catch (error) {
    troubles.push(failureLine(error));
  }
  unfinished(call, receipt.id, troubles);
  return undefined;
}

/** @param troubles gets what the sequencer complains of */
function erasedHere(
  { call, data, audit, witnesses }: Parts,
  log: Signer,
  pseudonym: string,
  troubles: string[],
): Promise<number | undefined> {
  const fence = fenceOf(openRegister(data), audit);
  return sequenced(
    {
      dataDir: data,
      signer: log,
      origin: audit.origin,
      now: Date.now,
      interval: 0,
      ...present({ fence, witnesses }),
      onAlert: (alert) => void ('reason' in alert && troubles.push(alert.reason)),
    },
    () => erasedBy(data, pseudonym),
    call.signal,
  );
}

/** @param done what the log has done, as JSON says it */
async function alsoInArchives({ call, data }: Parts, archive: string, done: { readonly by: number }): Promise<0 | 1> {
  try {
    call.json({ ...done, archives: await inArchives(call, data, archive) });
    return 0;
  } catch (error) {
    const why = failureLine(error);
    console.error(
      `${why}\nthe log has erased it by entry ${String(done.by)}, and not every archive has: run \`yitong audit ` +
        `erase --archive DIR\` once it can be read`,
    );
    call.json({ ...done, why: [why] });
    return 1;
  }
}

/**
 * Carries out in archives what the log has carried out.
 * @throws YitongError at the first file that is none, or not of this log
 */
async function inArchives(
  call: Invocation,
  data: string,
  given: string,
): Promise<{ readonly file: string; readonly erased: number; readonly sha256: string }[]> {
  const path = resolve(given);
  const files = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => name.endsWith('.ndjson'))
        .sort()
        .map((name) => join(path, name))
    : [path];
  const origin = parseVkey(readFileSync(join(auditLayout(data).log, 'vkey'), 'utf8')).name;
  const erased = new Map(Object.entries(readErasures(data).erased));
  const search = openSearch(data);
  try {
    const done = [];
    for (const file of files) {
      const report = await eraseInArchive(file, {
        origin,
        erased,
        orders: (indices) => orderLines(data, search, indices),
      });
      done.push({ file, ...report });
      call.say(
        report.erased === 0
          ? `${file}: nothing to erase`
          : `${file}: ${report.erased} entries erased; SHA-256 of its lines now ${report.sha256}`,
      );
    }
    return done;
  } finally {
    await search.close();
  }
}

/**
 * Says that an order is on record which was not seen to be carried out, and why: on stderr, so that it is read under
 * `--json` too.
 * @param whys in words; none: only time went by
 */
function unfinished(call: Invocation, ordered: string, whys: readonly string[]): 1 {
  for (const why of whys) console.error(why);
  console.error(
    `the order is on record as \`${ordered}\`, and is carried out as soon as the sequencer of the log gets to ` +
      `it; see \`yitong audit receipt ${ordered}\`, and order it again to see it done`,
  );
  call.json({ erased: false, ordered, why: whys });
  return 1;
}

/**
 * On a replica that does not sequence: the log first, then what is here.
 * @returns as `erasedBy`; undefined if the sequencer has not said so
 */
async function erasedElsewhere(
  call: Invocation,
  data: string,
  pseudonym: string,
  setup: ReplicaSetup | undefined,
): Promise<number | undefined> {
  const sequencer = setup === undefined ? undefined : sequencerClient(setup, openRegister(data));
  try {
    for (
      const end = Date.now() + PATIENCE;
      Date.now() < end && !call.signal.aborted;
      await new Promise((resolve) => setTimeout(resolve, LOOK))
    ) {
      const by = await sequencer?.erasedBy(pseudonym);
      if (by === undefined) continue;
      const keys = openSubjectKeys({ dir: auditLayout(data).subjectKeys });
      try {
        await eraseHere(data, keys, [pseudonym]);
      } finally {
        await keys.close();
      }
      return by;
    }
    console.error('what this replica itself holds of the subject is not destroyed so far');
    return undefined;
  } finally {
    sequencer?.close();
  }
}
