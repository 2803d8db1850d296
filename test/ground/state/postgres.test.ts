import t from 'tap';
import { stateConformance } from '../../support/conformance/state.js';
import { driver } from './postgres.driver.js';

stateConformance(t, driver, new URL('./postgres.driver.js', import.meta.url));
