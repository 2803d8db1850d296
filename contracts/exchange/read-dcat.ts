/** A catalogue out of DCAT: our own export comes back as it was, another's with whatever it says. */
import { YitongError } from '../errors.js';
import { present } from '../present.js';
import type { Delivery, SharingAttribute } from '../types.js';
import type { ExchangedCatalogue, ExchangedEntry, ExchangedPublisher, Words } from './model.js';
import { type Graph, RDF_TYPE, readJsonLd, type Term } from './read-jsonld.js';
import { codeOf, durationOfCode } from './vocabulary.js';
import { PREFIXES } from './write-dcat.js';

const DELIVERIES: readonly Delivery[] = ['query', 'verify', 'batch', 'file', 'subscription'];
type Name = `${keyof typeof PREFIXES}:${string}`;

function whole(name: Name): string {
  const [prefix = '', local = ''] = name.split(':');
  return `${PREFIXES[prefix as keyof typeof PREFIXES]}${local}`;
}

class Catalogue {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  ofType(name: Name): readonly string[] {
    const type = whole(name);
    return [...this.#graph].flatMap(([id, properties]) =>
      (properties.get(RDF_TYPE) ?? []).some(({ value }) => value === type) ? [id] : [],
    );
  }

  all(id: string, name: Name): readonly Term[] {
    return this.#graph.get(id)?.get(whole(name)) ?? [];
  }

  one(id: string, name: Name): string | undefined {
    return this.all(id, name)[0]?.value;
  }

  /** The first in each language; what is in no language counts as Chinese where it is written so. */
  words(id: string, name: Name): Words | undefined {
    const said: Partial<Record<'zh' | 'en', string>> = {};
    for (const { value, language } of this.all(id, name)) {
      const spoken = language?.split('-')[0] ?? (/\p{Script=Han}/u.test(value) ? 'zh' : 'en');
      if (spoken === 'zh' || spoken === 'en') said[spoken] ??= value;
    }
    return Object.keys(said).length === 0 ? undefined : said;
  }

  publisher(dataset: string): ExchangedPublisher {
    const agent = this.one(dataset, 'dct:publisher') ?? '';
    const point = this.one(dataset, 'dcat:contactPoint') ?? '';
    const office = this.words(point, 'vcard:organization-unit');
    const telephone = this.one(point, 'vcard:hasTelephone')?.replace(/^tel:/, '');
    const email = this.one(point, 'vcard:hasEmail')?.replace(/^mailto:/, '');
    const contact = present({ office, telephone, email });
    return {
      id: this.one(agent, 'dct:identifier') ?? agent,
      name: this.words(agent, 'foaf:name') ?? {},
      ...(Object.keys(contact).length === 0 ? {} : { contact }),
    };
  }

  frequency(dataset: string): string | undefined {
    const exact = this.one(dataset, 'yitong:updateFrequency');
    const code = codeOf('frequency', this.one(dataset, 'dct:accrualPeriodicity') ?? '');
    return exact ?? (code === undefined ? undefined : durationOfCode(code));
  }

  delivery(dataset: string): readonly Delivery[] {
    const named = this.all(dataset, 'dcat:distribution').flatMap(
      ({ value }) => this.one(this.one(value, 'dcat:accessService') ?? '', 'dct:identifier') ?? [],
    );
    return DELIVERIES.filter((delivery) => named.includes(delivery));
  }

  /** What a note of rights says; ours are told apart by their ids. */
  rights(dataset: string): Pick<ExchangedEntry, 'scope' | 'use' | 'refusal'> {
    const said = (part: string): Words | undefined => {
      const found = this.all(dataset, 'dct:rights').find(({ value }) => this.one(value, 'dct:identifier') === part);
      return found === undefined ? undefined : this.words(found.value, 'dct:description');
    };
    return present({ scope: said('scope'), use: said('use'), refusal: said('refusal') });
  }

  attribute(dataset: string, conditional: boolean): SharingAttribute {
    const code = codeOf('access-right', this.one(dataset, 'dct:accessRights') ?? '');
    if (code === 'PUBLIC') return 'unconditional';
    if (code === 'RESTRICTED') return conditional ? 'conditional' : 'unconditional';
    // what nobody said may be shared is not
    return 'none';
  }

  entry(dataset: string): ExchangedEntry {
    const rights = this.rights(dataset);
    const title = (id: string): string => this.one(id, 'dct:title') ?? id;
    return {
      id: this.one(dataset, 'dct:identifier') ?? dataset,
      name: this.words(dataset, 'dct:title') ?? {},
      description: this.words(dataset, 'dct:description') ?? {},
      publisher: this.publisher(dataset),
      attribute: this.attribute(dataset, rights.scope !== undefined || rights.use !== undefined),
      delivery: this.delivery(dataset),
      ...rights,
      legislation: this.all(dataset, 'dcatap:applicableLegislation').map(({ value }) => title(value)),
      domains: this.all(dataset, 'dcat:keyword').flatMap(({ value, language = 'zh' }) =>
        language.startsWith('zh') ? [value] : [],
      ),
      versions: this.all(dataset, 'dct:conformsTo')
        .map(({ value }) => Number(this.one(value, 'owl:versionInfo')))
        .filter((version) => Number.isSafeInteger(version)),
      ...present({
        updateFrequency: this.frequency(dataset),
        kind: this.one(this.one(dataset, 'dct:type') ?? '', 'skos:notation'),
        category: this.one(this.one(dataset, 'dct:subject') ?? '', 'skos:notation'),
        issued: this.one(dataset, 'dct:issued')?.slice(0, 10),
      }),
    };
  }
}

/** @throws YitongError `bad_request` */
export function fromDcat(text: string): ExchangedCatalogue {
  const read = new Catalogue(readJsonLd(text));
  const datasets = read.ofType('dcat:Dataset');
  if (datasets.length === 0) throw new YitongError('bad_request', 'the file names no dataset (dcat:Dataset)');
  const [catalogue = ''] = read.ofType('dcat:Catalog');
  return {
    title: read.words(catalogue, 'dct:title') ?? {},
    prefix: read.one(catalogue, 'dct:identifier') ?? '',
    entries: datasets.map((dataset) => read.entry(dataset)).sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}
