/** A sample request of an operation, from the examples of its description. */
import { present } from '../../../../contracts/present.js';
import type { Operation } from '../../plugins/openapi/operation.js';
import { type ApiRequest, fileOf, literal } from '../../ui/asking.js';

/** Methods of the client that take one member of the body instead of all of it. */
const ONE_MEMBER: Readonly<Record<string, string>> = {
  mergeBundle: 'answers',
  revokeReport: 'reason',
  guide: 'sentence',
  retryQuarantine: 'positions',
};
/** Those that take what stands in the query one after the other. */
const IN_TURN: Readonly<Record<string, readonly string[]>> = {
  documentChanges: ['after', 'wait'],
  caseEvents: ['after'],
};
/** Those whose answer comes in parts. */
const IN_PARTS: ReadonlySet<string> = new Set(['batch', 'fileContent']);
/** Of which header companies are named where a client speaks for several. */
const SUBJECT = 'yitong-subject';

type Values = Readonly<Record<string, unknown>>;

/** Numbers are texts in an address, and numbers in a program. */
const plain = (value: unknown): string =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? value : literal(value);
const object = (values: Values): string =>
  `{ ${Object.entries(values)
    .map(([name, value]) => `${name}: ${value === 'true' && name === 'rows' ? 'true' : plain(value)}`)
    .join(', ')} }`;

function queryGiven(id: string, query: Values): readonly string[] {
  const turn = IN_TURN[id];
  if (turn !== undefined) return turn.map((name) => (query[name] === undefined ? 'undefined' : plain(query[name])));
  return Object.keys(query).length === 0 ? [] : [object(query)];
}

function bodyGiven(id: string, body: unknown): readonly string[] {
  if (body === undefined) return [];
  const member = ONE_MEMBER[id];
  return [literal(member === undefined ? body : (body as Values)[member])];
}

interface Parts {
  readonly path: Values;
  readonly query: Values;
  readonly subject: unknown;
  /** Whether nothing is answered without a subject. */
  readonly named: boolean;
  readonly body: unknown;
  readonly file: string | undefined;
}

/** What the method of the client is given, in its order. */
function given(id: string, { path, query, subject, named, body, file }: Parts): readonly string[] {
  if (id === 'fileContent') return [`await gateway.file(${Object.values(path).map(plain).join('')})`];
  const all = [
    ...Object.values(path).map(plain),
    ...(named ? [literal(subject)] : []),
    ...queryGiven(id, query),
    ...bodyGiven(id, body),
    ...(file === undefined ? [] : [`readFileSync('${fileOf('file', file)}')`]),
    ...(named || subject === undefined ? [] : [`{ as: ${literal(subject)} }`]),
  ];
  while (all.at(-1) === 'undefined') all.pop();
  return all;
}

const TEXT = /json|^text\//;

export function requestOf(id: string, method: string, path: string, operation: Operation): ApiRequest {
  const { parameters = [], requestBody, responses = {} } = operation;
  const at = (place: string): Values =>
    Object.fromEntries(
      parameters.flatMap((one) => (one.in === place && one.example !== undefined ? [[one.name, one.example]] : [])),
    );
  const [inPath, query, headers] = [at('path'), at('query'), at('header')];
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(inPath[name] ?? name)));
  const contents = Object.entries(requestBody?.content ?? {});
  const body = contents.map(([, { example }]) => example).find((one) => one !== undefined);
  const file = body === undefined ? contents[0]?.[0] : undefined;
  const [fine] = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, { content = {} }]) => Object.keys(content));
  const document =
    fine === undefined || fine.length === 0 || fine.some((type) => TEXT.test(type)) ? undefined : fine[0];
  return {
    method,
    path: `${filled}${search.size === 0 ? '' : `?${search.toString()}`}`,
    headers: {
      ...(document === undefined ? {} : { accept: document }),
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    },
    ...present({ body, file, document, parts: IN_PARTS.has(id) ? true : undefined }),
    call: id,
    given: given(id, {
      path: Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, inPath[name] ?? name])),
      query,
      subject: headers[SUBJECT],
      named: parameters.some(({ name, required }) => name === SUBJECT && required === true),
      body,
      file,
    }),
  };
}
