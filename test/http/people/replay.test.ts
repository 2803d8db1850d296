import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { type People, SESSION_COOKIE } from '../../../gateway/http/plugins/people.js';
import { until } from '../../e2e/ask.js';
import { storedLog } from '../../log/stored.js';
import { childrenOf } from '../../tools/bench/servers.js';
import { serve } from '../api/serve.js';

const REQUESTS = 120_000;
const START = Date.parse('2026-03-02T02:00:00Z');

t.setTimeout(700_000);

t.test(
  'a replay shows how far it is, runs beside the gateway, once for a person and twice in all, and ends with ' +
    'its request',
  async (t) => {
    const served = await serve(t);
    // in force when these were decided
    const file = join(served.dir, 'workspace/policies/grants/front-desk-shops.json');
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), from: '2026-01-01' }));
    const log = storedLog(served.data);
    const body = (n: number): Buffer =>
      Buffer.from(
        JSON.stringify({
          type: 'released',
          time: new Date(START + n * 1000).toISOString(),
          requestId: `r-${String(n)}`,
          client: 'front-desk',
          authority: 'office',
          purpose: 'permit-check',
          stated: [],
          policyVersion: 'v',
          datasets: [
            {
              dataset: 'office.shops',
              effect: 'allow',
              grant: 'front-desk-shops',
              fields: ['name', 'nothing-granted-now'],
              records: 1,
            },
          ],
          bodySha256: 'x',
          bytes: 1,
        }),
      );
    for (let n = 0; n < REQUESTS; n += 8000) log.addBodies(Array.from({ length: 8000 }, (_, i) => body(n + i)));
    await log.close();
    const { sessions } = (served.people as typeof served.people & { readonly people: People }).people;
    await served.people.listen({ host: '127.0.0.1', port: 0 });
    const { port } = served.people.server.address() as AddressInfo;
    const signedIn = async (id: string): Promise<string> =>
      (await sessions.create({ id, name: id, roles: ['auditor'], subjects: [] })).token;
    const [lin, wei, zhao] = [await signedIn('x|lin'), await signedIn('x|wei'), await signedIn('x|zhao')];
    const ask = async (
      token: string,
    ): Promise<{ readonly request: ClientRequest; readonly response: IncomingMessage; text(): string }> => {
      const request = get({
        host: '127.0.0.1',
        port,
        path: '/console/replay?since=2026-01-01T00:00&until=&lang=en',
        headers: { host: 'people.test:8444', accept: 'text/html', cookie: `${SESSION_COOKIE}=${token}` },
      });
      // one that is left on purpose says so
      request.on('error', () => undefined);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.on('error', () => undefined);
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      return { request, response, text: () => text };
    };
    const processes = (): number => childrenOf(process.pid, 'log/verify/replay.js').length;
    const held = (): readonly string[] => readdirSync(join(served.data, 'replays'));

    const first = await ask(lin);
    t.equal(first.response.statusCode, 200);
    t.match(first.response.headers['cache-control'], /no-store/);
    await until(
      'progress',
      () => Promise.resolve(first.text()),
      (text) => /<progress[^>]*max="120000"/.test(text),
      // it gives way to all others: on a busy machine it takes its time
      300_000,
    );
    t.match(first.text(), /href="\/console\/replay">Cancel/);
    t.equal(processes(), 1, 'in a process of its own');
    const again = await ask(lin);
    t.equal(again.response.statusCode, 409, 'one at a time for a person');
    await until(
      'the reason',
      () => Promise.resolve(again.text()),
      (text) => text.includes('replay_running'),
    );
    const second = await ask(wei);
    t.equal(second.response.statusCode, 200);
    t.equal((await ask(zhao)).response.statusCode, 409, 'two in all');

    first.request.destroy();
    await until(
      'the end of the process',
      () => Promise.resolve(processes()),
      (count) => count === 1,
    );
    await until(
      'the place',
      () => Promise.resolve(held().length),
      (count) => count === 2,
    );
    const third = await ask(lin);
    t.equal(third.response.statusCode, 200, 'who cancelled may ask anew');
    third.request.destroy();

    await until(
      'the result',
      () => Promise.resolve(second.text()),
      (text) => text.endsWith('</html>'),
      300_000,
    );
    t.match(
      second.text(),
      /<b>120,000<\/b><span>decisions[^]*<b>120,000<\/b><span>would turn out otherwise[^]*other release[^]*−nothing-granted-now/,
    );
    await until(
      'no process',
      () => Promise.resolve(processes()),
      (count) => count === 0,
    );
    await until(
      'no lock',
      () => Promise.resolve(held().length),
      (count) => count === 0,
    );
    const left = await ask(lin);
    await until(
      'a process',
      () => Promise.resolve(processes()),
      (count) => count === 1,
    );
    await served.people.close();
    t.equal(processes(), 0, 'none outlives the gateway');
    left.request.destroy();
  },
);
