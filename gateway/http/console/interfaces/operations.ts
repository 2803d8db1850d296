/** The operations of the API as pages show them, read out of its own description (OpenAPI 3.1). */
import { errorWords } from '../../../../contracts/error-words.js';
import { type ErrorCode, errorTable } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { Localised } from '../../../../contracts/types.js';
import { EVERYWHERE } from '../../plugins/openapi/errors.js';
import { GROUPS } from '../../plugins/openapi/groups.js';
import type { Answered, Content, Described, Operation } from '../../plugins/openapi/operation.js';
import type { ApiRequest } from '../../ui/asking.js';
import { type Member, memberOf, membersOf } from './members.js';
import { requestOf } from './request.js';
import { memberWords } from './words/members.js';
import { operationWords } from './words/operations.js';

interface Body {
  /** Media types in which it can be. */
  readonly types: readonly string[];
  readonly members: readonly Member[];
  /** What stands in it, as text. */
  readonly example?: string;
}

interface AnswerShown extends Body {
  readonly status: string;
  readonly about: string;
}

interface ErrorShown {
  readonly code: ErrorCode;
  readonly status: number;
  readonly words: Localised;
}

export interface OperationShown {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly group: string;
  readonly title: Localised;
  readonly about: Localised;
  readonly parameters: readonly (Member & { readonly place: string })[];
  readonly body: Body | undefined;
  readonly answers: readonly AnswerShown[];
  /** Of this operation; what every one may refuse with is told once. */
  readonly errors: readonly ErrorShown[];
  readonly everywhere: readonly ErrorShown[];
  readonly request: ApiRequest;
}

/** Where a parameter stands, in the order in which they are told. */
export const PLACES: Readonly<Record<string, Localised>> = {
  path: { zh: '地址', en: 'in the path' },
  query: { zh: '地址参数', en: 'in the query' },
  header: { zh: '请求头', en: 'header' },
};

const NO_WORDS = { title: '尚无中文名称的接口', about: '该接口由本地扩展，尚无中文说明。' };

const exampleText = (example: unknown): string | undefined =>
  example === undefined ? undefined : typeof example === 'string' ? example : JSON.stringify(example, undefined, 2);

function bodyOf(content: Content, schemas: Readonly<Record<string, object>>): Body {
  const all = Object.entries(content);
  const json = all.find(([type]) => /json$/.test(type)) ?? all[0];
  const example = exampleText(all.map(([, one]) => one.example).find((one) => one !== undefined));
  return {
    types: all.map(([type]) => type),
    members: membersOf(json?.[1].schema ?? {}, schemas),
    ...present({ example }),
  };
}

/** In English as programs get it: what pages say there is for whoever reads pages. */
const errorOf = (code: ErrorCode): ErrorShown => {
  const { status, title } = errorTable[code];
  return { code, status, words: { zh: errorWords(code).zh, en: title } };
};

const isError = (status: string): boolean => Number(status) >= 400;

function errorsOf(responses: Readonly<Record<string, Answered>>): Pick<OperationShown, 'errors' | 'everywhere'> {
  const codes = Object.values(responses).flatMap((one) => one['x-codes'] ?? []);
  return {
    errors: codes.filter((code) => !EVERYWHERE.includes(code)).map(errorOf),
    everywhere: codes.filter((code) => EVERYWHERE.includes(code)).map(errorOf),
  };
}

function shown(method: string, path: string, operation: Operation, described: Described): OperationShown {
  const { operationId = `${method} ${path}`, summary = '', description = '', parameters = [], requestBody } = operation;
  const { responses = {} } = operation;
  const schemas = described.components?.schemas ?? {};
  const words = operationWords(operationId) ?? NO_WORDS;
  const places = Object.keys(PLACES);
  return {
    id: operationId,
    method: method.toUpperCase(),
    path,
    group: operation.tags?.[0] ?? 'about',
    title: { zh: words.title, en: capital(summary) },
    about: { zh: words.about, en: description },
    parameters: [...parameters]
      .sort((a, b) => places.indexOf(a.in) - places.indexOf(b.in))
      .map((one) => ({
        ...memberOf(one.name, { description: one.description, ...one.schema }, one.required === true, schemas),
        place: one.in,
      })),
    body: requestBody === undefined ? undefined : bodyOf(requestBody.content, schemas),
    answers: Object.entries(responses)
      .filter(([status]) => !isError(status))
      .map(([status, { description: about = '', content = {} }]) => ({ status, about, ...bodyOf(content, schemas) })),
    ...errorsOf(responses),
    request: requestOf(operationId, method.toUpperCase(), path, operation),
  };
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const turn = ({ method }: OperationShown): number => METHODS.indexOf(method);
/** As a heading. */
const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** In the order of their groups, of their addresses and of what is done there; groups that nobody named come last. */
export function operationsOf(described: Described): readonly OperationShown[] {
  const order = Object.keys(GROUPS);
  const place = ({ group }: OperationShown): number => (order.includes(group) ? order.indexOf(group) : order.length);
  return Object.entries(described.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => shown(method, path, operation, described)),
    )
    .sort((a, b) => place(a) - place(b) || (a.path < b.path ? -1 : a.path > b.path ? 1 : turn(a) - turn(b)));
}

export const groupTitle = (group: string): Localised => GROUPS[group]?.title ?? { zh: '其他', en: group };

const namesIn = (id: string, members: readonly Member[]): readonly string[] =>
  members.flatMap(({ name, members: below }) => [name, memberWords(id, name) ?? '', ...namesIn(id, below)]);

const textOf = (one: OperationShown): string =>
  [
    one.id,
    one.method,
    one.path,
    ...Object.values(one.title),
    ...Object.values(one.about),
    ...Object.values(groupTitle(one.group)),
    ...namesIn(one.id, [
      ...one.parameters,
      ...(one.body?.members ?? []),
      ...one.answers.flatMap(({ members }) => members),
    ]),
    ...one.errors.flatMap(({ code, words }) => [code, words.zh, words.en]),
  ]
    .join('\n')
    .toLowerCase();

/** Those in which every word of the search stands somewhere: names first, then whatever else is said of them. */
export function searched(operations: readonly OperationShown[], q: string): readonly OperationShown[] {
  const words = q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const named = ({ id, path, title }: OperationShown): boolean => {
    const text = `${id}\n${path}\n${title.zh}\n${title.en}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return operations
    .filter((one) => {
      const text = textOf(one);
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => Number(named(b)) - Number(named(a)));
}
