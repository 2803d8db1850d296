/** What the OpenAPI document says of one answer, as a check. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';

export interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: object;
    readonly example?: unknown;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;
  };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly content?: Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;
      }
    >
  >;
}

export interface Described {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export const routesOf = ({ paths }: Described): readonly Route[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

/** Which route a request reaches: a path of words before one with a parameter in their place. */
export function routeOf(all: readonly Route[], method: string, url: string): Route | undefined {
  const path = (url.split('?')[0] ?? '').split('/');
  const fits = (route: Route): boolean => {
    const parts = route.path.split('/');
    return (
      route.method === method &&
      parts.length === path.length &&
      parts.every((part, i) => part.startsWith('{') || part === path[i])
    );
  };
  return all.filter(fits).sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
}

/**
 * Checks values against schemas of the document. Nothing beside what a schema names is let pass where it names members.
 */
export function checker({ components }: Described): (schema: object, value: unknown) => string | undefined {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  (addFormatsModule.default ?? addFormatsModule)(ajv);
  ajv.addSchema({ $id: 'https://described.example/', components });
  return (schema, value) => {
    const check = ajv.compile(
      JSON.parse(
        JSON.stringify(closed(schema)).replaceAll('"#/components/', '"https://described.example/#/components/'),
      ) as object,
    );
    return check(value) ? undefined : ajv.errorsText(check.errors);
  };
}

/** An answer with a member that its description does not name is one that no caller knows of. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const { type, properties, additionalProperties } = schema as {
    type?: unknown;
    properties?: object;
    additionalProperties?: unknown;
  };
  return type === 'object' &&
    additionalProperties === undefined &&
    properties !== undefined &&
    Object.keys(properties).length > 0
    ? { ...inner, additionalProperties: false }
    : inner;
}

/** The schemas of an answer: of a success or of any refusal. */
export const schemasOf = ({ responses }: Operation, fine: boolean): readonly object[] =>
  Object.entries(responses).flatMap(([status, { content = {} }]) =>
    status.startsWith('2') === fine
      ? Object.entries(content).flatMap(([type, { schema }]) => (/json$/.test(type) ? [schema] : []))
      : [],
  );
