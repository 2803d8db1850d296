/**
 * Search over the catalogue: datasets, their fields, code lists, purposes and authorities, by words in either language,
 * by pinyin, and by traditional characters, which sound as the simplified ones do. Only what the workspace declares is
 * in it, never a record.
 */
import MiniSearch, { type Query } from 'minisearch';
import { simplified } from '../../../connectors/propose/traditional.js';
import type { Localised, Workspace } from '../../../contracts/types.js';
import type { PolicySet } from '../../../policies/types.js';
import { soundOf, spelt } from '../guide/sounds.js';

export type ThingKind = 'dataset' | 'field' | 'codelist' | 'purpose' | 'authority' | 'description';

/** Why a dataset was found. */
export interface Thing {
  readonly dataset: string;
  readonly kind: ThingKind;
  readonly name: Localised;
}

interface Indexed extends Thing {
  readonly id: number;
  readonly says: string;
}

/** How much each counts. */
const WEIGHTS: Readonly<Record<ThingKind, number>> = {
  dataset: 8,
  authority: 4,
  purpose: 3,
  field: 2,
  codelist: 1.5,
  description: 1,
};
const MOST_CHARACTERS = 100;

const HAN = /\p{Script=Han}+/gu;
const LATIN = /[a-z0-9]+/g;
const plain = (text: string): string => text.normalize('NFKC').toLowerCase();

/** Sounds of a run of characters: one alone, else each pair that stands together. */
function pairs(sounds: readonly string[]): readonly string[] {
  if (sounds.length === 1) return [`s${sounds[0] ?? ''}`];
  return sounds.slice(1).map((sound, at) => `t${sounds[at] ?? ''} ${sound}`);
}
const soundsIn = (run: string): readonly string[] => [...run].map((sign) => soundOf(sign) ?? sign);

/** What a text is found by. */
function tokensOf(text: string): string[] {
  const said = plain(text);
  return [
    ...(said.match(HAN) ?? []).flatMap((run) => {
      const sounds = soundsIn(run);
      return [...sounds.map((sound) => `s${sound}`), ...pairs(sounds)];
    }),
    ...(said.match(LATIN) ?? []).map((word) => `l${word}`),
  ];
}

/** What one word of a question must have; a word in Latin letters may be pinyin as well. */
function queryOf(word: string): Query | undefined {
  const han = (word.match(HAN) ?? []).flatMap((run) => pairs(soundsIn(run)));
  const latin = word.match(LATIN) ?? [];
  const parts: Query[] = han.map((token) => ({ queries: [token], ...EXACT }));
  for (const one of latin) {
    const sounding = spelt(one).map((heard): Query => ({ combineWith: 'AND', queries: [...pairs(heard)], ...EXACT }));
    parts.push({ combineWith: 'OR', queries: [{ queries: [`l${one}`], ...EXACT, prefix: true }, ...sounding] });
  }
  return parts.length === 0 ? undefined : { combineWith: 'AND', queries: parts };
}
const EXACT = { tokenize: (text: string): string[] => [text], prefix: false } as const;

type Ground = Pick<Workspace, 'contracts' | 'authorities' | 'codelists'>;

function* thingsOf(
  { contracts, authorities, codelists }: Ground,
  policies: Pick<PolicySet, 'grants'>,
  purposes: ReadonlyMap<string, { readonly name: Localised }>,
): Generator<Omit<Indexed, 'id'>> {
  const both = ({ zh, en }: Localised): string => `${zh} ${en}`;
  for (const contract of contracts.values()) {
    const dataset = contract.id;
    const thing = (kind: ThingKind, name: Localised, says = both(name)): Omit<Indexed, 'id'> => ({
      dataset,
      kind,
      name,
      says,
    });
    yield thing('dataset', contract.name, `${both(contract.name)} ${dataset}`);
    yield thing('description', contract.description);
    const authority = authorities.get(contract.authority)?.name;
    if (authority !== undefined) yield thing('authority', authority, `${both(authority)} ${contract.authority}`);
    const lists = new Set<string>();
    for (const { title, codelist } of contract.latest.fields) {
      yield thing('field', title);
      if (codelist !== undefined) lists.add(codelist);
    }
    for (const id of lists) {
      const list = codelists.get(id);
      if (list !== undefined)
        yield thing('codelist', list.name, [list.name, ...list.codes.values()].map(both).join(' '));
    }
    const used = new Set(
      [...policies.grants.values()].flatMap((grant) => (grant.dataset === dataset ? grant.purposes : [])),
    );
    for (const id of used) {
      const name = purposes.get(id)?.name;
      if (name !== undefined) yield thing('purpose', name);
    }
  }
}

/** How far a text is written as the word is, 0 to 1: that comes before what only sounds so. */
function writtenSo(word: string, says: string): number {
  const meant = simplified(word);
  if (says.includes(meant)) return 1;
  const signs = [...meant];
  return signs.filter((sign) => says.includes(sign)).length / signs.length / 2;
}

interface Found {
  readonly dataset: string;
  readonly score: number;
  /** The best first. */
  readonly things: readonly Thing[];
}

export class CatalogueSearch {
  readonly #index = new MiniSearch<Indexed>({
    fields: ['says'],
    storeFields: ['dataset', 'kind', 'name', 'says'],
    tokenize: tokensOf,
    processTerm: (term) => term,
  });

  /** In pieces: whoever waits for an answer meanwhile gets it. */
  static async over(
    workspace: Ground,
    policies: Pick<PolicySet, 'grants'>,
    purposes: ReadonlyMap<string, { readonly name: Localised }>,
  ): Promise<CatalogueSearch> {
    const search = new CatalogueSearch();
    const all = [...thingsOf(workspace, policies, purposes)].map((thing, id) => ({ id, ...thing }));
    await search.#index.addAllAsync(all, { chunkSize: 50 });
    return search;
  }

  /** Datasets of which each word of the question is said somewhere; best first. Empty where nothing was asked. */
  find(text: string): readonly Found[] {
    const words = plain(text.slice(0, MOST_CHARACTERS))
      .split(/[\s,，、;；]+/u)
      .filter(Boolean);
    let found: Map<string, { score: number; things: Map<string, Thing & { score: number }> }> | undefined;
    for (const word of words) {
      const query = queryOf(word);
      if (query === undefined) continue;
      const here: NonNullable<typeof found> = new Map();
      for (const hit of this.#index.search(query)) {
        const { dataset, kind, name, says } = hit as unknown as Indexed;
        if (found !== undefined && !found.has(dataset)) continue;
        const score = hit.score * WEIGHTS[kind] * (1 + 3 * writtenSo(word, plain(says)));
        const one = here.get(dataset) ?? {
          score: found?.get(dataset)?.score ?? 0,
          things: new Map(found?.get(dataset)?.things),
        };
        one.score = Math.max(one.score, (found?.get(dataset)?.score ?? 0) + score);
        const key = `${kind} ${name.zh}`;
        one.things.set(key, { dataset, kind, name, score: Math.max(score, one.things.get(key)?.score ?? 0) });
        here.set(dataset, one);
      }
      found = here;
    }
    return [...(found ?? [])]
      .map(
        ([dataset, { score, things }]): Found => ({
          dataset,
          score,
          things: [...things.values()].sort((a, b) => b.score - a.score).map(({ score: _, ...thing }) => thing),
        }),
      )
      .sort((a, b) => b.score - a.score || (a.dataset < b.dataset ? -1 : 1));
  }
}
