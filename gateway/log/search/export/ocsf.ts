/**
 * OCSF 1.6: accesses are API Activity (class 6003), acts of administration Entity Management (3004), refusals
 * Authentication (3002).
 */
import { present } from '../../../../contracts/present.js';
import { detailsOf } from '../../entries/body.js';
import type { ExportedEntry } from './evidence.js';

const PRODUCT = { name: 'Yitong', vendor_name: 'Yitong' };
const VERSION = '1.6.0';
const READ = 2;
const LOGON = 1;
const OTHER = 99;
const SUCCESS = 1;
const FAILURE = 2;

interface Kind {
  readonly category_uid: number;
  readonly class_uid: number;
  readonly activity_id: number;
  readonly status_id: number;
}

function kindOf({ type, datasets = [] }: ExportedEntry['found']['body']): Kind {
  switch (type) {
    case 'administration':
      return { category_uid: 3, class_uid: 3004, activity_id: OTHER, status_id: SUCCESS };
    case 'refused_before_identity':
      return { category_uid: 3, class_uid: 3002, activity_id: LOGON, status_id: FAILURE };
    case 'refused':
      return { category_uid: 6, class_uid: 6003, activity_id: OTHER, status_id: FAILURE };
    case 'released':
      return {
        category_uid: 6,
        class_uid: 6003,
        activity_id: READ,
        status_id: datasets.some(({ effect }) => effect === 'allow') ? SUCCESS : FAILURE,
      };
    default:
      return { category_uid: 6, class_uid: 6003, activity_id: type === 'included' ? READ : OTHER, status_id: SUCCESS };
  }
}

export function toOcsf({ found, evidence }: ExportedEntry): string {
  const { body, opened } = found;
  const { item = body.item, caseId, actor } = detailsOf(opened);
  const kind = kindOf(body);
  const event = {
    ...kind,
    type_uid: kind.class_uid * 100 + kind.activity_id,
    severity_id: kind.status_id === FAILURE ? 2 : 1,
    time: Date.parse(body.time ?? ''),
    metadata: { version: VERSION, product: PRODUCT, uid: found.receipt, log_name: 'audit', event_code: body.type },
    actor: { app_uid: body.client, user: { uid: body.client ?? '', org: { uid: body.authority } } },
    api: { operation: body.delivery ?? 'query', request: { uid: body.requestId } },
    src_endpoint: { uid: body.client ?? '' },
    resources: (body.datasets ?? []).map(({ dataset, grant }) => ({
      uid: dataset,
      type: 'dataset',
      ...(grant === undefined ? {} : { labels: [`grant:${grant}`] }),
    })),
    unmapped: {
      purpose: body.purpose,
      item,
      subject: opened?.subject ?? body.subject?.pseudonym,
      caseId,
      caseHandler: actor,
      ...present({ erasedBy: found.erasedBy, expiredBy: found.expiredBy }),
      evidence,
    },
  };
  return `${JSON.stringify(event)}\n`;
}
