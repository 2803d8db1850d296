/**
 * A read-only schema registry in the form that Confluent's deserialisers ask for, so that others can read our topics.
 * Subjects are `<topic>-value`. Source: Confluent Schema Registry API, v7.
 */
import { Type } from 'typebox';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Contract, ContractVersion, Workspace } from '../../../contracts/types.js';
import { dataTopic } from '../../../connectors/bus/port.js';
import type { Service } from '../../context.js';

const JSON_TYPE = 'application/vnd.schemaregistry.v1+json';
/** The registry's own error codes, which its clients know. */
const NO_SUBJECT = { error_code: 40401, message: 'subject not found' };
const NO_VERSION = { error_code: 40402, message: 'version not found' };
const NO_SCHEMA = { error_code: 40403, message: 'schema not found' };

const answer = Type.Object({}, { additionalProperties: true });
const schemaOf = (summary: string, params: Record<string, ReturnType<typeof Type.String>>) => ({
  summary,
  tags: ['registry'],
  params: Type.Object(params),
});

const text = Type.String({ maxLength: 300 });
const send = (reply: FastifyReply, body: unknown, status = 200): FastifyReply => reply.code(status).type(JSON_TYPE).serializer(JSON.stringify).send(body);

function versionOf(contract: Contract, text: string): ContractVersion | undefined {
  return text === 'latest' ? contract.latest : contract.versions.find(({ version }) => String(version) === text);
}

function routes(app: FastifyInstance, workspace: Workspace): void {
  const subjects = new Map([...workspace.contracts.values()].map((contract) => [`${dataTopic(workspace.prefix, contract.id)}-value`, contract]));
  app.get<{ Params: { id: string } }>('/registry/schemas/ids/:id', { schema: schemaOf('a schema by its id', { id: text }) }, (request, reply) => {
    const found = workspace.schemasById.get(Number(request.params.id));
    return found === undefined ? send(reply, NO_SCHEMA, 404) : send(reply, { schema: JSON.stringify(found.version.schema), schemaType: 'AVRO' });
  });
  app.get('/registry/subjects', { schema: { summary: 'all subjects', tags: ['registry'], response: { 200: Type.Array(Type.String()) } } }, (_request, reply) =>
    send(reply, [...subjects.keys()].sort()),
  );
  app.get<{ Params: { subject: string } }>('/registry/subjects/:subject/versions', { schema: schemaOf('a subject\'s versions', { subject: text }) }, (request, reply) => {
    const contract = subjects.get(request.params.subject);
    return contract === undefined ? send(reply, NO_SUBJECT, 404) : send(reply, contract.versions.map(({ version }) => version));
  });
  app.get<{ Params: { subject: string; version: string } }>(
    '/registry/subjects/:subject/versions/:version',
    { schema: { ...schemaOf('one version, or `latest`', { subject: text, version: text }), response: { 200: answer, 404: answer } } },
    (request, reply) => {
      const contract = subjects.get(request.params.subject);
      if (contract === undefined) return send(reply, NO_SUBJECT, 404);
      const found = versionOf(contract, request.params.version);
      if (found === undefined) return send(reply, NO_VERSION, 404);
      return send(reply, { subject: request.params.subject, version: found.version, id: found.schemaId, schemaType: 'AVRO', schema: JSON.stringify(found.schema) });
    },
  );
}

const service: Service = {
  port: 'api',
  register(app, { workspace }) {
    routes(app, workspace);
  },
};
export default service;
