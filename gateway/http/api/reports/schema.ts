/** Requests of the reports service, as TypeBox; ajv checks them, OpenAPI shows them. */
import { type Static, Type } from 'typebox';
import { caseSchema, id, strict, subjectSchema } from '../../../answer/question/request.js';

const day = (what: string) =>
  Type.String({ minLength: 10, maxLength: 10, description: `${what}, \`YYYY-MM-DD\` in Asia/Shanghai` });
const ids = (what: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 120 }), {
    minItems: 1,
    maxItems: 500,
    uniqueItems: true,
    description: what,
  });

export const reportSchema = Type.Object(
  {
    report: id('a report of the workspace: the name of its folder'),
    as: subjectSchema,
    subjects: Type.Union([
      Type.Literal('group', { description: 'the company with all that the register ties to it' }),
      Type.Array(subjectSchema, { minItems: 1, maxItems: 10_000 }),
    ]),
    domains: Type.Optional(ids('ids of domains; default: all of the report')),
    from: day('first day of conduct and events'),
    to: day('last day'),
    purpose: id("one of the report's purposes"),
    bearer: id('who is to be shown it, as the company names them'),
    leaveOut: Type.Optional(
      Type.Boolean({ description: 'leave out the companies that have not authorised it; the report names them' }),
    ),
    case: Type.Optional(caseSchema),
  },
  strict,
);
export type ReportBody = Static<typeof reportSchema>;

export const authorisationSchema = Type.Object(
  {
    report: id('which report'),
    from: subjectSchema,
    to: subjectSchema,
    domains: Type.Optional(ids('only these domains')),
    purposes: Type.Optional(ids('only these purposes')),
    since: day('first day on which it holds'),
    until: day('last day'),
    case: Type.Optional(caseSchema),
  },
  strict,
);
export type AuthorisationBody = Static<typeof authorisationSchema>;

/** No subject stands in an address: addresses are logged by others. */
const header = { 'yitong-subject': subjectSchema };
export const subjectHeader = Type.Object(header);
export const ofSubject = Type.Object({
  ...header,
  'yitong-code': Type.Optional(
    Type.String({ maxLength: 60, description: 'the code of the report, for documents that carry it' }),
  ),
  'yitong-holder': Type.Optional(
    Type.String({ maxLength: 1000, description: 'base64url of the public JWK (P-256) to which a credential is bound' }),
  ),
});
export type OfSubject = Static<typeof ofSubject>;
