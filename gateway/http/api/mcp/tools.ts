/**
 * The tools of an agent, once for `/mcp` and for `yitong mcp`: each is one request of the API, made as any other is.
 * What they say of themselves is the same for everybody; nothing of a subject, client or record stands in it.
 */
import { type Static, type TObject, Type } from 'typebox';
import { present } from '../../../../contracts/present.js';
import { caseSchema, datasetSchema, strict } from '../../../answer/question/request.js';
import { MCP_SCOPES } from '../../../ground/identity/tokens.js';
import { value } from '../../../procedures/cases/doing.js';
import type { BundlesMethods } from '../bundles/client.js';
import type { CasesMethods } from '../cases/client.js';
import type { CatalogueMethods } from '../catalogue/client.js';
import type { QueryMethods } from '../query/client.js';
import { querySchema } from '../query/schema.js';
import type { VerifyMethods } from '../verify/client.js';
import { verifySchema } from '../verify/schema.js';

export type ToolMethods = BundlesMethods & CasesMethods & CatalogueMethods & QueryMethods & VerifyMethods;

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** What a token has to allow. */
  readonly scope: string;
  readonly input: TObject;
  readonly readOnly: boolean;
  call(methods: ToolMethods, given: unknown): Promise<object>;
}

function tool<T extends TObject>(
  name: string,
  title: string,
  description: string,
  input: T,
  call: (methods: ToolMethods, given: Static<T>) => Promise<object>,
  scope: string = MCP_SCOPES.read,
): Tool {
  return {
    name,
    title,
    description,
    scope,
    input,
    readOnly: scope === MCP_SCOPES.read,
    call: (methods, given) => call(methods, given as Static<T>),
  };
}

/** The route has limits of its own, lower ones as configured. */
const query = querySchema(256, 10_000).properties;
/** An agent has to say for which case it asks; systems may leave it out where no grant requires it. */
const stated = Type.Object(
  { ...caseSchema.properties, caseId: Type.String({ minLength: 1, maxLength: 200, description: '办件编号' }) },
  { ...strict, description: 'the case that is worked on; without it nothing is asked' },
);
const bundle = Type.String({ minLength: 1, maxLength: 200, description: 'id, as `bundles` lists it' });
const caseId = Type.String({ pattern: '^[0-9a-f]{16}$', description: 'id of the case, as `cases` lists it' });
const subject = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'who applies, `<scheme>:<key>`; leave it out as the system of an authority',
  }),
);
const applicant = Type.String({ minLength: 1, maxLength: 200, description: 'who applies, `<scheme>:<key>`' });
const answers = Type.Record(Type.String({ maxLength: 60 }), value, {
  maxProperties: 100,
  description: 'by question; null where it is not known',
});
const speaking = (as: string | undefined): { readonly as?: string } => present({ as });

const reading: readonly Tool[] = [
  tool(
    'catalogue',
    '数据目录 Data catalogue',
    'Which datasets there are, by which key each is asked, and who provides them; of one dataset also its fields ' +
      'with their classification, and how fresh it is. What may be asked is said by `query` with `dryRun`.',
    Type.Object({ dataset: Type.Optional(datasetSchema) }, strict),
    (of, { dataset }) => (dataset === undefined ? of.catalogue() : of.catalogueEntry(dataset)),
  ),
  tool(
    'query',
    '数据查询 Query',
    'Asks departments about one subject, for a stated purpose and case. Each answer is on record and comes with its ' +
      'receipt. What is denied says which application would be needed. With `dryRun` no record is read.',
    Type.Object(
      {
        purpose: query.purpose,
        case: stated,
        subject: query.subject,
        datasets: query.datasets,
        asOf: query.asOf,
        dryRun: query.dryRun,
      },
      strict,
    ),
    (of, { dryRun, asOf, ...asked }) => {
      const body = { ...asked, ...present({ asOf }) } as Parameters<QueryMethods['query']>[0];
      return dryRun === true ? of.dryRun(body) : of.query(body);
    },
  ),
  tool(
    'verify',
    '数据核验 Verify',
    'Compares what somebody states with what departments have on record, for a stated purpose and case; the value on ' +
      'record is not told. On record, with a receipt.',
    Type.Object({ ...verifySchema.properties, case: stated }, strict),
    (of, body) => of.verify(body as Parameters<VerifyMethods['verify']>[0]),
  ),
  tool(
    'bundles',
    '“一件事”清单 Matters',
    'The matters that can be done in one, with what people say who want them; of one bundle its questions, items, ' +
      'terms, materials and steps.',
    Type.Object({ bundle: Type.Optional(bundle) }, strict),
    (of, { bundle: id }) => (id === undefined ? of.bundles() : of.bundle(id)),
  ),
  tool(
    'plan_bundle',
    '“一件事”办理方案 Plan of a matter',
    'The one form under some answers: which items apply, in which order, what is still asked, what registers fill ' +
      'in, what stands in the way, which papers are needed. Asks no register and keeps nothing.',
    Type.Object({ bundle, answers }, strict),
    (of, { bundle: id, answers: said }) => of.mergeBundle(id, said as Parameters<BundlesMethods['mergeBundle']>[1]),
  ),
  tool(
    'cases',
    '办件清单 Cases',
    'The cases of a subject, or those that wait for the authority whose system asks.',
    Type.Object(
      { subject, after: Type.Optional(Type.String({ maxLength: 2000, description: '`next` of before' })) },
      strict,
    ),
    (of, { subject: as, after }) => of.cases(present({ after }), speaking(as)),
  ),
  tool(
    'case_progress',
    '办件进度 Progress of a case',
    'One case: who holds each item, until when, what it has come to, and what may be done by whom.',
    Type.Object({ subject, case: caseId }, strict),
    (of, { subject: as, case: id }) => of.oneCase(id, speaking(as)),
  ),
  tool(
    'case_form',
    '办件表单 Form of a draft',
    'The one form of a draft as it stands: what registers fill in with source and time, what is missing, what stands ' +
      'in the way. Registers are asked under the client and purpose of the matter, and each look is on record.',
    Type.Object({ subject: applicant, case: caseId }, strict),
    (of, { subject: as, case: id }) => of.caseForm(id, speaking(as)),
  ),
];

const drafting: readonly Tool[] = [
  tool(
    'open_draft',
    '新建草稿 Open a draft',
    'Opens a draft of a matter for who applies. Nothing is filed: only the applicant confirms, signs and submits.',
    Type.Object(
      {
        subject: applicant,
        bundle,
        key: Type.Optional(
          Type.String({ minLength: 1, maxLength: 100, description: 'your own; what comes again with it is done once' }),
        ),
      },
      strict,
    ),
    (of, { subject: as, bundle: id, key }) => of.openCase({ bundle: id, ...present({ key }) }, { as }),
    MCP_SCOPES.draft,
  ),
  tool(
    'fill_draft',
    '填写草稿 Fill in a draft',
    'Puts answers and values into a draft, in place of those that were there. Nothing is filed: the applicant looks ' +
      'at it, shows who they are, signs and submits; ' +
      'no tool does that.',
    Type.Object(
      {
        subject: applicant,
        case: caseId,
        answers,
        values: Type.Record(Type.String({ maxLength: 120 }), value, { maxProperties: 300, description: 'by element' }),
      },
      strict,
    ),
    (of, { subject: as, case: id, answers: said, values }) =>
      of.actOnCase(id, { act: 'save', answers: said, values } as Parameters<CasesMethods['actOnCase']>[1], { as }),
    MCP_SCOPES.draft,
  ),
];

export const TOOLS: readonly Tool[] = [...reading, ...drafting];
