/**
 * What an imported catalogue is to a workspace: entries that it has already, and drafts of folders for those that it
 * lacks. A draft holds what the catalogue said and nothing that was made up: what the law asks for beyond it
 * (assessments, approval, the schema) is for people to add.
 */
import { isDeepStrictEqual } from 'node:util';
import { present } from '../present.js';
import type { ExchangedCatalogue, ExchangedEntry } from './model.js';

interface Compared {
  readonly id: string;
  readonly state: 'new' | 'same' | 'different';
  /** Members that say something else. */
  readonly differs: readonly string[];
  readonly entry: ExchangedEntry;
}

export function compared(found: ExchangedCatalogue, own: ExchangedCatalogue): readonly Compared[] {
  const known = new Map(own.entries.map((entry) => [entry.id, entry]));
  return found.entries.map((entry): Compared => {
    const mine = known.get(entry.id);
    if (mine === undefined) return { id: entry.id, state: 'new', differs: [], entry };
    const members = new Set([...Object.keys(mine), ...Object.keys(entry)]) as Set<keyof ExchangedEntry>;
    const differs = [...members].filter((member) => !isDeepStrictEqual(mine[member], entry[member]));
    return { id: entry.id, state: differs.length === 0 ? 'same' : 'different', differs, entry };
  });
}

const PART = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
/** A part of an id out of what another system calls it. */
function slug(text: string, other: string): string {
  const [last = ''] = text.split(/[/#:]/).filter(Boolean).slice(-1);
  const made = last
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+|-+$/g, '')
    .slice(0, 60);
  return PART.test(made) ? made : other;
}

/** Path below the folder of drafts → what stands in it. */
export function draftsOf(entries: readonly ExchangedEntry[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const put = (path: string, value: object): unknown => files.set(path, `${JSON.stringify(value, undefined, 2)}\n`);
  for (const [at, entry] of entries.entries()) {
    const [first = '', second = '', ...more] = entry.id.split('.');
    const own = more.length === 0 && PART.test(first) && PART.test(second);
    const authority = own ? first : slug(entry.publisher.id, 'imported');
    let dataset = own ? second : slug(entry.id, `dataset-${String(at + 1)}`);
    // two datasets of another catalogue may end alike
    if (files.has(`${authority}/${dataset}/contract.json`)) dataset = `${dataset}-${String(at + 1)}`;
    const { publisher, attribute, delivery, scope, use, refusal, legislation } = entry;
    put(`${authority}/authority.json`, { name: publisher.name, ...present({ contact: publisher.contact }) });
    put(`${authority}/${dataset}/contract.json`, {
      name: entry.name,
      description: entry.description,
      ...present({ updateFrequency: entry.updateFrequency }),
      sharing: {
        attribute,
        ...(attribute === 'none' ? {} : { delivery }),
        ...(attribute === 'conditional' ? { conditions: present({ scope, use }) } : {}),
        ...(attribute === 'none' ? { refusal: { ...present({ reason: refusal }), legalBasis: legislation } } : {}),
      },
      ...(entry.category === undefined ? {} : { grading: { category: entry.category } }),
      domains: entry.domains,
      ...present({ kind: entry.kind }),
    });
  }
  return files;
}
