/**
 * The city that the examples of docs/api and docs/examples are of, at ports that follow each other, so that its
 * documents have an address.
 */

import { createServer } from 'node:net';
import type { Test } from 'tap';
import { type City, city } from '../e2e/city.js';
import { freePort } from '../support/servers/ports.js';

const free = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

async function threePorts(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port <= 65_533 && (await free(port + 1)) && (await free(port + 2))) return port;
  }
}

/** Of the day that docs/api/README.md names. */
export const exampleCity = async (t: Test): Promise<City> =>
  city(t, { args: ['--port', String(await threePorts()), '--day', '300'] });
