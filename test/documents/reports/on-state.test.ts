/** Reports in a state that replicas share: the suites of reports again, on both of its drivers and in a data folder. */
import t from 'tap';
import { runsOnSharedState } from '../../support/again.js';

t.setTimeout(1_350_000);
runsOnSharedState(t, import.meta.url, ['issue', 'group', 'revoke', 'watching', 'own', 'older', 'changes', 'release']);
