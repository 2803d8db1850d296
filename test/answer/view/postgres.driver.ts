import { postgresDriver } from '../../support/conformance/view-servers.js';

/** On one server. */
export const driver = postgresDriver(1);
