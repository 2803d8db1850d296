import { PostgresState } from '../../../gateway/ground/state/postgres/state.js';
import type { StateDriver } from '../../support/conformance/state.js';
import { postgresForTest } from '../../support/servers/postgres.js';
import { serverAt, stateForTest } from '../../support/servers/state.js';

interface Place {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly schema: string;
}

/** The place of a store is how it is reached, as JSON, so that another process can open it. */
export const driver: StateDriver = {
  hearsOthers: true,
  async fresh(t) {
    const postgres = await postgresForTest(t);
    if (postgres === undefined) return undefined;
    const { user, passwords, schema } = await stateForTest(t, postgres);
    return JSON.stringify({ url: postgres.url, user, password: passwords.user, schema } satisfies Place);
  },
  async open(place, now) {
    // the one cast: `fresh` wrote it
    const { url, user, password, schema } = JSON.parse(place) as Place;
    return new PostgresState({
      server: serverAt({ url }, user, password),
      schema,
      user,
      ...(now === undefined ? {} : { now }),
    });
  },
};
