/** The request of POST /v1/sandbox/query, as TypeBox: that of `POST /v1/query`, without what needs a past or pages. */
import { type Static, Type } from 'typebox';
import { datasetSchema, fieldSchema, strict } from '../../../answer/question/request.js';
import { datasetAnswerSchema, receiptSchema } from '../../../answer/question/schemas.js';
import { querySchema } from '../query/schema.js';

export const sandboxSchema = (maxDatasets: number, maxRecords: number) => {
  const { purpose, case: stated, subject, dryRun } = querySchema(maxDatasets, maxRecords).properties;
  const fields = Type.Optional(Type.Array(fieldSchema, { maxItems: 500, uniqueItems: true }));
  const datasets = Type.Array(Type.Object({ id: datasetSchema, fields }, strict), {
    minItems: 1,
    maxItems: maxDatasets,
  });
  return Type.Object({ purpose, case: stated, subject, datasets, dryRun }, strict);
};
export type SandboxBody = Static<ReturnType<typeof sandboxSchema>>;

export const sandboxAnswerSchema = Type.Object({
  requestId: Type.String(),
  time: Type.String({ format: 'date-time' }),
  sandbox: Type.Literal(true),
  datasets: Type.Array(datasetAnswerSchema),
  receipt: receiptSchema,
});

export const subjectsSchema = Type.Object({
  subjects: Type.Array(
    Type.Object({
      subject: Type.String(),
      title: Type.Object({ zh: Type.String(), en: Type.String() }, { description: 'what there is to try with it' }),
    }),
  ),
});
