import t from 'tap';
import { stateConformance } from '../../support/conformance/state.js';
import { driver } from './lmdb.driver.js';

stateConformance(t, driver, new URL('./lmdb.driver.js', import.meta.url));
