/** The catalogue as DCAT-AP 3 in JSON-LD: one flat graph whose every id stands in it, so that nobody has to fetch. */
import type { Delivery, Localised } from '../types.js';
import type { ExchangedCatalogue, ExchangedEntry, ExchangedPublisher, Words } from './model.js';
import { accessRight, codeIri, frequencyCode, LABELS, type TableName, tableIri, themesOf } from './vocabulary.js';

export const PREFIXES = {
  adms: 'http://www.w3.org/ns/adms#',
  dcat: 'http://www.w3.org/ns/dcat#',
  dcatap: 'http://data.europa.eu/r5r/',
  dct: 'http://purl.org/dc/terms/',
  eli: 'http://data.europa.eu/eli/ontology#',
  foaf: 'http://xmlns.com/foaf/0.1/',
  owl: 'http://www.w3.org/2002/07/owl#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  vcard: 'http://www.w3.org/2006/vcard/ns#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  /** Ours: what DCAT has no word for. */
  yitong: 'urn:x-yitong:terms:',
} as const;

/** Where the two ports of an installation are reached, without a slash at the end. */
interface Addresses {
  readonly api: string;
  readonly people: string;
}

type Value = string | { readonly [member: string]: string };
interface Node {
  readonly '@id': string;
  readonly '@type': string | readonly string[];
  readonly [property: string]: Value | readonly Value[];
}

/** By which route each way of asking goes; a file and a subscription begin with their own. */
const ROUTES: Readonly<Record<Delivery, readonly [path: string, name: Localised]>> = {
  query: ['/v1/query', { zh: '查询', en: 'Query' }],
  verify: ['/v1/verify', { zh: '核验', en: 'Verification' }],
  batch: ['/v1/batch', { zh: '批量查询', en: 'Batch query' }],
  file: ['/v1/files', { zh: '文件交换', en: 'File exchange' }],
  subscription: ['/v1/subscriptions', { zh: '订阅', en: 'Subscription' }],
};

const id = (iri: string): Value => ({ '@id': iri });
const words = (text: Words): readonly Value[] =>
  (['zh', 'en'] as const).flatMap((language) => {
    const said = text[language];
    return said === undefined ? [] : [{ '@value': said, '@language': language }];
  });
const typed = (type: string, value: string): Value => ({ '@value': value, '@type': type });

/** Writes one catalogue; what several entries name stands in the graph once. */
class Graph {
  readonly #nodes = new Map<string, Node>();
  readonly #addresses: Addresses;
  readonly #base: string;

  constructor(prefix: string, addresses: Addresses) {
    this.#addresses = addresses;
    this.#base = `urn:x-yitong:${prefix}`;
  }

  get nodes(): readonly Node[] {
    return [...this.#nodes.values()];
  }

  /** @returns its id, as a value */
  #add(iri: string, make: () => Omit<Node, '@id'>): Value {
    if (!this.#nodes.has(iri)) this.#nodes.set(iri, { '@id': iri, ...make() } as Node);
    return id(iri);
  }

  /** A code of a table, with its table. */
  #code(table: TableName, code: string, type: string): Value {
    const scheme = this.#add(tableIri(table), () => ({
      '@type': 'skos:ConceptScheme',
      'dct:title': [{ '@value': table, '@language': 'en' }],
    }));
    const label = LABELS[table]?.[code] ?? { zh: code, en: code };
    return this.#add(codeIri(table, code), () => ({
      '@type': type === 'skos:Concept' ? type : ['skos:Concept', type],
      'skos:inScheme': scheme,
      'skos:prefLabel': words(label),
    }));
  }

  #ownConcept(kind: 'kind' | 'category', name: string, language: 'zh' | 'en'): Value {
    const scheme = this.#add(`${this.#base}:${kind}`, () => ({
      '@type': 'skos:ConceptScheme',
      'dct:title': [{ '@value': kind, '@language': 'en' }],
    }));
    return this.#add(`${this.#base}:${kind}:${encodeURIComponent(name)}`, () => ({
      '@type': 'skos:Concept',
      'skos:inScheme': scheme,
      'skos:prefLabel': [{ '@value': name, '@language': language }],
      'skos:notation': name,
    }));
  }

  #publisher({ id: name, name: title }: ExchangedPublisher): Value {
    return this.#add(`${this.#base}:authority:${name}`, () => ({
      '@type': 'foaf:Agent',
      'foaf:name': words(title),
      'dct:identifier': name,
    }));
  }

  #contact({ id: name, name: title, contact }: ExchangedPublisher): Value {
    return this.#add(`${this.#base}:contact:${name}`, () => ({
      '@type': ['vcard:Kind', 'vcard:Organization'],
      'vcard:fn': words(title),
      ...(contact?.office === undefined ? {} : { 'vcard:organization-unit': words(contact.office) }),
      ...(contact?.email === undefined ? {} : { 'vcard:hasEmail': id(`mailto:${contact.email}`) }),
      ...(contact?.telephone === undefined ? {} : { 'vcard:hasTelephone': id(`tel:${contact.telephone}`) }),
    }));
  }

  #legislation(name: string): Value {
    return this.#add(`${this.#base}:act:${encodeURIComponent(name)}`, () => ({
      '@type': 'eli:LegalResource',
      'dct:title': [{ '@value': name, '@language': 'zh' }],
    }));
  }

  #document(url: string): Value {
    return this.#add(url, () => ({ '@type': 'foaf:Document' }));
  }

  #languages(): readonly Value[] {
    return ['ZHO', 'ENG'].map((code) => this.#code('language', code, 'dct:LinguisticSystem'));
  }

  #rights(entry: ExchangedEntry): readonly Value[] {
    const { scope, use, refusal } = entry;
    return Object.entries({ scope, use, refusal }).flatMap(([part, said]) =>
      said === undefined
        ? []
        : [
            this.#add(`${this.#base}:dataset:${entry.id}:${part}`, () => ({
              '@type': 'dct:RightsStatement',
              'dct:identifier': part,
              'dct:description': words(said),
            })),
          ],
    );
  }

  #service(delivery: Delivery, all: ExchangedCatalogue): Value {
    const [path, title] = ROUTES[delivery];
    const served = all.entries.filter((entry) => entry.delivery.includes(delivery));
    return this.#add(`${this.#base}:service:${delivery}`, () => ({
      '@type': 'dcat:DataService',
      'dct:title': words(title),
      'dct:identifier': delivery,
      'dcat:endpointURL': id(`${this.#addresses.api}${path}`),
      'dcat:endpointDescription': id(`${this.#addresses.api}/v1/openapi.json`),
      'dcat:servesDataset': served.map((entry) => id(`${this.#base}:dataset:${entry.id}`)),
      'dct:accessRights': this.#code('access-right', 'RESTRICTED', 'dct:RightsStatement'),
    }));
  }

  #distribution(entry: ExchangedEntry, delivery: Delivery, all: ExchangedCatalogue): Value {
    const [path, title] = ROUTES[delivery];
    const media = 'http://www.iana.org/assignments/media-types/application/json';
    return this.#add(`${this.#base}:dataset:${entry.id}:${delivery}`, () => ({
      '@type': 'dcat:Distribution',
      'dct:title': words(title),
      'dcat:accessURL': id(`${this.#addresses.api}${path}`),
      'dcat:accessService': this.#service(delivery, all),
      'dct:format': this.#code('file-type', 'JSON', 'dct:MediaTypeOrExtent'),
      'dcat:mediaType': this.#add(media, () => ({ '@type': 'dct:MediaType' })),
      'dcatap:availability': this.#code('planned-availability', 'AVAILABLE', 'skos:Concept'),
    }));
  }

  /** Each version of its schema is a standard that the records of that version keep. */
  #schema(entry: ExchangedEntry, version: number): Value {
    return this.#add(`${this.#base}:dataset:${entry.id}:v${String(version)}`, () => ({
      '@type': 'dct:Standard',
      'dct:title': [{ '@value': `${entry.id}, version ${String(version)}`, '@language': 'en' }],
      'owl:versionInfo': String(version),
    }));
  }

  dataset(entry: ExchangedEntry, all: ExchangedCatalogue): Value {
    const { updateFrequency, kind, category, issued, versions } = entry;
    const keeps = versions.map((version) => this.#schema(entry, version));
    const frequency = updateFrequency === undefined ? undefined : frequencyCode(updateFrequency);
    return this.#add(`${this.#base}:dataset:${entry.id}`, () => ({
      '@type': 'dcat:Dataset',
      'dct:identifier': entry.id,
      'dct:title': words(entry.name),
      'dct:description': words(entry.description),
      'dct:publisher': this.#publisher(entry.publisher),
      'dcat:contactPoint': this.#contact(entry.publisher),
      'dct:language': this.#languages(),
      'dct:accessRights': this.#code('access-right', accessRight(entry.attribute), 'dct:RightsStatement'),
      'dct:rights': this.#rights(entry),
      'dcat:theme': themesOf(entry.domains, category).map((code) => this.#code('data-theme', code, 'skos:Concept')),
      'dcat:keyword': entry.domains.map((domain) => ({ '@value': domain, '@language': 'zh' })),
      'dcatap:applicableLegislation': entry.legislation.map((name) => this.#legislation(name)),
      'dcat:landingPage': this.#document(`${this.#addresses.people}/console/datasets/${entry.id}`),
      'dcat:distribution': entry.delivery.map((delivery) => this.#distribution(entry, delivery, all)),
      'dct:conformsTo': keeps,
      ...(frequency === undefined
        ? {}
        : { 'dct:accrualPeriodicity': this.#code('frequency', frequency, 'dct:Frequency') }),
      // an interval that the table does not have, in its own words
      ...(frequency === 'OTHER' && updateFrequency !== undefined
        ? { 'yitong:updateFrequency': typed('xsd:duration', updateFrequency) }
        : {}),
      ...(kind === undefined ? {} : { 'dct:type': this.#ownConcept('kind', kind, 'en') }),
      ...(category === undefined ? {} : { 'dct:subject': this.#ownConcept('category', category, 'zh') }),
      ...(issued === undefined ? {} : { 'dct:issued': typed('xsd:date', issued) }),
      ...(versions.length === 0 ? {} : { 'dcat:version': String(versions.at(-1)) }),
    }));
  }

  catalogue(all: ExchangedCatalogue): void {
    const datasets = all.entries.map((entry) => this.dataset(entry, all));
    const ways = (Object.keys(ROUTES) as Delivery[]).filter((delivery) =>
      all.entries.some((entry) => entry.delivery.includes(delivery)),
    );
    this.#add(`${this.#base}:catalogue`, () => ({
      '@type': 'dcat:Catalog',
      'dct:title': words(all.title),
      'dct:description': words(all.title),
      'dct:identifier': all.prefix,
      'dct:publisher': this.#add(`${this.#base}:publisher`, () => ({
        '@type': 'foaf:Agent',
        'foaf:name': words(all.title),
      })),
      'dct:language': this.#languages(),
      'dct:spatial': this.#code('country', 'CHN', 'dct:Location'),
      'dcat:themeTaxonomy': this.#add(tableIri('data-theme'), () => ({
        '@type': 'skos:ConceptScheme',
        'dct:title': [{ '@value': 'data-theme', '@language': 'en' }],
      })),
      'foaf:homepage': this.#document(this.#addresses.people),
      'dcat:dataset': datasets,
      'dcat:service': ways.map((delivery) => this.#service(delivery, all)),
    }));
  }
}

/** The JSON-LD document; the catalogue itself stands last in its graph. */
export function toDcat(catalogue: ExchangedCatalogue, addresses: Addresses): object {
  const graph = new Graph(catalogue.prefix, addresses);
  graph.catalogue(catalogue);
  return { '@context': PREFIXES, '@graph': graph.nodes };
}
