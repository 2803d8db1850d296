/** Tickets in a state that replicas share: the suites of tickets again, on both of its drivers. */
import t from 'tap';
import { runsOnSharedState } from '../support/again.js';

t.setTimeout(300_000);
runsOnSharedState(t, import.meta.url, ['tickets', 'omission', 'complaint', 'repair']);
