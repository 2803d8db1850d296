// Makes helm/yitong/values.schema.json: the chart's own values (values.schema.base.json beside this file) and, under
// `config`, the one declaration of the configuration.
//   node helm/schema.mjs            after `npx tsc -b`; a test holds the committed file to what this makes
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the chart sets itself: where a container listens, who a replica is, and every file that comes from a Secret. */
export const OWNED = {
  gateway: [
    'host',
    'port',
    'peopleHost',
    'peoplePort',
    'healthHost',
    'healthPort',
    'serverCert',
    'serverKey',
    'documents',
    'documentCa',
  ],
  audit: [
    'sequencer',
    'sequencerReplica',
    'replica',
    'replicas',
    'replicaHost',
    'replicaPort',
    'replicaCert',
    'replicaKey',
    'replicaCa',
  ],
  people: ['clientSecretFile'],
  state: ['passwordFile', 'installationKeyFile', 'owner', 'ownerPasswordFile', 'caFile', 'certFile', 'keyFile'],
  view: ['passwordFile', 'owner', 'ownerPasswordFile', 'caFile', 'certFile', 'keyFile'],
  tracing: ['caFile', 'certFile', 'keyFile', 'headersFile'],
  bus: ['dir', 'clientId', 'groupId', 'ssl', 'sasl'],
};

/** The schema as text, with a newline at its end. */
export async function valuesSchema() {
  const { configurationSchema } = await import(new URL('../dist/gateway/ground/config/index.js', import.meta.url).href);
  const schema = JSON.parse(readFileSync(new URL('values.schema.base.json', import.meta.url), 'utf8'));
  const config = configurationSchema();
  for (const [section, keys] of Object.entries(OWNED)) {
    if (!(section in config.properties)) continue;
    for (const key of keys) {
      if (!(key in config.properties[section].properties))
        throw new Error(`${section}.${key} is no setting (any more); see OWNED in helm/schema.mjs`);
      delete config.properties[section].properties[key];
    }
  }
  config.properties.bus.required = ['driver'];
  config.required = ['bus'];
  config.description = 'settings as `yitong config` lists them; they become YITONG_<SECTION>_<KEY>';
  schema.properties.config = config;
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('yitong/values.schema.json', import.meta.url);
  writeFileSync(file, await valuesSchema());
  console.log(fileURLToPath(file));
}
