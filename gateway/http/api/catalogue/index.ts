/**
 * GET /v1/catalogue[/{id}]: the entries of the data catalogue (政务数据共享条例 Art.13–16), as every department may read them.
 */

import { Type } from 'typebox';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { Contract, Workspace } from '../../../../contracts/types.js';
import { statusOf } from '../../../answer/question/status.js';
import type { Service } from '../../../documents/context.js';
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

const service: Service = {
  port: 'api',
  register(app, { workspace, view, now }) {
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
        };
      },
    );
  },
};
export default service;
