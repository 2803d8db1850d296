/** Tickets in a state that replicas share: the suites of tickets again, on both of its drivers and in a data folder. */
import t from 'tap';
import { runsOnSharedState } from '../support/again.js';

t.setTimeout(450_000);
runsOnSharedState(t, import.meta.url, ['tickets', 'omission', 'complaint', 'repair']);
