/** What is denied tells nothing: not by status, code or body whether the subject exists. */
import t from 'tap';
import { connect, connectionOf, GatewayError, type QueryBody } from '../../gateway/client/index.js';
import { city } from './city.js';
import { companies, stories } from './stories.js';

t.setTimeout(120_000);

/** Request id, time and receipt differ from one request to the next; everything else must not. */
function essence(error: unknown): unknown {
  if (!(error instanceof GatewayError)) throw error;
  const { requestId, receipt, ...rest } = error.problem;
  if (typeof requestId !== 'string' || receipt === undefined)
    throw new Error('a denial has a request id and a receipt');
  return { status: error.status, rest };
}

t.test('nobody learns from a denial whether a company is registered', async (t) => {
  const running = await city(t, { args: ['--companies', '60'] });
  const denied = async (client: string, body: QueryBody): Promise<unknown> => {
    const gateway = connect(await connectionOf(running.api, running.pki, client));
    try {
      await gateway.query(body);
      throw new Error('the query was answered');
    } catch (error) {
      return essence(error);
    } finally {
      gateway.close();
    }
  };
  const { client, purpose, datasets } = stories.denied;
  const ask = (subject: string, more: Partial<QueryBody> = {}) =>
    denied(client, { purpose, subject, datasets: datasets.map((id) => ({ id })), ...more });

  const [existing = ''] = await companies(running.data);
  t.match(existing, /^uscc:/);
  const known = await ask(existing);
  const unknown = await ask(stories.missing);
  t.same(known, unknown, 'denied by policy or grant');
  t.same(
    await ask(existing, { purpose: 'no-such-purpose' }),
    await ask(stories.missing, { purpose: 'no-such-purpose' }),
    'unknown purpose',
  );
  const invented = { datasets: [{ id: 'nobody.nothing' }] };
  t.same(await ask(existing, invented), await ask(stories.missing, invented), 'a dataset that does not exist');
  const real = (await ask(stories.missing)) as { rest: { datasets: { reason: string }[] } };
  const none = (await ask(stories.missing, invented)) as { rest: { datasets: { reason: string }[] } };
  t.equal(
    none.rest.datasets[0]?.reason,
    real.rest.datasets[0]?.reason,
    'what is not granted and what does not exist are said alike',
  );
});
