/**
 * Uploads that nobody needs any more, found where whoever should have removed them ended before: of a draft that ended
 * or never came to be, of a subject that was erased, replaced in a draft, or begun and never ended.
 */
import type { Blobs } from '../../ground/state/blobs.js';
import type { State } from '../../ground/state/port.js';
import { unseal } from '../../log/entries/seal.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';
import type { EventContents } from './contents.js';
import { CaseStore } from './store.js';

/** ms that an upload may be there before its act is: what is younger is left alone. */
const UNDER_WAY = 86_400_000;
const PAGE = 200;

interface Ground {
  readonly state: State;
  readonly keys: Pick<SealingKeys, 'byPseudonym'>;
  readonly blobs: Blobs;
  /** Of folders that belong to no case: names that whoever they belong to needs; undefined where they are nobody's. */
  readonly others?: (folder: string) => Promise<ReadonlySet<string> | undefined>;
}

/** Names of the uploads that its events tell of; undefined where all of them may go. */
async function neededOf({ state, keys, others }: Ground, id: string): Promise<ReadonlySet<string> | undefined> {
  const store = new CaseStore(state);
  const found = await store.find(id);
  if (found === undefined) return (await others?.(id)) ?? new Set();
  const isDraft = found.state.plan === undefined;
  if (isDraft && found.state.phase !== 'draft') return undefined;
  const needed = new Map<string, string[]>();
  for (const { event, pseudonym, enc } of await store.events(id)) {
    if (event.act !== 'attach') continue;
    const secret = await keys.byPseudonym(pseudonym);
    // erased: nobody can read it any more
    if (secret === undefined) return undefined;
    const { upload } = unseal<EventContents>(secret, enc);
    if (upload === undefined) continue;
    // of what was filed earlier ones stay, of a draft the newest one
    const before = isDraft ? [] : (needed.get(event.material) ?? []);
    needed.set(event.material, [...before, upload.name]);
  }
  return new Set([...needed.values()].flat());
}

/**
 * Goes through all folders once.
 * @param now ms since 1970
 * @returns how many uploads went @throws YitongError `state_unavailable`
 */
export async function dropIdleUploads(ground: Ground, now: number): Promise<number> {
  const { blobs } = ground;
  let gone = 0;
  for (let after = ''; ; ) {
    const folders = await blobs.folders(after, PAGE);
    for (const folder of folders) gone += await dropIdle(ground, folder, now);
    const last = folders.at(-1);
    if (last === undefined) return gone;
    after = last;
  }
}

async function dropIdle(ground: Ground, folder: string, now: number): Promise<number> {
  const { blobs } = ground;
  const names = await blobs.names(folder);
  const needed = await neededOf(ground, folder);
  if (needed === undefined) {
    await blobs.removeAll(folder);
    return names.size;
  }
  await blobs.removeBegun(folder, now - UNDER_WAY);
  const idle = [...names].filter(([name, at]) => !needed.has(name) && at < now - UNDER_WAY);
  if (idle.length > 0 && idle.length === names.size) await blobs.removeAll(folder);
  else for (const [name] of idle) await blobs.remove({ folder, name });
  return idle.length;
}
