import { openLmdbViewReader, openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import type { ViewDriver } from '../../support/conformance/view.js';

/** Whatever is applied together is applied on the thread beside, however small. */
export const driver: ViewDriver = {
  openWriter: (dir, workspace) => openLmdbViewWriter({ dir, workspace, besideFrom: 0 }),
  openReader: (dir, workspace) => openLmdbViewReader({ dir, workspace }),
};
