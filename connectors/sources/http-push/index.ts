/**
 * Records come over HTTP (`POST /v1/datasets/{id}/records`), in the JSON form of the contract: there is nothing to
 * open.
 */
import type { SourceKind } from '../../reading/port.js';

const httpPush: SourceKind = {
  kind: 'http-push',
  pushed: true,
  title: { zh: '部门推送', en: 'pushed by the department' },
  description: 'records that the department sends over HTTP',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['kind'],
    properties: { kind: { const: 'http-push' } },
  },
  open: async () => undefined,
};
export default httpPush;
