import type { RegistryMethods } from '../../../gateway/http/api/registry/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: RegistryMethods): Calls => ({
  schema: () => client.schema(1),
  schemaSubjects: () => client.schemaSubjects(),
  schemaVersions: () => client.schemaVersions('t-value'),
  schemaVersion: () => client.schemaVersion('t-value', 'latest'),
});
