import { openLmdbViewReader, openLmdbViewWriter } from '../../gateway/view/lmdb/index.js';
import type { ViewDriver } from '../conformance/view.js';

export const driver: ViewDriver = {
  openWriter: (dir, workspace) => openLmdbViewWriter({ dir, workspace }),
  openReader: (dir, workspace) => openLmdbViewReader({ dir, workspace }),
};
