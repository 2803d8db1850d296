/** Answers about reports, as TypeBox: for OpenAPI, and held equal to the model and to the client's types by a test. */
import { Type } from 'typebox';
import { day, localised, moment, receiptSchema } from '../../answer/question/schemas.js';

const sha256 = (over: string) => Type.String({ description: `SHA-256 (base64url) over ${over}` });
const RELATIONS = ['self', 'parent', 'subsidiary', 'branch', 'shareholder', 'named'] as const;
const STATES = ['none', 'records', 'at_least', 'not_answered'] as const;
export const OUTCOMES = ['genuine', 'changed', 'revoked', 'unknown'] as const;

const rangeSchema = Type.Object(
  { from: day(), to: day() },
  { description: 'conduct and events of these days, both included' },
);
export const stateSchema = Type.Enum([...STATES], {
  description:
    '`none` is only said where each dataset of the domain is current; `at_least`: there are records, and a ' +
    'dataset is not current',
});
const domainSchema = Type.Object({ id: Type.String(), title: localised });
export const subjectOfReport = Type.Object({
  subject: Type.String(),
  name: Type.String(),
  relation: Type.Enum([...RELATIONS]),
  of: Type.Optional(Type.Integer({ description: 'index of the company a branch belongs to' })),
});

const recordSchema = Type.Object({
  kind: Type.Enum(['penalty', 'measure', 'dishonesty']),
  dataset: Type.String(),
  register: Type.Optional(localised),
  authority: localised,
  facts: Type.Array(
    Type.Object({ field: Type.String(), title: localised, value: Type.Union([Type.String(), localised]) }),
  ),
  endedOn: Type.Optional(day('from which the term counts')),
  reportableUntil: Type.Optional(day('the last day on which it may be reported')),
  displayed: Type.Boolean({ description: 'shown to the public as well' }),
  marks: Type.Array(Type.Enum(['objection', 'correction']), { description: 'what of it is under way' }),
  version: Type.String({ description: "partition and offset of the version on the dataset's topic" }),
});
const missingSchema = Type.Array(
  Type.Object({ authority: Type.String(), name: localised, since: Type.Optional(moment()) }),
  { description: 'who did not answer, and since when' },
);
const told = {
  state: stateSchema,
  records: Type.Array(recordSchema),
  missing: missingSchema,
  asOf: Type.Optional(moment('the oldest source time among its datasets')),
  marks: Type.Optional(
    Type.Array(Type.Literal('objection'), { description: 'the company says that something is missing here' }),
  ),
};
const sectionSchema = Type.Object({
  subject: Type.Integer({ description: 'index into `subjects`' }),
  domain: Type.Integer({ description: 'index into `domains`' }),
  ...told,
  salt: Type.String(),
  digest: sha256('`salt` and the section without these two members'),
});
/** As a credential shows it. */
export const shownSectionSchema = Type.Object({
  subject: Type.Integer({ description: 'index into `claims.subjects`' }),
  domain: domainSchema,
  ...told,
});

const leftOutSchema = Type.Optional(
  Type.Array(Type.Object({ subject: Type.String(), name: Type.String(), relation: Type.Enum([...RELATIONS]) }), {
    description: 'companies that were asked for and have not authorised it: named, and nothing said of them',
  }),
);

export const modelSchema = Type.Object(
  {
    format: Type.Literal('yitong-report/1'),
    report: Type.String(),
    definition: sha256('the definition as it was'),
    title: localised,
    issuer: localised,
    synthetic: Type.Boolean({ description: 'all data are invented' }),
    issuedAt: moment(),
    cut: Type.Object({ time: moment(), digest: sha256('the bus offsets that it was computed from') }),
    range: rangeSchema,
    purpose: Type.Object({ id: Type.String(), name: localised }),
    bearer: Type.String(),
    subjects: Type.Array(subjectOfReport),
    domains: Type.Array(domainSchema),
    leftOut: leftOutSchema,
    sections: Type.Array(sectionSchema, {
      description: 'one a subject and domain: `sections[s * domains.length + d]`',
    }),
    notes: Type.Array(localised),
  },
  { description: 'what is signed: the report, whichever way it is written down' },
);

export const definitionsSchema = Type.Object({
  reports: Type.Array(
    Type.Object({
      id: Type.String(),
      definition: sha256('the definition'),
      title: localised,
      maxSubjects: Type.Integer(),
      purposes: Type.Record(Type.String(), localised),
      domains: Type.Array(domainSchema),
    }),
  ),
});
export const previewSchema = Type.Object({
  members: Type.Array(
    Type.Object({
      subject: Type.String(),
      name: Type.String(),
      relation: Type.Enum([...RELATIONS]),
      company: Type.Optional(Type.String({ description: 'of a branch: whose it is' })),
    }),
  ),
  missing: Type.Array(
    Type.Object({
      member: Type.Integer({ description: 'index into `members`' }),
      company: Type.String({ description: 'whose authorisation it takes' }),
    }),
  ),
  model: Type.Optional(modelSchema),
  receipt: receiptSchema,
});
const document = sha256('the canonical JSON of the model');
export const issuedSchema = Type.Object({
  id: Type.String(),
  code: Type.String({ description: 'in no other answer; only its hash is kept' }),
  document,
  model: modelSchema,
  keptUntil: moment(),
  receipt: receiptSchema,
});
export const shownSchema = Type.Object({ id: Type.String(), document, model: modelSchema });
export const listSchema = Type.Object({
  reports: Type.Array(
    Type.Object({
      id: Type.String(),
      report: Type.String(),
      document,
      issuedAt: moment(),
      purpose: Type.String(),
      bearer: Type.String(),
      range: rangeSchema,
      subjects: Type.Integer(),
      domains: Type.Integer(),
      keptUntil: moment(),
      revokedAt: Type.Optional(moment()),
    }),
  ),
});
export const revokedSchema = Type.Object({
  id: Type.String(),
  revokedAt: moment(),
  credentials: Type.Integer({ description: 'credentials of the report, revoked with it' }),
  receipt: receiptSchema,
});

const oneAuthorisation = Type.Object({
  id: Type.String(),
  report: Type.String(),
  from: Type.String(),
  to: Type.String(),
  domains: Type.Optional(Type.Array(Type.String(), { description: 'absent: all' })),
  purposes: Type.Optional(Type.Array(Type.String(), { description: 'absent: all' })),
  since: day(),
  until: day(),
  recordedAt: moment(),
  withdrawnAt: Type.Optional(moment()),
});
export const authorisedSchema = Type.Object({ authorisation: oneAuthorisation, receipt: receiptSchema });
export const authorisationsSchema = Type.Object({
  given: Type.Array(oneAuthorisation),
  received: Type.Array(oneAuthorisation),
});
export const withdrawnSchema = Type.Object({ receipt: receiptSchema });

export const kindsSchema = Type.Array(
  Type.Object({
    subject: Type.Integer({ description: "index into the report's companies, in the document's order" }),
    domain: Type.String(),
    changes: Type.Array(
      Type.Enum([
        'added',
        'answered',
        'withdrawn',
        'excluded',
        'revoked',
        'repaired',
        'expired',
        'corrected',
        'objection',
        'objection_ended',
        'correction',
        'correction_ended',
        'not_answered',
      ]),
    ),
  }),
  { description: 'where something has changed since, and of which kind' },
);
const outcome = Type.Enum([...OUTCOMES], { description: '`unknown`: there is no document with this code' });
export const verifiedDocumentsSchema = Type.Object({
  requestId: Type.String(),
  time: moment(),
  results: Type.Array(
    Type.Object({
      outcome,
      revokedAt: Type.Optional(moment()),
      report: Type.Optional(Type.String()),
      document: Type.Optional(document),
      issuedAt: Type.Optional(moment()),
      purpose: Type.Optional(Type.String()),
      range: Type.Optional(rangeSchema),
      whom: Type.Optional(
        Type.Array(Type.Object({ name: Type.String(), key: Type.String({ description: 'without its scheme' }) }), {
          description: 'as far as the report shows them to whoever holds a code',
        }),
      ),
      comparedAt: Type.Optional(moment()),
      sections: Type.Optional(kindsSchema),
      watchedUntil: Type.Optional(moment()),
    }),
    { description: 'in the order of the codes' },
  ),
  after: Type.Optional(Type.Integer({ description: 'where GET /v1/documents/changes goes on' })),
});
export const documentChangesSchema = Type.Object({
  changes: Type.Array(
    Type.Object({
      number: Type.Integer(),
      document,
      report: Type.String(),
      at: moment('when it was found'),
      outcome,
      sections: kindsSchema,
    }),
  ),
  after: Type.Integer({ description: '`after` of the next question' }),
});

export const presentedSchema = Type.Object({
  claims: Type.Object(
    { report: Type.String(), range: rangeSchema, subjects: Type.Array(subjectOfReport) },
    {
      additionalProperties: true,
      description: 'what every verifier sees; `iat`, `nbf` and `exp` are seconds since 1970',
    },
  ),
  sections: Type.Array(shownSectionSchema, { description: 'what was shown; what is not here is not "none"' }),
  receipt: receiptSchema,
});
export const complianceAnswerSchema = Type.Object({
  subject: Type.String({ description: 'whose code it was' }),
  name: Type.Optional(Type.String({ description: 'as the register has it' })),
  question: Type.Object({ report: Type.String(), domains: Type.Array(Type.String()), from: day(), to: day() }),
  answeredAt: moment(),
  domains: Type.Array(
    Type.Object({
      domain: Type.String(),
      state: stateSchema,
      count: Type.Optional(Type.Integer()),
      asOf: Type.Optional(moment()),
    }),
  ),
});

/** What a company released of a report. */
export const releasedReportSchema = Type.Object(
  {
    report: Type.String(),
    title: localised,
    issuer: localised,
    synthetic: Type.Boolean({ description: 'all data are invented' }),
    issuedAt: moment(),
    range: rangeSchema,
    purpose: Type.Object({ id: Type.String(), name: localised }),
    bearer: Type.String(),
    subjects: Type.Array(subjectOfReport),
    leftOut: leftOutSchema,
    domains: Type.Array(domainSchema, {
      description: 'those that the company released; which others the report has is not told',
    }),
    sections: Type.Array(
      Type.Object({
        subject: Type.Integer({ description: 'index into `subjects`' }),
        domain: Type.Integer({ description: 'index into `domains`' }),
        ...told,
      }),
      { description: 'one a subject and domain: `sections[s * domains.length + d]`' },
    ),
    notes: Type.Array(localised),
    outcome: Type.Enum(['genuine', 'changed']),
    comparedAt: Type.Optional(moment('absent where its definition is gone')),
    changes: kindsSchema,
  },
  { description: 'the released domains of an issued report, beside the registers as they are now' },
);
