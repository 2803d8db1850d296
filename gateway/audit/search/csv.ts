/** One entry a row, for a spreadsheet: what people filter by, then the evidence. */
import { detailsOf } from './entry.js';
import type { ExportedEntry } from './evidence.js';

const COLUMNS = ['index', 'time', 'type', 'client', 'authority', 'purpose', 'item', 'delivery', 'datasets', 'grants', 'effects', 'records', 'policy_version', 'request_id', 'receipt', 'subject', 'case_id', 'actor', 'erased_by', 'expired_by', 'body', 'salt', 'path', 'checkpoint'] as const;

/** RFC 4180; a cell that a spreadsheet would run as a formula gets an apostrophe before it. */
export function cell(value: unknown): string {
  const text = value === undefined || value === null ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv({ found, evidence }: ExportedEntry, first: boolean): string {
  const { body, opened } = found;
  const datasets = body.datasets ?? [];
  const { item = body.item, caseId, actor } = detailsOf(opened);
  const row: Readonly<Record<(typeof COLUMNS)[number], unknown>> = {
    index: found.index,
    time: body.time,
    type: body.type,
    client: body.client,
    authority: body.authority,
    purpose: body.purpose,
    item,
    delivery: body.delivery,
    datasets: datasets.map(({ dataset }) => dataset).join(' '),
    grants: datasets.map(({ grant }) => grant ?? '').join(' ').trim(),
    effects: datasets.map(({ effect }) => effect ?? '').join(' ').trim(),
    records: datasets.length === 0 ? undefined : datasets.reduce((sum, { records }) => sum + (records ?? 0), 0),
    policy_version: body['policyVersion'],
    request_id: body.requestId,
    receipt: found.receipt,
    subject: opened?.subject ?? body.subject?.pseudonym,
    case_id: caseId,
    actor,
    erased_by: found.erasedBy,
    expired_by: found.expiredBy,
    body: evidence.text,
    salt: evidence.salt,
    path: evidence.path?.join(' '),
    checkpoint: evidence.checkpoint === undefined ? undefined : Buffer.from(evidence.checkpoint).toString('base64'),
  };
  return `${first ? `${COLUMNS.join(',')}\r\n` : ''}${COLUMNS.map((column) => cell(row[column])).join(',')}\r\n`;
}
