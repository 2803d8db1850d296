/** The parts of the description that are added to what the plugin makes of routes, and read again by pages. */
import type { ErrorCode } from '../../../../contracts/errors.js';

export interface Content {
  readonly [mediaType: string]: { readonly schema?: object; readonly example?: unknown };
}

export interface Answered {
  readonly description?: string;
  readonly content?: Content;
  /** Of an error answer: codes that it may have, those of the operation's own before those of every route. */
  readonly 'x-codes'?: readonly ErrorCode[];
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: object;
  readonly example?: unknown;
}

export interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses?: Readonly<Record<string, Answered>>;
}

/** OpenAPI 3.1, as far as it is looked at here. */
export interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, object>>; readonly securitySchemes?: object };
  readonly security?: readonly object[];
}

/** @param types of a body that is a file; none where it is none */
export const withFile = (operation: Operation, types: readonly string[]): Operation =>
  types.length === 0 || operation.requestBody !== undefined
    ? operation
    : {
        ...operation,
        requestBody: {
          required: true,
          content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }])),
        },
      };
