/**
 * What is attached to a matter: files beside an application or a reply, told by their content, sealed under a key of
 * the matter. Each is on record with its digest before it is there; it is only ever given as a file. To a matter about
 * a record both sides attach evidence until it is over: as its words, it stands under the key of whom the record is
 * about, and goes with that.
 */
import { YitongError } from '../../../contracts/errors.js';
import type { Localised } from '../../../contracts/localised.js';
import { asJson } from '../../ground/state/as-json.js';
import type { Blobs } from '../../ground/state/blobs.js';
import { type State, StateConflict } from '../../ground/state/port.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';
import { type AttachmentType, inspectAttachment } from '../materials/inspect/index.js';
import { keepUpload, openUpload, type Upload, uploadOf } from '../materials/room.js';
import { seesFile } from './shown.js';
import { MatterStore, subjectIn } from './store.js';
import type { MatterAct, MatterDeed, OpenedMatter, SeenMatter } from './types.js';

/** What it is of: nobody names a file, for a name would tell of people. */
export const FILE_KINDS = {
  basis: { zh: '法律法规或者文件依据', en: 'legal basis' },
  necessity: { zh: '使用场景与必要性说明', en: 'scenario and necessity' },
  security: { zh: '安全保障措施', en: 'measures of security' },
  reply: { zh: '答复说明', en: 'what goes with a reply' },
  evidence: { zh: '佐证材料', en: 'evidence' },
  other: { zh: '其他材料', en: 'something else' },
} as const satisfies Readonly<Record<string, Localised>>;
type FileKind = keyof typeof FILE_KINDS;
export const isFileKind = (kind: string): kind is FileKind => Object.hasOwn(FILE_KINDS, kind);

export const EXTENSIONS: Readonly<Record<AttachmentType, string>> = {
  'application/pdf': 'pdf',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'application/ofd': 'ofd',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
};

/** Files of one matter. */
const MOST_FILES = 30;

export interface Attachment {
  /** Hexadecimal digits. */
  readonly id: string;
  /** `application`, `reply/<dataset>`, `record` of a matter about one. */
  readonly to: string;
  readonly kind: FileKind;
  readonly type: AttachmentType;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, base64url, of the bytes. */
  readonly digest: string;
  readonly party: string;
  readonly authority: string;
  /** ms since 1970 */
  readonly at: number;
  /** Receipt of its entry in the log. */
  readonly entry: string;
}

type Kept = Attachment & { readonly pseudonym: string };
type FileEvent = { readonly add: Kept } | { readonly remove: string; readonly entry: string };

interface Ground {
  readonly state: Pick<State, 'events' | 'commit' | 'document'>;
  readonly blobs: Blobs;
  readonly keys: SealingKeys;
  readonly now: () => number;
}

const streamOf = (matter: string): string => `matter-files/${matter}`;
/** Whose key they stand under. */
const subjectOf = (matter: string): string => `matter:${matter}`;
const MOST_EVENTS = 10 * MOST_FILES;

async function keptOf(
  state: Pick<State, 'events'>,
  matter: string,
): Promise<{ readonly events: number; readonly files: readonly Kept[] }> {
  const events = (await state.events(streamOf(matter), 0, MOST_EVENTS)).map(({ body }) => body as unknown as FileEvent);
  const files = new Map<string, Kept>();
  for (const event of events) {
    if ('add' in event) files.set(event.add.id, event.add);
    else files.delete(event.remove);
  }
  return { events: events.length, files: [...files.values()] };
}

/** Those that whoever looks is shown. */
export async function attachmentsOf(
  state: Pick<State, 'events'>,
  matter: SeenMatter,
  authority: string | undefined,
): Promise<readonly Attachment[]> {
  return (await keptOf(state, matter.head.id)).files
    .filter((file) => seesFile(matter, file, authority))
    .map(({ pseudonym: _, ...file }) => file);
}

interface AttachPlace {
  readonly to: string;
  readonly party: string;
}

/** To what one may attach now: to what it may still write or complete, to a record until the matter is over. */
export function placesIn({ head, lifecycle, acts, over, parties }: SeenMatter): readonly AttachPlace[] {
  const [party] = parties;
  if (head.subject !== undefined) return over || party === undefined ? [] : [{ to: 'record', party }];
  const found = new Map<string, AttachPlace>();
  for (const { act, party, parts } of acts) {
    const content = lifecycle.acts[act]?.content;
    const places =
      act === 'complete' ? ['application'] : content === 'reply' ? parts.map((part) => `reply/${part}`) : [content];
    for (const to of places) if (to !== undefined && !found.has(to)) found.set(to, { to, party });
  }
  return [...found.values()];
}

/** To what somebody attaches who does not say: to the one place that there is, or to the application. */
export function usualPlace(matter: SeenMatter): string {
  const [first, ...others] = placesIn(matter);
  return first !== undefined && others.length === 0 ? first.to : 'application';
}

interface Attaching {
  readonly matter: OpenedMatter;
  readonly authority: string;
  readonly role: string;
  readonly record: MatterAct['record'];
}

const CHANGED = 'somebody attached to the matter at the same time; look at it again';

async function add(ground: Ground, matter: string, after: number, event: FileEvent): Promise<void> {
  try {
    await ground.state.commit([{ do: 'append', stream: streamOf(matter), after, events: [asJson(event)] }]);
  } catch (error) {
    if (error instanceof StateConflict) throw new YitongError('matter_moved', CHANGED);
    throw error;
  }
}

function placeIn(matter: SeenMatter, to: string): AttachPlace {
  const place = placesIn(matter).find((one) => one.to === to);
  if (place === undefined) throw new YitongError('act_refused', 'nothing may be attached there now');
  return place;
}

/** Under whose key files of a matter stand. @throws YitongError `act_refused` where that subject was erased */
async function whoseFiles({ state, keys }: Ground, { head: { id, subject } }: SeenMatter) {
  if (subject === undefined) return { subject, secret: await keys.secretOf(subjectOf(id)) };
  const store = new MatterStore(state as State);
  const stored = await store.find(id);
  const found = stored && (await subjectIn(store, keys, stored));
  if (found === undefined) throw new YitongError('internal', 'a matter about a record does not say whose it is');
  return found;
}

/** What a digest tells of the papers of somebody stands under their key as well. */
const deedOn = (
  { matter, role }: Pick<Attaching, 'matter' | 'role'>,
  subject: string | undefined,
  detail: Readonly<Record<string, unknown>>,
  digest: string,
): MatterDeed => ({
  action: 'sharing_file',
  role,
  target: matter.head.id,
  ...(subject === undefined ? { detail: { ...detail, digest }, about: {} } : { detail, about: { digest }, subject }),
});

/**
 * @throws YitongError `act_refused`, `attachment_type`, `file_damaged`, `file_active`, `file_encrypted`,
 * `image_too_large`, `file_too_large`, `too_many_files`, `matter_moved`, `audit_unavailable`
 */
export async function attach(
  ground: Ground,
  { matter, authority, role, record }: Attaching,
  { to, kind, bytes: given }: { readonly to: string; readonly kind: FileKind; readonly bytes: Buffer },
): Promise<Attachment> {
  const { keys, blobs, state, now } = ground;
  const { id } = matter.head;
  const { party } = placeIn(matter, to);
  const { type, bytes } = await inspectAttachment(given);
  const { events, files } = await keptOf(state, id);
  if (files.length >= MOST_FILES || events >= MOST_EVENTS)
    throw new YitongError('too_many_files', `a matter takes ${String(MOST_FILES)} files at most`);
  const { secret, subject } = await whoseFiles(ground, matter);
  const upload: Upload<AttachmentType> = uploadOf(keys, secret, { bytes, type }, { current: undefined, after: events });
  const { name, size, digest, pseudonym } = upload;
  // the bytes first: whoever is told of a file can have it, and bytes that nobody is told of go by themselves
  await keepUpload(blobs, id, upload, secret, bytes);
  const { id: entry } = await record(
    deedOn({ matter, role }, subject, { act: 'attach', file: name, to, kind, type, size }, digest),
  );
  const kept: Kept = { id: name, to, kind, type, size, digest, party, authority, at: now(), entry, pseudonym };
  await add(ground, id, events, { add: kept });
  const { pseudonym: _, ...file } = kept;
  return file;
}

async function found(ground: Pick<Ground, 'state'>, matter: SeenMatter, file: string, authority: string | undefined) {
  const { events, files } = await keptOf(ground.state, matter.head.id);
  const kept = files.find((one) => one.id === file);
  if (kept === undefined || !seesFile(matter, kept, authority))
    throw new YitongError('not_found', 'the matter has no such file, or it is not yours to see');
  return { events, kept };
}

/** Its bytes go with the next look of housekeeping; that it was there stays on record. @throws as `attach` */
export async function detach(
  ground: Ground,
  { matter, authority, role, record }: Attaching,
  file: string,
): Promise<void> {
  const { events, kept } = await found(ground, matter, file, authority);
  placeIn(matter, kept.to);
  if (kept.authority !== authority) throw new YitongError('act_refused', 'the file is another department’s');
  const { subject } = await whoseFiles(ground, matter);
  const { id: entry } = await record(
    deedOn({ matter, role }, subject, { act: 'remove', file, to: kept.to }, kept.digest),
  );
  await add(ground, matter.head.id, events, { remove: file, entry });
  await ground.blobs.remove({ folder: matter.head.id, name: file });
}

/**
 * What it is, and its bytes when somebody wants them: that it was looked at is put on record between the two.
 * @throws YitongError `not_found`, `store_damaged`
 */
export async function attachmentOf(
  ground: Ground,
  matter: SeenMatter,
  file: string,
  authority: string | undefined,
): Promise<{ readonly file: Attachment; readonly bytes: () => Promise<Buffer> }> {
  const { pseudonym, ...kept } = (await found(ground, matter, file, authority)).kept;
  const { id: name, size, digest } = kept;
  return {
    file: kept,
    bytes: () => openUpload(ground.blobs, ground.keys, matter.head.id, { name, size, digest, pseudonym }),
  };
}

const GONE: ReadonlySet<string> = new Set(['withdrawn']);

/**
 * Names of files that a folder has to keep; undefined where it is of no matter. None of one that was withdrawn, nor of
 * one about a record whose subject was erased: nobody can read them any more.
 */
export async function filesNeeded(
  {
    state,
    keys,
  }: { readonly state: Pick<State, 'events' | 'document'>; readonly keys: Pick<SealingKeys, 'byPseudonym'> },
  folder: string,
): Promise<ReadonlySet<string> | undefined> {
  const found = await new MatterStore(state as State).find(folder);
  if (found === undefined) return undefined;
  if (found.pseudonym !== undefined && (await keys.byPseudonym(found.pseudonym)) === undefined) return new Set();
  if (Object.values(found.state.parts).every((part) => GONE.has(part.state))) return new Set();
  return new Set((await keptOf(state, folder)).files.map(({ id }) => id));
}

/** How a file is called on the disk of whoever has it. */
export const fileNameOf = ({ kind, digest, type }: Attachment): string =>
  `${kind}-${digest.replace(/[^A-Za-z0-9]/g, '').slice(0, 8)}.${EXTENSIONS[type]}`;
