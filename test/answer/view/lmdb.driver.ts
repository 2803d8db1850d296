import { openLmdbViewReader, openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import type { ViewDriver } from '../../support/conformance/view.js';

export const driver: ViewDriver = {
  openWriter: (dir, workspace) => openLmdbViewWriter({ dir, workspace }),
  openReader: (dir, workspace) => openLmdbViewReader({ dir, workspace }),
};
