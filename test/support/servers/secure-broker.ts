/**
 * A Kafka that trusts nobody: TLS with client certificates, SCRAM and PLAIN over TLS, and the standard authorizer,
 * under which what no ACL allows is refused. Its plain listener is the administrator's (`User:ANONYMOUS` is a super
 * user), for the test itself.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { KafkaOptions } from '../../../connectors/bus/kafka/bus.js';
import { initPki, issueClient, issueServer } from '../../../gateway/operate/pki/authority.js';
import { startBroker, type TestBroker } from './broker.js';

export interface SecureBroker extends TestBroker {
  /** The test's CA. */
  readonly pki: string;
  readonly ca: string;
  /** As `User:ANONYMOUS`, who may do everything. */
  admin(): KafkaOptions;
  /** As `User:CN=<name>`, by a certificate of the test's CA. */
  certificate(name: string): Promise<KafkaOptions>;
  /** As `User:<name>`. Their password is `<name>-secret`; only the names given to `secureBroker` are known. */
  password(mechanism: 'plain' | 'scram-sha-512', name: string, password?: string): Promise<KafkaOptions>;
}

export async function secureBroker(t: Test, names: readonly string[]): Promise<SecureBroker> {
  const dir = await mkdtemp(join(tmpdir(), 'yitong-secure-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const pki = join(dir, 'pki');
  await initPki(pki);
  const server = await issueServer(pki);
  const store = join(dir, 'server.pem');
  await writeFile(store, `${await readFile(server.key, 'utf8')}\n${await readFile(server.cert, 'utf8')}`);
  const ca = join(pki, 'ca.pem');
  const users = names.map((name) => `user_${name}="${name}-secret"`).join(' ');
  const broker = await startBroker(t, {
    listeners: { ADMIN: 'PLAINTEXT', CERT: 'SSL', SCRAM: 'SASL_SSL', PLAIN: 'SASL_SSL' },
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
      'allow.everyone.if.no.acl.found': 'false',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': store,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': ca,
      'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+),.*$/CN=$1/,DEFAULT',
      'listener.name.cert.ssl.client.auth': 'required',
      'listener.name.scram.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      'listener.name.scram.scram-sha-512.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      'listener.name.plain.sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.plain.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`,
    },
    format: names.flatMap((name) => ['--add-scram', `SCRAM-SHA-512=[name=${name},password=${name}-secret]`]),
  });
  const options = (listener: string, name: string): KafkaOptions => ({
    brokers: [broker.addresses[listener] ?? ''],
    clientId: name,
    replication: 1,
    minInsyncReplicas: 1,
    groupId: name,
    giveUpAfterMs: 2000,
  });
  return {
    ...broker,
    pki,
    ca,
    admin: () => options('ADMIN', 'admin'),
    async certificate(name) {
      const { cert, key } = await issueClient(pki, name);
      return { ...options('CERT', name), ssl: { caFile: ca, certFile: cert, keyFile: key } };
    },
    async password(mechanism, name, password = `${name}-secret`) {
      const passwordFile = join(dir, `${name}-${mechanism}.password`);
      await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
      return {
        ...options(mechanism === 'plain' ? 'PLAIN' : 'SCRAM', name),
        ssl: { caFile: ca },
        sasl: { mechanism, username: name, passwordFile },
      };
    },
  };
}
