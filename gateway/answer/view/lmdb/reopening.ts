/**
 * A reader in a process of its own. The view that it reads may be built anew behind its back: a damaged one is thrown
 * away by its writer and another file takes its place. Until then there is nothing to read, and that is what is said;
 * everything else of the process goes on.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { cutShort } from '../../../../connectors/lmdb/file.js';
import { YitongError } from '../../../../contracts/errors.js';
import { FORMAT } from '../packed/changes.js';
import { readMeta } from '../packed/state.js';
import type { ViewReader, ViewWorkspace } from '../port.js';
import { ViewDamaged } from './checked.js';
import { readerOn } from './reader.js';
import { openStore, VIEW_FILE } from './store.js';

/** ms between two looks whether the file is another one. */
const LOOK = 500;

interface ReaderOptions {
  readonly dir: string;
  readonly workspace: ViewWorkspace;
  /**
   * Told once of each file that is damaged (its inode number). Without it a view that cannot be opened is an error at
   * once: with it, it is waited for.
   */
  readonly onDamaged?: (file: number) => void;
}

/** @throws YitongError `view_unavailable` */
export function openLmdbViewReader({ dir, workspace, onDamaged }: ReaderOptions): ViewReader {
  const path = join(dir, VIEW_FILE);
  let told: number | undefined;
  let open: { readonly file: number; readonly reader: ViewReader } | undefined;
  const inode = (): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;
  const tell = (file: number): void => {
    if (told === file) return;
    told = file;
    onDamaged?.(file);
  };
  const give = (): ViewReader => {
    const file = inode();
    if (file !== undefined && file !== told && cutShort(path)) {
      tell(file);
      throw new ViewDamaged();
    }
    const store = openStore(dir, true);
    let found: ReturnType<typeof readMeta>;
    try {
      found = readMeta(store);
    } catch (error) {
      void store.close().catch(() => undefined);
      if (error instanceof ViewDamaged) tell(store.file);
      throw error;
    }
    if (found?.rebuilding === true) {
      void store.close().catch(() => undefined);
      throw new YitongError('view_unavailable', 'the view is being built anew from the bus; ask again in a while');
    }
    if (found?.format !== FORMAT) {
      void store.close().catch(() => undefined);
      throw new YitongError(
        'view_unavailable',
        'the view was made by another version of the gateway; start its writer first',
      );
    }
    open = { file: store.file, reader: readerOn(store, workspace, () => store.close()) };
    return open.reader;
  };
  const reader = (): ViewReader => {
    if (open !== undefined) return open.reader;
    throw new YitongError('view_unavailable', 'the view is being built anew from the bus; ask again in a while');
  };
  try {
    give();
  } catch (error) {
    if (onDamaged === undefined) throw error;
  }
  const looking = setInterval(() => {
    const file = inode();
    if (file === undefined || file === open?.file || (open === undefined && file === told)) return;
    const before = open;
    open = undefined;
    // what was read in this turn of the event loop is over
    before?.reader.close().catch(() => undefined);
    try {
      give();
    } catch {
      // not ready yet, or damaged as well, which is told: looked at again
    }
  }, LOOK);
  looking.unref();

  function guarded<T>(work: (from: ViewReader) => T): T {
    const from = reader();
    const file = open?.file;
    try {
      return work(from);
    } catch (error) {
      if (error instanceof ViewDamaged && file !== undefined) tell(file);
      throw error;
    }
  }
  return {
    read: (subject, datasets, at, visit) => guarded((from) => from.read(subject, datasets, at, visit)),
    datasetState: (dataset) => guarded((from) => from.datasetState(dataset)),
    cut: (datasets) => guarded((from) => from.cut(datasets)),
    // read before it waits for anything
    subjects: async (dataset, after, most) => guarded((from) => from.subjects(dataset, after, most)),
    async close() {
      clearInterval(looking);
      await open?.reader.close();
    },
  };
}
