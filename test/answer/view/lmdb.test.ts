import t from 'tap';
import { viewConformance } from '../../support/conformance/view.js';
import { driver } from './lmdb.driver.js';

viewConformance(t, driver, new URL('./lmdb.driver.js', import.meta.url));
