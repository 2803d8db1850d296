/** Declared sentences that a sentence is most like: a second opinion, and what is told as the reason. */
import MiniSearch from 'minisearch';

interface Sentence<Label extends string> {
  readonly says: string;
  readonly label: Label;
}

/** A sentence that was declared, and how like it is: greater is more alike. */
export interface Near<Label extends string> extends Sentence<Label> {
  readonly score: number;
}

export class Nearest<Label extends string> {
  readonly #index: MiniSearch<{ readonly id: number; readonly says: string }>;
  readonly #sentences: readonly Sentence<Label>[];

  /** @param tokens what of a sentence is compared */
  constructor(sentences: readonly Sentence<Label>[], tokens: (text: string) => readonly string[]) {
    this.#sentences = sentences;
    this.#index = new MiniSearch({
      fields: ['says'],
      tokenize: (text) => [...tokens(text)],
      processTerm: (term) => term,
    });
    this.#index.addAll(sentences.map(({ says }, id) => ({ id, says })));
  }

  /** The `most` nearest ones, nearest first. @param tokens of the sentence, as the declared ones have them */
  find(tokens: readonly string[], most: number): readonly Near<Label>[] {
    return this.#index
      .search('', { tokenize: () => [...tokens] })
      .slice(0, most)
      .map(({ id, score }) => ({ ...(this.#sentences[id as number] as Sentence<Label>), score }));
  }
}
