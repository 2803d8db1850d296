/**
 * A read-only schema registry in the form that Confluent's deserialisers ask for, so that others can read our topics.
 * Subjects are `<topic>-value`. Source: Confluent Schema Registry API, v7.
 */

import type { FastifyInstance, FastifyReply } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { caseActsTopic, caseStepsTopic, dataTopic, sharingTopic } from '../../../../connectors/bus/port.js';
import { CASE_ACT, CASE_STEP } from '../../../../contracts/case-topics.js';
import { SHARING_STEP } from '../../../../contracts/sharing-topics.js';
import type { ContractVersion, Workspace } from '../../../../contracts/types.js';
import type { Service } from '../../../documents/context.js';

const JSON_TYPE = 'application/vnd.schemaregistry.v1+json';
const DESCRIPTION =
  "As Confluent's deserialisers ask for it, read-only. Subjects are `<topic>-value`, one a dataset or topic " +
  'of cases.';
/** The registry's own error codes, which its clients know. */
const NO_SUBJECT = { error_code: 40401, message: 'subject not found' };
const NO_VERSION = { error_code: 40402, message: 'version not found' };
const NO_SCHEMA = { error_code: 40403, message: 'schema not found' };

export const schemaAnswer = Type.Object({
  schema: Type.String({ description: 'an Avro schema, as JSON text' }),
  schemaType: Type.String(),
});
export const versionAnswer = Type.Object({
  subject: Type.String(),
  version: Type.Integer(),
  id: Type.Integer(),
  schemaType: Type.String(),
  schema: Type.String({ description: 'an Avro schema, as JSON text' }),
});
const missing = Type.Object(
  { error_code: Type.Integer(), message: Type.String() },
  { description: 'in the form of the registry: 40401 no such subject, 40402 no such version, 40403 no such schema' },
);
const schemaOf = (
  operationId: string,
  summary: string,
  params: Record<string, ReturnType<typeof Type.String>>,
  answer: TSchema,
) => ({
  operationId,
  summary,
  description: DESCRIPTION,
  produces: [JSON_TYPE],
  tags: ['registry'],
  params: Type.Object(params),
  response: { 200: answer, ...(Object.keys(params).length === 0 ? {} : { 404: missing }) },
});

const text = Type.String({ maxLength: 300 });
const send = (reply: FastifyReply, body: unknown, status = 200): FastifyReply =>
  reply.code(status).type(JSON_TYPE).serializer(JSON.stringify).send(body);

type Schema = Pick<ContractVersion, 'version' | 'schemaId' | 'schema'>;
/** By subject, the versions in their order. */
type Subjects = ReadonlyMap<string, readonly Schema[]>;

function subjectsOf({ prefix, contracts }: Workspace, caseTopics: readonly string[]): Subjects {
  const named = (topic: string): string => `${topic}-value`;
  return new Map<string, readonly Schema[]>([
    ...[...contracts.values()].map(({ id, versions }) => [named(dataTopic(prefix, id)), versions] as const),
    ...caseTopics.flatMap((authority) => [
      [named(caseStepsTopic(prefix, authority)), [CASE_STEP]] as const,
      [named(caseActsTopic(prefix, authority)), [CASE_ACT]] as const,
      [named(sharingTopic(prefix, authority)), [SHARING_STEP]] as const,
    ]),
  ]);
}

const versionOf = (versions: readonly Schema[], text: string): Schema | undefined =>
  text === 'latest' ? versions.at(-1) : versions.find(({ version }) => String(version) === text);

function routes(app: FastifyInstance, workspace: Workspace, caseTopics: readonly string[]): void {
  const subjects = subjectsOf(workspace, caseTopics);
  app.get<{ Params: { id: string } }>(
    '/registry/schemas/ids/:id',
    { schema: schemaOf('schema', 'a schema by its id', { id: text }, schemaAnswer) },
    (request, reply) => {
      const id = Number(request.params.id);
      const own = [CASE_STEP, CASE_ACT, SHARING_STEP].find(({ schemaId }) => schemaId === id);
      const schema = workspace.schemasById.get(id)?.version.schema ?? own?.schema;
      return schema === undefined
        ? send(reply, NO_SCHEMA, 404)
        : send(reply, { schema: JSON.stringify(schema), schemaType: 'AVRO' });
    },
  );
  app.get(
    '/registry/subjects',
    { schema: schemaOf('schemaSubjects', 'all subjects', {}, Type.Array(Type.String())) },
    (_request, reply) => send(reply, [...subjects.keys()].sort()),
  );
  app.get<{ Params: { subject: string } }>(
    '/registry/subjects/:subject/versions',
    { schema: schemaOf('schemaVersions', "a subject's versions", { subject: text }, Type.Array(Type.Integer())) },
    (request, reply) => {
      const versions = subjects.get(request.params.subject);
      return versions === undefined
        ? send(reply, NO_SUBJECT, 404)
        : send(
            reply,
            versions.map(({ version }) => version),
          );
    },
  );
  app.get<{ Params: { subject: string; version: string } }>(
    '/registry/subjects/:subject/versions/:version',
    { schema: schemaOf('schemaVersion', 'one version, or `latest`', { subject: text, version: text }, versionAnswer) },
    (request, reply) => {
      const versions = subjects.get(request.params.subject);
      if (versions === undefined) return send(reply, NO_SUBJECT, 404);
      const found = versionOf(versions, request.params.version);
      if (found === undefined) return send(reply, NO_VERSION, 404);
      return send(reply, {
        subject: request.params.subject,
        version: found.version,
        id: found.schemaId,
        schemaType: 'AVRO',
        schema: JSON.stringify(found.schema),
      });
    },
  );
}

const service: Service = {
  port: 'api',
  register(app, { workspace, settings }) {
    routes(app, workspace, settings.gateway.caseTopics);
  },
};
export default service;
