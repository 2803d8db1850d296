/** The request of POST /v1/query/batch, as TypeBox, and the lines of its answer. */
import { type Static, Type } from 'typebox';
import {
  askerSchema,
  caseSchema,
  datasetSchema,
  fieldSchema,
  purposeSchema,
  strict,
  subjectSchema,
} from '../../../answer/question/request.js';

const MAX_SUBJECTS = 10_000;

export const batchSchema = (maxDatasets: number, maxRecords: number) =>
  Type.Object(
    {
      purpose: purposeSchema,
      asker: Type.Optional(askerSchema),
      case: Type.Optional(caseSchema),
      subjects: Type.Array(subjectSchema, {
        minItems: 1,
        maxItems: MAX_SUBJECTS,
        description: 'each once; at most as many as the `batchLimit` of the grant',
      }),
      datasets: Type.Array(
        Type.Object(
          {
            id: datasetSchema,
            fields: Type.Optional(
              Type.Array(fieldSchema, {
                maxItems: 500,
                uniqueItems: true,
                description: 'default: all that are granted',
              }),
            ),
            limit: Type.Optional(
              Type.Integer({ minimum: 1, maximum: maxRecords, description: 'records of one subject' }),
            ),
          },
          strict,
        ),
        { minItems: 1, maxItems: maxDatasets },
      ),
    },
    strict,
  );
export type BatchRequest = Static<ReturnType<typeof batchSchema>>;

/** For OpenAPI only: lines are written by hand. */
export const linesSchema = Type.String({
  description:
    'NDJSON. For each subject `{"subject","datasets":[…]}`, datasets as in a query; behind each chunk of them ' +
    '`{"chunk","subjects","receipt"}`, the digest in the log being over the lines of that chunk in front of ' +
    'it; last `{"summary":{…}}`, or `{"problem":{…}}` where the batch had to end early. Without one of these ' +
    'two the answer is cut off.',
});
