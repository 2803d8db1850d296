/**
 * Examples of the API's description are content: `policies/api-examples/<operation>.json` of the workspace. No dataset
 * is named in code.
 */
import { contentFiles, readJson } from '../../../../contracts/files.js';
import type { Workspace } from '../../../../contracts/types.js';
import { shape } from '../../../../contracts/validate.js';
import type { Content, Operation } from './operation.js';

interface Example {
  /** Of parameters, by their names. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The request's body. */
  readonly request?: unknown;
  /** The body of its answer; of a stream, its text. */
  readonly answer?: unknown;
}
type Examples = Readonly<Record<string, Example>>;

const check = shape<Example>(
  {
    type: 'object',
    additionalProperties: false,
    properties: { parameters: { type: 'object' }, request: {}, answer: {} },
  },
  'bad_workspace',
);

/** Of all layers; a nearer one's counts. @throws YitongError `bad_workspace` */
export async function loadExamples(workspace: Workspace): Promise<Examples> {
  const files = await contentFiles(workspace.layers, 'policies/api-examples', '.json', 1);
  return Object.fromEntries(
    await Promise.all(
      files.map(
        async ({ name, path }) =>
          [name.slice(0, -'.json'.length), check(await readJson(path, 'bad_workspace'), { file: path })] as const,
      ),
    ),
  );
}

/** With an example for the first way in which the body can be written. */
function shown(content: Content | undefined, example: unknown): Content {
  const [first, ...rest] = Object.entries(content ?? {});
  return first === undefined ? {} : Object.fromEntries([[first[0], { ...first[1], example }], ...rest]);
}

export function withExamples(operation: Operation, examples: Examples): Operation {
  const found = examples[operation.operationId ?? ''];
  if (found === undefined) return operation;
  const { parameters = {}, request, answer } = found;
  const responses = Object.entries(operation.responses ?? {});
  return {
    ...operation,
    ...(operation.parameters === undefined
      ? {}
      : {
          parameters: operation.parameters.map((one) =>
            Object.hasOwn(parameters, one.name) ? { ...one, example: parameters[one.name] } : one,
          ),
        }),
    ...(request === undefined || operation.requestBody === undefined
      ? {}
      : { requestBody: { ...operation.requestBody, content: shown(operation.requestBody.content, request) } }),
    responses: Object.fromEntries(
      responses.map(([status, one]) => [
        status,
        answer === undefined || !status.startsWith('2') ? one : { ...one, content: shown(one.content, answer) },
      ]),
    ),
  };
}
