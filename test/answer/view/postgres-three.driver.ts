import { postgresDriver } from '../../support/conformance/view-servers.js';

/** On three servers. */
export const driver = postgresDriver(3);
