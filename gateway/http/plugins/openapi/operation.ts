/** The parts of an OpenAPI operation that are added to what the plugin makes of a route. */
export interface Content {
  readonly [mediaType: string]: { readonly schema?: object; readonly example?: unknown };
}

export interface Answered {
  readonly description?: string;
  readonly content?: Content;
}

export interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: unknown }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses?: Readonly<Record<string, Answered>>;
}
