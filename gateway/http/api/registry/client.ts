/** The part of the TypeScript client: schemas of the registry. */
import { at, type CallOptions, type Wire } from '../../../../contracts/client.js';

export interface RegisteredSchema {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schemaType: string;
  /** An Avro schema, as JSON text. */
  readonly schema: string;
}

export interface RegistryMethods {
  /** A schema of the registry by its id, as Avro JSON text. */
  schema(id: number, options?: CallOptions): Promise<{ readonly schema: string; readonly schemaType: string }>;
  /** `<topic>-value` of each dataset. */
  schemaSubjects(options?: CallOptions): Promise<readonly string[]>;
  schemaVersions(subject: string, options?: CallOptions): Promise<readonly number[]>;
  /** @param version a number, or `latest` */
  schemaVersion(subject: string, version: number | 'latest', options?: CallOptions): Promise<RegisteredSchema>;
}

export const registryMethods = (wire: Wire): RegistryMethods => ({
  schema: (id, call) => wire.get(at('registry', 'schemas', 'ids', id), call),
  schemaSubjects: (call) => wire.get('/registry/subjects', call),
  schemaVersions: (subject, call) => wire.get(at('registry', 'subjects', subject, 'versions'), call),
  schemaVersion: (subject, version, call) => wire.get(at('registry', 'subjects', subject, 'versions', version), call),
});
