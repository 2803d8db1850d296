/**
 * A linear classifier over features: multinomial logistic regression, trained on the sentences that the workspace
 * declares. The same sentences give the same classifier, bit by bit: nothing is drawn at random.
 */
import type { Features } from './features.js';

interface Example<Label extends string> {
  readonly features: Features;
  readonly label: Label;
}

const ROUNDS = 20;
const STEP = 0.1;
/** Keeps weights small, so that no single feature decides. */
const SHRINK = 2e-5;

/** Length of what stands for a sentence. */
const LENGTH = 3;
/** How much a feature that no example has takes from the others. */
const UNKNOWN = 0.3;

interface Row {
  readonly at: Int32Array;
  readonly values: Float64Array;
}

/** Class probabilities of a sentence. */
export class Classifier<Label extends string> {
  readonly labels: readonly Label[];
  readonly #index = new Map<string, number>();
  /** How seldom a feature is. */
  readonly #rarity: Float64Array;
  /** By feature, then by label; the last row is the bias. */
  readonly #weights: Float64Array;

  private constructor(examples: readonly Example<Label>[]) {
    this.labels = [...new Set(examples.map(({ label }) => label))].sort();
    const seen: number[] = [];
    for (const { features } of examples)
      for (const feature of features.keys()) {
        const at = this.#index.get(feature);
        if (at === undefined) {
          this.#index.set(feature, seen.length);
          seen.push(1);
        } else seen[at] = (seen[at] as number) + 1;
      }
    this.#rarity = Float64Array.from(seen, (count) => Math.log(1 + examples.length / count) / 3);
    this.#weights = new Float64Array((seen.length + 1) * this.labels.length);
  }

  /** Trained, a round at a time: between them the process does what else it has to do. */
  static async trained<Label extends string>(
    examples: readonly Example<Label>[],
    pause: () => Promise<unknown>,
  ): Promise<Classifier<Label>> {
    const made = new Classifier(examples);
    for (const _ of made.#train(examples)) await pause();
    return made;
  }

  /** By label; they add up to one. */
  probabilities(features: Features): ReadonlyMap<Label, number> {
    const found = this.#scores(this.#row(features));
    return new Map(this.labels.map((label, at) => [label, found[at] as number]));
  }

  /** Of one length; features that no example has say nothing, and make the rest count less. */
  #row(features: Features): Row {
    const [at, values]: [number[], number[]] = [[], []];
    let square = 0;
    for (const [feature, weight] of features) {
      const index = this.#index.get(feature);
      if (index === undefined) {
        square += weight * weight * UNKNOWN;
        continue;
      }
      const value = weight * (this.#rarity[index] as number);
      square += value * value;
      at.push(index);
      values.push(value);
    }
    const length = Math.sqrt(square) || 1;
    return { at: Int32Array.from(at), values: Float64Array.from(values, (value) => (LENGTH * value) / length) };
  }

  #scores({ at, values }: Row): Float64Array {
    const size = this.labels.length;
    const found = this.#weights.slice(-size);
    for (let one = 0; one < at.length; one++) {
      const base = (at[one] as number) * size;
      const value = values[one] as number;
      for (let label = 0; label < size; label++)
        found[label] = (found[label] as number) + value * (this.#weights[base + label] as number);
    }
    const top = Math.max(...found);
    let sum = 0;
    for (let label = 0; label < size; label++) sum += found[label] = Math.exp((found[label] as number) - top);
    return found.map((value) => value / sum);
  }

  /** Stochastic gradient descent with a step that shrinks for each weight by itself (AdaGrad), in a fixed order. */
  *#train(examples: readonly Example<Label>[]): Generator<void> {
    const size = this.labels.length;
    const rows = examples.map(({ features, label }) => ({
      ...this.#row(features),
      label: this.labels.indexOf(label),
    }));
    const seen = new Float64Array(this.#weights.length).fill(1e-6);
    const bias = this.#weights.length - size;
    const learn = (at: number, slope: number): void => {
      const whole = slope + SHRINK * (this.#weights[at] as number);
      seen[at] = (seen[at] as number) + whole * whole;
      this.#weights[at] = (this.#weights[at] as number) - (STEP * whole) / Math.sqrt(seen[at] as number);
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (let turn = 0; turn < rows.length; turn++) {
        // neighbours in the content are alike: far ones take turns
        const row = rows[(turn * STRIDE + round) % rows.length] as (typeof rows)[number];
        const found = this.#scores(row);
        for (let label = 0; label < size; label++) {
          const slope = (found[label] as number) - (label === row.label ? 1 : 0);
          if (Math.abs(slope) < 1e-4) continue;
          learn(bias + label, slope);
          for (let one = 0; one < row.at.length; one++)
            learn((row.at[one] as number) * size + label, slope * (row.values[one] as number));
        }
      }
      yield;
    }
  }
}

/** A prime, so that every example has its turn. */
const STRIDE = 7919;
