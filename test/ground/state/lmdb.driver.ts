import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import type { StateDriver } from '../../support/conformance/state.js';

export const driver: StateDriver = {
  hearsOthers: false,
  async fresh(t) {
    return t.testdir();
  },
  open: async (place, now) => openEmbeddedState({ dir: place, ...(now === undefined ? {} : { now }) }),
};
