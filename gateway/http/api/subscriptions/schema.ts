/** Requests and answers of subscriptions to changes, as TypeBox. */
import { type Static, Type } from 'typebox';
import { MAX_CURSOR } from '../../../answer/question/cursors.js';
import { datasetSchema, fieldSchema, purposeSchema, strict, subjectSchema } from '../../../answer/question/request.js';

const MAX_SUBJECTS = 10_000;
const MAX_WAIT = 60;
export const DEFAULT_WAIT = 30;

const name = Type.String({
  pattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$',
  maxLength: 60,
  description: 'as the client calls it: lower-case words joined by hyphens; never somebody’s number',
});
export const paramsSchema = Type.Object({ id: name });

export const subscriptionBody = (maxDatasets: number) =>
  Type.Object(
    {
      purpose: purposeSchema,
      datasets: Type.Array(
        Type.Object(
          {
            id: datasetSchema,
            fields: Type.Optional(
              Type.Array(fieldSchema, {
                minItems: 1,
                maxItems: 500,
                uniqueItems: true,
                description: 'default: all that are granted',
              }),
            ),
          },
          strict,
        ),
        { minItems: 1, maxItems: maxDatasets },
      ),
      way: Type.Enum(['poll', 'webhook', 'topic'], {
        description:
          '`webhook`, `topic`: to the address, or the topic on Kafka, that `policies/clients` has for this client, ' +
          'and to no other',
      }),
      form: Type.Optional(
        Type.Enum(['record', 'signal'], {
          description:
            '`record` (default): the granted fields of what changed; `signal`: only that something of a subject ' +
            'changed, under a pseudonym of this subscription. A grant may allow signals only',
        }),
      ),
      subjects: Type.Optional(
        Type.Array(subjectSchema, {
          minItems: 1,
          maxItems: MAX_SUBJECTS,
          description: 'default: all that the grant lets the client see',
        }),
      ),
    },
    strict,
  );
export type SubscriptionBody = Static<ReturnType<typeof subscriptionBody>>;

export const changesQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        maxLength: MAX_CURSOR,
        description: '`cursor` of the last line that was taken; default: from the beginning of the subscription',
      }),
    ),
    wait: Type.Optional(
      Type.String({
        pattern: '^([0-9]|[1-5][0-9]|60)$',
        description:
          `seconds to wait for a change where there is none, at most ${String(MAX_WAIT)}; ` +
          `default ${String(DEFAULT_WAIT)}`,
      }),
    ),
  },
  strict,
);
export type ChangesQuery = Static<typeof changesQuery>;

export const subscriptionSchema = Type.Object({
  id: name,
  purpose: Type.String(),
  way: Type.String(),
  form: Type.String(),
  createdAt: Type.String({ format: 'date-time' }),
  datasets: Type.Array(
    Type.Object({
      id: Type.String(),
      effect: Type.String({ description: '`allow`, or `deny`: of it nothing is told as things are now' }),
      reason: Type.Optional(Type.String()),
      signals: Type.Optional(Type.Boolean({ description: 'true where only signals are told of it' })),
    }),
  ),
  subjects: Type.Optional(Type.Integer({ description: 'how many are listed; absent: all that may be seen' })),
  pseudonyms: Type.Optional(
    Type.Array(Type.Object({ subject: Type.String(), pseudonym: Type.String() }), {
      description: 'of the listed subjects, where signals are told: which name stands for which',
    }),
  ),
  topic: Type.Optional(Type.String({ description: 'the topic to which it is written' })),
  publicKey: Type.Optional(
    Type.String({
      description: 'of a webhook: `whpk_…`, by which its signatures are verified (Standard Webhooks, `v1a`)',
    }),
  ),
  behindSince: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'of a webhook or a topic: since when it does not take what changed',
    }),
  ),
});
export const listSchema = Type.Object({ subscriptions: Type.Array(subscriptionSchema) });

/** For OpenAPI only: lines are written by hand. */
export const linesSchema = Type.String({
  description:
    'NDJSON. For each change `{"cursor","id","dataset","subject","kind","key","record","provenance"}`, `kind` being ' +
    '`changed` or `removed` (without `record`), or `lost`: what changed in this dataset meanwhile cannot be told any ' +
    'more, it is asked anew by a query. Of a signal `subject` is a pseudonym, and no field is told. Last ' +
    '`{"next","changes","receipt"}`, the digest in the log being over the lines in front of it.',
});
