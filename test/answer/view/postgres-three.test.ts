import t from 'tap';
import { viewConformance } from '../../support/conformance/view.js';
import { viewModel } from '../../support/conformance/view-model.js';
import { VARIABLE } from '../../support/conformance/view-servers.js';
import { postgresForTest } from '../../support/servers/postgres.js';
import { driver } from './postgres-three.driver.js';

const postgres = await postgresForTest(t);
if (postgres !== undefined) {
  // other processes open the view as well
  process.env[VARIABLE] = postgres.url;
  viewConformance(t, driver, new URL('./postgres-three.driver.js', import.meta.url));
  viewModel(t, driver, 8);
}
