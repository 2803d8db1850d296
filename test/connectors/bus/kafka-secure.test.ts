/** TLS, certificates and passwords towards a real Kafka: what departments' clusters ask for. */
import { join } from 'node:path';
import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { openAcls } from '../../../connectors/bus/kafka/acl.js';
import { type KafkaOptions, openKafkaBus } from '../../../connectors/bus/kafka/bus.js';
import { isYitongError } from '../../../contracts/errors.js';
import { initPki } from '../../../gateway/operate/pki/authority.js';
import { collect, freshTopic, record } from '../../support/conformance/bus.js';
import { kafkaForTest } from '../../support/servers/kafka.js';
import { secureBroker } from '../../support/servers/secure-broker.js';

t.setTimeout(120_000);
if (kafkaForTest(t) !== undefined) {
  void t.test('a Kafka behind TLS', async (t) => {
    const broker = await secureBroker(t, ['samr', 'fire']);
    const admin = await openKafkaBus(broker.admin());
    t.teardown(() => admin.close());
    const everything = { permission: 'Allow', operation: 'All', host: '*', name: '*', pattern: 'literal' };
    await openAcls(broker.admin()).add(
      ['User:CN=samr', 'User:samr'].flatMap((principal) =>
        ['topic', 'group'].map((resource) => ({ ...everything, principal, resource })),
      ),
    );

    const works = async (options: KafkaOptions): Promise<readonly string[]> => {
      const bus = await openKafkaBus(options);
      t.teardown(() => bus.close());
      const spec = freshTopic(2);
      await bus.ensureTopics([spec]);
      const producer = await bus.producer();
      await producer.send(
        spec.topic,
        ['a', 'b', 'c', 'd'].map((text) => record(`uscc:${text}`, text)),
      );
      return (await collect(bus, [spec.topic], (got) => got.length === 4)).map(({ value }) => String(value)).sort();
    };
    await t.test('a client certificate publishes and reads', async (t) =>
      t.strictSame(await works(await broker.certificate('samr')), ['a', 'b', 'c', 'd']),
    );
    await t.test('a password by SCRAM-SHA-512 publishes and reads', async (t) =>
      t.strictSame(await works(await broker.password('scram-sha-512', 'samr')), ['a', 'b', 'c', 'd']),
    );
    await t.test('a password by PLAIN publishes and reads', async (t) =>
      t.strictSame(await works(await broker.password('plain', 'samr')), ['a', 'b', 'c', 'd']),
    );

    const refused = async (t: Test, options: KafkaOptions): Promise<Error> => {
      const error: unknown = await openKafkaBus(options).then(
        (bus) => bus.close(),
        (error: unknown) => error,
      );
      if (!(error instanceof Error)) throw new Error('it was let in');
      t.equal(isYitongError(error) ? error.code : error, 'bus_login_failed', error.message);
      return error;
    };
    await t.test('a wrong password is said to be one, at once, and stands in no message', async (t) => {
      for (const mechanism of ['scram-sha-512', 'plain'] as const) {
        const error = await refused(t, await broker.password(mechanism, 'fire', 'wrong-and-secret'));
        t.match(error.message, /user name or password of `bus\.sasl`/);
        t.notMatch(inspect(error, { depth: 9, showHidden: true }), /secret/);
      }
    });
    await t.test('a broker of a CA that we do not trust is not spoken to', async (t) => {
      const other = join(t.testdir(), 'other');
      await initPki(other);
      const options = await broker.certificate('samr');
      const error = await refused(t, { ...options, ssl: { ...options.ssl, caFile: join(other, 'ca.pem') } });
      t.match(error.message, /handshake failed .*check `bus\.ssl`/);
    });
    await t.test('without a client certificate the broker refuses us, and we say so', async (t) => {
      const { ssl, ...options } = await broker.certificate('samr');
      await refused(t, { ...options, ssl: ssl?.caFile === undefined ? {} : { caFile: ssl.caFile } });
    });
  });
}
