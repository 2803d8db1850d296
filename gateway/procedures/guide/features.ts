/**
 * What a sentence is known by: its characters, words, and sounds, and the bundles whose own words are heard in it. No
 * word of any bundle stands here: all of them come from the workspace.
 */
import { createRequire } from 'node:module';
import type { Jieba } from '@node-rs/jieba';
import { soundOf } from './sounds.js';

/** How much of a sentence is read. */
export const MOST_CHARACTERS = 400;

/** A sentence without what makes no difference: width, case, punctuation, blanks between Chinese characters. */
export function plainText(text: string): string {
  return text
    .slice(0, MOST_CHARACTERS)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{S}\p{C}]+/gu, ' ')
    .replace(/(?<=\p{Script=Han})\s+(?=\p{Script=Han})/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** How much each kind of feature counts. */
const WEIGHTS = {
  character: 0.6,
  pair: 1,
  three: 0.7,
  word: 1,
  sound: 0.35,
  sounds: 0.8,
  named: 1.6,
  like: 1,
  beside: 1,
  together: 1.5,
} as const;

/** By feature, what it counts; not yet of one length. */
export type Features = ReadonlyMap<string, number>;

const soundsOf = (characters: readonly string[]): readonly string[] =>
  characters.map((one) => soundOf(one) ?? one.toLowerCase());

/** Latin words and numbers stay whole. */
const charactersOf = (text: string): readonly string[] => text.match(/[a-z]+|\d+|[^\sa-z\d]/g) ?? [];

/** What sentences are compared by, one with another: characters, pairs of them, and words. */
export const tokensOf = (features: Features): readonly string[] =>
  [...features.keys()].filter((feature) => '12w'.includes(feature[0] as string));

/** Reads sentences with the words of a workspace. */
export class Reader {
  readonly #jieba: Jieba;
  /** Words → bundles that have them. */
  readonly #named: ReadonlyMap<string, ReadonlySet<string>>;
  /** The same by sounds, of words that are long enough to be told by them. */
  readonly #sounding: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #longest: number;

  /**
   * @param words of the whole workspace
   * @param named by bundle, its own words
   */
  constructor(words: Iterable<string>, named: ReadonlyMap<string, readonly string[]>) {
    const all = new Set<string>();
    const keep = (word: string): void => {
      const plain = plainText(word);
      if (/^\p{Script=Han}{2,12}$/u.test(plain)) all.add(plain);
    };
    for (const word of words) keep(word);
    const byWord = new Map<string, Set<string>>();
    const bySound = new Map<string, Set<string>>();
    const add = (to: Map<string, Set<string>>, key: string, bundle: string): void =>
      void to.set(key, (to.get(key) ?? new Set()).add(bundle));
    for (const [bundle, own] of named)
      for (const word of own) {
        keep(word);
        const characters = charactersOf(plainText(word));
        add(byWord, characters.join(' '), bundle);
        if (characters.length > 1) add(bySound, soundsOf(characters).join(' '), bundle);
      }
    this.#named = byWord;
    this.#sounding = bySound;
    this.#longest = Math.max(1, ...[...byWord.keys()].map((word) => word.split(' ').length));
    // an addon that a worker which nobody asks in sentences does without
    const { Jieba: Words } = createRequire(import.meta.url)('@node-rs/jieba') as typeof import('@node-rs/jieba');
    this.#jieba = Words.withDict(Buffer.from([...all].map((word) => `${word} 1000 n`).join('\n'), 'utf8'));
  }

  /** The words of a sentence, longest first where several fit. */
  words(text: string): readonly string[] {
    return this.#jieba.cut(plainText(text), false).filter((word) => word.trim() !== '');
  }

  features(text: string): Features {
    const plain = plainText(text);
    const found = new Map<string, number>();
    const add = (feature: string, weight: number): void => {
      found.set(feature, Math.max(found.get(feature) ?? 0, weight));
    };
    const characters = charactersOf(plain);
    const sounds = soundsOf(characters);
    for (let at = 0; at < characters.length; at++) {
      add(`1${characters[at] as string}`, WEIGHTS.character);
      add(`s${sounds[at] as string}`, WEIGHTS.sound);
      if (at + 1 < characters.length) {
        add(`2${characters.slice(at, at + 2).join('')}`, WEIGHTS.pair);
        add(`t${sounds.slice(at, at + 2).join(' ')}`, WEIGHTS.sounds);
      }
      if (at + 2 < characters.length) add(`3${characters.slice(at, at + 3).join('')}`, WEIGHTS.three);
    }
    for (const word of this.words(text)) if (word.length > 1) add(`w${word}`, WEIGHTS.word);
    this.#heard(characters, sounds, add);
    return found;
  }

  /**
   * Bundles whose own words are heard, in the writing or, less surely, in the sound; what stands beside such a word,
   * whichever of them it is; and which bundles are heard together.
   */
  #heard(
    characters: readonly string[],
    sounds: readonly string[],
    add: (feature: string, weight: number) => void,
  ): void {
    const together = new Set<string>();
    for (let from = 0; from < characters.length; from++) {
      let isCovered = false;
      const most = Math.min(this.#longest, characters.length - from);
      for (let length = most; length > 0 && !isCovered; length--) {
        const end = from + length;
        const named = this.#named.get(characters.slice(from, end).join(' '));
        const sounding = this.#sounding.get(sounds.slice(from, end).join(' '));
        for (const bundle of named ?? []) add(`n${bundle}`, WEIGHTS.named);
        for (const bundle of sounding ?? []) add(`m${bundle}`, WEIGHTS.like);
        const heard = named ?? sounding;
        if (heard === undefined) continue;
        isCovered = true;
        for (const bundle of heard) {
          together.add(bundle);
          const [before = '^', after = '$'] = [characters[from - 1], characters[end]];
          add(`b${before} ${bundle}`, WEIGHTS.beside);
          add(`a${bundle} ${after}`, WEIGHTS.beside);
          add(`b${characters[from - 2] ?? '^'}${before} ${bundle}`, WEIGHTS.beside);
          add(`a${bundle} ${after}${characters[end + 1] ?? '$'}`, WEIGHTS.beside);
        }
        from = end - 1;
      }
    }
    add(`c${[...together].sort().join(' ')}`, WEIGHTS.together);
  }
}
