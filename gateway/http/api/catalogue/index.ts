/**
 * GET /v1/catalogue[/{id}|/dcat|/csv]: the entries of the data catalogue (政务数据共享条例 Art.13–16), as every department
 * may read them.
 */

import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { YitongError } from '../../../../contracts/errors.js';
import { toCatalogueCsv } from '../../../../contracts/exchange/csv.js';
import { exchanged } from '../../../../contracts/exchange/model.js';
import { toDcat } from '../../../../contracts/exchange/write-dcat.js';
import { present } from '../../../../contracts/present.js';
import type { Contract, Workspace } from '../../../../contracts/types.js';
import { statusOf } from '../../../answer/question/status.js';
import { publicAddress } from '../../../documents/address.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { qualityDays } from '../../../procedures/catalogue/days.js';
import { qualityOf } from '../../../procedures/catalogue/trend.js';
import { unchanging } from '../../plugins/unchanging.js';
import { entrySchema, listSchema } from './schema.js';

// entries are objects already; the schemas are for OpenAPI
const serializerCompiler = () => JSON.stringify;

/** One entry as it leaves: everything of contract.json, the items with their attributes, and how fresh it is. */
function entry(contract: Contract, workspace: Workspace, short: boolean): Record<string, unknown> {
  const authority = workspace.authorities.get(contract.authority);
  const head = {
    id: contract.id,
    name: contract.name,
    provider: { id: contract.authority, ...(authority === undefined ? {} : { name: authority.name }) },
    sharing: contract.sharing,
    updateFrequency: contract.updateFrequencyText,
    subject: { scheme: contract.subject.scheme, persons: contract.subject.persons },
    domains: contract.domains,
    kind: contract.kind,
  };
  if (short) return head;
  return {
    ...head,
    description: contract.description,
    format: `Avro, version ${contract.latest.version}, schema id ${contract.latest.schemaId}`,
    recordId: contract.recordId,
    grading: contract.grading,
    approval: contract.approval,
    assessments: contract.assessments,
    history: contract.history,
    items: contract.latest.fields.map(({ path, title, classification, type, nullable, codelist, unit }) => ({
      path,
      title,
      classification,
      type,
      nullable,
      ...present({ codelist, unit }),
    })),
  };
}

const bytesSchema = (type: string) => ({
  200: { content: { [type]: { schema: Type.Unsafe<string>({ type: 'string' }) } } },
});

/** The whole catalogue for other catalogues, in two forms. */
function exchangeRoutes(app: FastifyInstance, context: GatewayContext): void {
  const { workspace, settings } = context;
  app.get(
    '/v1/catalogue/dcat',
    {
      config: { errors: ['address_unknown'], offers: ['application/ld+json'] },
      schema: {
        operationId: 'catalogueDcat',
        summary: 'the data catalogue as DCAT-AP 3 (JSON-LD)',
        description:
          'Datasets, their distributions and services, publishers, contact points, legislation and versions, for ' +
          'other catalogues. Ids of datasets are the same wherever the gateway stands.',
        tags: ['catalogue'],
        response: bytesSchema('application/ld+json'),
      },
      serializerCompiler,
    },
    (request, reply) => {
      const { localAddress = '', localPort = 0 } = request.socket;
      const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
      const addresses = {
        // where this connection has come in, unless the settings know better
        api: settings.region.address || `https://${host}:${String(localPort)}`,
        people: publicAddress(context),
      };
      return reply
        .header('content-type', 'application/ld+json; charset=utf-8')
        .send(Buffer.from(JSON.stringify(toDcat(exchanged(workspace), addresses)), 'utf8'));
    },
  );
  app.get(
    '/v1/catalogue/csv',
    {
      config: { offers: ['text/csv'] },
      schema: {
        operationId: 'catalogueCsv',
        summary: 'the data catalogue as CSV, an entry a row',
        description: 'What `GET /v1/catalogue/dcat` says of each dataset, for spreadsheets and for another Yitong.',
        tags: ['catalogue'],
        response: bytesSchema('text/csv'),
      },
      serializerCompiler,
    },
    (_, reply) =>
      reply
        .header('content-type', 'text/csv; charset=utf-8')
        .send(Buffer.from(toCatalogueCsv(exchanged(workspace)), 'utf8')),
  );
}

const service: Service = {
  port: 'api',
  register(app, context) {
    const { workspace, view, now, dataDir } = context;
    exchangeRoutes(app, context);
    const ids = [...workspace.contracts.keys()].sort();
    app.get(
      '/v1/catalogue',
      {
        schema: {
          operationId: 'catalogue',
          summary: 'the data catalogue',
          description: 'Every entry, by id, without its items. All of it in one answer.',
          tags: ['catalogue'],
          response: { 200: listSchema },
        },
        serializerCompiler,
      },
      unchanging(() => ({
        entries: ids
          .flatMap((id) => workspace.contracts.get(id) ?? [])
          .map((contract) => entry(contract, workspace, true)),
      })),
    );
    app.get<{ Params: { id: string } }>(
      '/v1/catalogue/:id',
      {
        config: { errors: ['not_found', 'view_unavailable'], open: true },
        schema: {
          operationId: 'catalogueEntry',
          summary: 'one entry of the catalogue, with its items and how fresh it is',
          description:
            'As 政务数据共享条例 Art.13 asks for it: items with their classification, sharing attribute and ' +
            'conditions, grading, who approved it. `state` is that of this replica now.',
          tags: ['catalogue'],
          params: Type.Object({ id: Type.String({ maxLength: 200 }) }),
          response: { 200: entrySchema },
        },
        serializerCompiler,
      },
      (request) => {
        const contract = [...workspace.contracts.values()].find(({ id }) => id === request.params.id);
        if (contract === undefined)
          throw new YitongError('not_found', 'the catalogue has no such entry; GET /v1/catalogue lists them');
        const state = view.datasetState(contract.id);
        const { status, sourceTime } = statusOf(contract, state, now());
        return {
          ...entry(contract, workspace, false),
          state: {
            status,
            ...present({ sourceTime }),
            records: state.records,
            versions: state.versions,
          },
          quality: qualityOf(qualityDays(dataDir, contract.id)),
        };
      },
    );
  },
};
export default service;
