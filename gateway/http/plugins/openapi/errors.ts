/**
 * The error answers of an operation: what every route may refuse with, what its body and its path bring, and what it
 * names itself.
 */
import { type ErrorCode, errorTable } from '../../../../contracts/errors.js';
import type { Answered, Operation } from './operation.js';

/** Of every route: who asks, how often, and whether an answer can be put on record. */
export const EVERYWHERE: readonly ErrorCode[] = [
  'certificate_required',
  'certificate_invalid',
  'certificate_untrusted',
  'certificate_expired',
  'certificate_not_yet_valid',
  'certificate_revoked',
  'certificate_unnamed',
  'certificate_ambiguous',
  'anchor_not_entitled',
  'client_unknown',
  'client_suspended',
  'not_acceptable',
  'rate_limited',
  'too_many_at_once',
  'internal',
  'revocation_unknown',
  'audit_unavailable',
  'replication_timeout',
  'shutting_down',
];
const WITH_BODY: readonly ErrorCode[] = [
  'bad_request',
  'body_too_deep',
  'request_timeout',
  'body_too_large',
  'wrong_content_type',
];
/** What the plugin writes where a schema has no description. */
const UNSAID = 'Default Response';
const PROBLEM = 'application/problem+json';
const problem = { $ref: '#/components/schemas/Problem' };

/** One response a status. What the route describes itself is kept beside the problem. */
export function errorAnswers(operation: Operation, own: readonly ErrorCode[]): Operation {
  const { parameters = [], requestBody } = operation;
  const codes = new Set([
    ...own,
    ...(requestBody === undefined ? [] : WITH_BODY),
    ...(parameters.length > 0 ? (['bad_request'] as const) : []),
    ...EVERYWHERE,
  ]);
  const byStatus = new Map<string, ErrorCode[]>();
  for (const code of codes) {
    const status = String(errorTable[code].status);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const errors = [...byStatus].map(([status, of]): readonly [string, Answered] => {
    const described = Object.values(operation.responses?.[status]?.content ?? {}).flatMap(({ schema }) => schema ?? []);
    const description = of.map((code) => `\`${code}\`: ${errorTable[code].title}`).join('\n\n');
    return [
      status,
      {
        description,
        'x-codes': of,
        content: { [PROBLEM]: { schema: described.length === 0 ? problem : { anyOf: [...described, problem] } } },
      },
    ];
  });
  const fine = Object.entries(operation.responses ?? {}).map(([status, one]) => [
    status,
    one.description === UNSAID ? { ...one, description: 'the answer' } : one,
  ]);
  // numeric keys: in their order, whichever way they came
  return { ...operation, responses: { ...Object.fromEntries(fine), ...Object.fromEntries(errors) } };
}
