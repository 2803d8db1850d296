/**
 * JSON-LD as far as catalogues use it: prefixes and terms of a context that stands in the document, language maps,
 * nested nodes, `@graph`. A context that has to be fetched is refused but for the published one of DCAT-AP's own, whose
 * terms are the names of the properties: nothing is ever fetched because a file says so.
 */
import { YitongError } from '../errors.js';

/** A literal, or the id of a node. */
export interface Term {
  readonly value: string;
  readonly language?: string;
  readonly iri?: true;
}
/** By property (whole IRI). */
type Properties = Map<string, Term[]>;
/** By id. */
export type Graph = ReadonlyMap<string, ReadonlyMap<string, readonly Term[]>>;

interface TermDefinition {
  readonly iri: string;
  readonly type?: string | undefined;
  readonly language?: string | undefined;
  readonly map?: boolean;
}
type Members = Readonly<Record<string, unknown>>;
const members = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
const refuse = (what: string): never => {
  throw new YitongError('bad_request', `the file is no catalogue in JSON-LD that can be read here: ${what}`);
};

export const RDF_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
const DEPTH = 20;

class Context {
  readonly #terms = new Map<string, TermDefinition>();
  readonly #aliases = new Map<string, string>();
  #vocab: string | undefined;
  #language: string | undefined;

  add(context: unknown): void {
    for (const one of list(context)) {
      if (typeof one === 'string') refuse(`its context has to be fetched (${one.slice(0, 100)}); put it into the file`);
      if (!members(one)) continue;
      const { '@vocab': vocab, '@language': language } = one;
      if (typeof vocab === 'string') this.#vocab = vocab;
      if (typeof language === 'string') this.#language = language;
      // prefixes before what is made of them
      for (const round of [0, 1])
        for (const [name, said] of Object.entries(one)) {
          if (name.startsWith('@')) continue;
          if (typeof said === 'string' && said.startsWith('@')) this.#aliases.set(name, said);
          else if ((round === 0) === (typeof said === 'string')) this.#define(name, said);
        }
    }
  }

  #define(name: string, said: unknown): void {
    if (typeof said === 'string') {
      this.#terms.set(name, { iri: this.iri(said) ?? said });
      return;
    }
    if (!members(said)) return;
    const { '@id': iri, '@type': type, '@language': language, '@container': container } = said;
    this.#terms.set(name, {
      iri: typeof iri === 'string' ? (this.iri(iri) ?? iri) : (this.iri(name) ?? name),
      type: typeof type === 'string' ? type : undefined,
      language: typeof language === 'string' ? language : undefined,
      map: list(container).includes('@language'),
    });
  }

  keyword(name: string): string {
    return this.#aliases.get(name) ?? name;
  }

  term(name: string): TermDefinition | undefined {
    const defined = this.#terms.get(name);
    if (defined !== undefined) return defined;
    const iri = this.iri(name);
    return iri === undefined ? undefined : { iri };
  }

  /** Undefined of a word that means nothing here. */
  iri(name: string): string | undefined {
    const defined = this.#terms.get(name);
    if (defined !== undefined) return defined.iri;
    const [prefix = '', ...rest] = name.split(':');
    if (rest.length > 0) {
      const start = rest[0]?.startsWith('//') === true ? undefined : this.#terms.get(prefix)?.iri;
      return start === undefined ? name : `${start}${rest.join(':')}`;
    }
    return this.#vocab === undefined ? undefined : `${this.#vocab}${name}`;
  }

  get language(): string | undefined {
    return this.#language;
  }
}

class Reader {
  readonly nodes = new Map<string, Properties>();
  readonly #context = new Context();
  #blank = 0;

  read(document: unknown): void {
    for (const one of list(document)) {
      if (!members(one)) refuse('it is neither an object nor a list of objects');
      else {
        this.#context.add(one['@context']);
        this.#node(one, 0);
      }
    }
  }

  /** @returns its id */
  #node(node: Members, depth: number): string {
    if (depth > DEPTH) refuse('it is nested too deep');
    const entries = Object.entries(node).map(([name, value]) => [this.#context.keyword(name), value] as const);
    const named = entries.find(([name]) => name === '@id')?.[1];
    const id = typeof named === 'string' ? (this.#context.iri(named) ?? named) : `_:b${String(this.#blank++)}`;
    const properties = this.nodes.get(id) ?? new Map<string, Term[]>();
    for (const [name, value] of entries) {
      if (name === '@graph') for (const one of list(value)) if (members(one)) this.#node(one, depth + 1);
      if (name === '@type')
        for (const one of list(value))
          if (typeof one === 'string')
            this.#put(properties, RDF_TYPE, { value: this.#context.iri(one) ?? one, iri: true });
      if (name.startsWith('@')) continue;
      const term = this.#context.term(name);
      if (term !== undefined) for (const one of list(value)) this.#value(properties, term, one, depth);
    }
    if (properties.size > 0) this.nodes.set(id, properties);
    return id;
  }

  #put(properties: Properties, property: string, term: Term): void {
    properties.set(property, [...(properties.get(property) ?? []), term]);
  }

  #value(properties: Properties, term: TermDefinition, value: unknown, depth: number): void {
    if (typeof value === 'number' || typeof value === 'boolean')
      this.#put(properties, term.iri, { value: String(value) });
    else if (typeof value === 'string') this.#text(properties, term, value);
    else if (!members(value)) return;
    else if (term.map === true) {
      for (const [language, texts] of Object.entries(value))
        for (const text of list(texts))
          if (typeof text === 'string') this.#put(properties, term.iri, { value: text, language });
    } else if (value['@value'] !== undefined) {
      const { '@value': said, '@language': language } = value;
      this.#put(properties, term.iri, { value: String(said), ...(typeof language === 'string' ? { language } : {}) });
    } else if (value['@list'] !== undefined || value['@set'] !== undefined)
      for (const one of list(value['@list'] ?? value['@set'])) this.#value(properties, term, one, depth + 1);
    else this.#put(properties, term.iri, { value: this.#node(value, depth + 1), iri: true });
  }

  #text(properties: Properties, { iri, type, language }: TermDefinition, value: string): void {
    if (type === '@id' || type === '@vocab')
      this.#put(properties, iri, { value: this.#context.iri(value) ?? value, iri: true });
    else {
      const said = language ?? this.#context.language;
      this.#put(properties, iri, { value, ...(said === undefined || type !== undefined ? {} : { language: said }) });
    }
  }
}

/** @throws YitongError `bad_request` */
export function readJsonLd(text: string): Graph {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    refuse('it is not JSON');
  }
  const reader = new Reader();
  reader.read(document);
  return reader.nodes;
}
