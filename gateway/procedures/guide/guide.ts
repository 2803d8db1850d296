/**
 * The guide: which matter somebody wants who says it in a sentence of their own. It knows the workspace's declared
 * sentences and words and nothing else, keeps nothing, asks no register, and does nothing for anybody: it names a
 * matter, what the sentence says already, and the next question.
 */

import { setImmediate as pause } from 'node:timers/promises';
import { loadGuideWords } from '../../../contracts/bundle/guide.js';
import { bundlesOf } from '../../../contracts/bundle/load.js';
import { mergeForm } from '../../../contracts/bundle/merge.js';
import { wrongAnswers } from '../../../contracts/bundle/situation.js';
import type { Bundle, Elements } from '../../../contracts/bundle/types.js';
import { oncePer } from '../../../contracts/once.js';
import type { Localised, Workspace } from '../../../contracts/types.js';
import { Classifier } from './classifier.js';
import { type Features, MOST_CHARACTERS, Reader, tokensOf } from './features.js';
import { type Near, Nearest } from './nearest.js';
import { answersOf, type Slot, slotsIn } from './slots.js';

/** Stands for what no bundle is for. */
const ELSEWHERE = '-';

/** How much the nearest sentences count beside the classifier, and how many of them do. */
const SECOND_OPINION = 0.5;
const NEAREST = 8;
/** A matter is named where it is at least so likely, and so much likelier than the next. */
const SURE = 0.3;
const AHEAD = 1.2;
const CANDIDATES = 3;
/** How likely the first one is where it is not sure that none is meant. */
const DOUBT = 0.1;

interface Candidate {
  readonly bundle: string;
  /** From 0 to 1. */
  readonly score: number;
}

/** The next question to who asks. */
interface Ask {
  /** Of the bundle; `bundle` where it is not known which one is meant. */
  readonly question: string;
  readonly asks: Localised;
  readonly type: string;
  readonly choices?: readonly { readonly code: string; readonly title: Localised }[];
}

export interface Guidance {
  /** The matter; null where it is not sure, or where none is meant. */
  readonly bundle: string | null;
  readonly title: Localised | null;
  /** The nearest ones, nearest first. */
  readonly candidates: readonly Candidate[];
  /** None of the matters is meant. */
  readonly offTopic: boolean;
  readonly slots: readonly Slot[];
  readonly ask: Ask | null;
  /** Why, in words for people: a declared sentence that this one is like; or what the guide is for. */
  readonly why: Localised;
}

interface Content {
  readonly workspace: Workspace;
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly elements: Elements;
  /** Sentences that lead nowhere. */
  readonly elsewhere: readonly string[];
}

/** Sentences that are read before others have their turn. */
const READ_AT_ONCE = 100;

class Guide {
  readonly #workspace: Workspace;
  readonly #bundles: ReadonlyMap<string, Bundle>;
  readonly #elements: Elements;
  readonly #reader: Reader;
  readonly #classifier: Classifier<string>;
  readonly #nearest: Nearest<string>;

  private constructor(
    { workspace, bundles, elements }: Content,
    reader: Reader,
    classifier: Classifier<string>,
    nearest: Nearest<string>,
  ) {
    this.#workspace = workspace;
    this.#bundles = bundles;
    this.#elements = elements;
    this.#reader = reader;
    this.#classifier = classifier;
    this.#nearest = nearest;
  }

  /** Learns from what the workspace declares, in many short steps: others are answered meanwhile. */
  static async learned(content: Content): Promise<Guide> {
    const { workspace, bundles, elements, elsewhere } = content;
    const reader = new Reader(wordsOf(workspace, bundles, elements), ownWords(bundles));
    const sentences = [...sentencesOf(bundles, elsewhere)].map(([says, label]) => ({ says, label }));
    const examples: { readonly features: Features; readonly label: string }[] = [];
    for (const { says, label } of sentences) {
      examples.push({ features: reader.features(says), label });
      if (examples.length % READ_AT_ONCE === 0) await pause();
    }
    const classifier = await Classifier.trained(examples, pause);
    return new Guide(content, reader, classifier, new Nearest(sentences, (text) => tokensOf(reader.features(text))));
  }

  /** How likely each bundle is, and none of them. */
  #likely(features: Features, near: readonly Near<string>[]): ReadonlyMap<string, number> {
    const first = this.#classifier.probabilities(features);
    const whole = near.reduce((sum, { score }) => sum + score, 0);
    if (whole === 0) return first;
    return new Map(
      [...first].map(([label, probability]) => {
        const second = near.reduce((sum, one) => sum + (one.label === label ? one.score : 0), 0) / whole;
        return [label, (1 - SECOND_OPINION) * probability + SECOND_OPINION * second];
      }),
    );
  }

  /** Whether another opinion could change the answer: it names no matter, and was not sure that none is meant. */
  isOpen({ bundle, offTopic, candidates }: Guidance): boolean {
    return bundle === null && (!offTopic || (candidates[0]?.score ?? 0) >= DOUBT);
  }

  /** The words of a sentence, those of the workspace whole. */
  words(text: string): readonly string[] {
    return this.#reader.words(text);
  }

  named(candidates: readonly Candidate[]): readonly Bundle[] {
    return candidates.flatMap(({ bundle }) => this.#bundles.get(bundle) ?? []);
  }

  /**
   * @param now ms since 1970
   * @param chosen a bundle that somebody else has chosen among the candidates; any other is none
   */
  answer(sentence: string, now: number, chosen?: string): Guidance {
    const text = sentence.slice(0, MOST_CHARACTERS);
    const features = this.#reader.features(text);
    const near = this.#nearest.find(tokensOf(features), NEAREST);
    const likely = this.#likely(features, near);
    const elsewhere = likely.get(ELSEWHERE) ?? 0;
    const ranked = [...likely]
      .filter(([label]) => label !== ELSEWHERE)
      .sort(([a, p], [b, q]) => q - p || (a < b ? -1 : 1));
    const [first, second] = ranked;
    const candidates = ranked
      .slice(0, CANDIDATES)
      .map(([bundle, score]) => ({ bundle, score: Math.round(score * 1000) / 1000 }));
    const offTopic = first === undefined || elsewhere >= first[1];
    const sure = !offTopic && first[1] >= SURE && first[1] >= AHEAD * (second?.[1] ?? 0);
    const other = candidates.find(({ bundle }) => bundle === chosen)?.bundle;
    const bundle = this.#bundles.get(other ?? (sure ? first[0] : ''));
    if (bundle !== undefined) return { ...this.#about(bundle, text, near, now), candidates };
    return {
      bundle: null,
      title: null,
      candidates,
      offTopic,
      slots: offTopic ? [] : slotsIn(text, [], this.#workspace, now),
      ask: offTopic ? null : this.#which(candidates),
      why: offTopic
        ? this.#purpose()
        : {
            zh: '还不能确定您要办哪一件事，请在下面选择最接近的一件。',
            en: 'It is not clear which matter you mean: choose the nearest.',
          },
    };
  }

  /** What is said of a matter that is named. */
  #about(bundle: Bundle, text: string, near: readonly Near<string>[], now: number): Omit<Guidance, 'candidates'> {
    const before = mergeForm(bundle, this.#elements, {});
    const slots = slotsIn(text, before.fields, this.#workspace, now);
    const given = answersOf(bundle, slots);
    const answers = wrongAnswers(bundle, given).length === 0 ? given : {};
    const [next] = mergeForm(bundle, this.#elements, answers).open;
    const like = near.find(({ label }) => label === bundle.id)?.says;
    return {
      bundle: bundle.id,
      title: bundle.title,
      offTopic: false,
      slots,
      ask:
        next === undefined
          ? null
          : {
              question: next.id,
              asks: next.asks,
              type: next.kind.type,
              ...(next.choices.size === 0
                ? {}
                : { choices: [...next.choices].map(([code, title]) => ({ code, title })) }),
            },
      why:
        like === undefined
          ? { zh: bundle.summary.zh, en: bundle.summary.en }
          : { zh: `您说的与“${like}”相近。`, en: `What you say is like “${like}”.` },
    };
  }

  #which(candidates: readonly Candidate[]): Ask {
    return {
      question: 'bundle',
      asks: { zh: '您要办的是哪一件？', en: 'Which of these do you mean?' },
      type: 'code',
      choices: candidates.map(({ bundle }) => ({
        code: bundle,
        title: this.#bundles.get(bundle)?.title ?? { zh: bundle, en: bundle },
      })),
    };
  }

  /** What it is for. */
  #purpose(): Localised {
    const titles = [...this.#bundles.values()].map(({ title }) => title);
    return {
      zh: `这里只能帮您找到以下事项：${titles.map(({ zh }) => zh).join('、')}。`,
      en: `This helps with the following only: ${titles.map(({ en }) => en).join('; ')}.`,
    };
  }
}

/** Each declared sentence once, with where it leads. What a bundle says of itself counts first. */
function sentencesOf(bundles: ReadonlyMap<string, Bundle>, elsewhere: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const add = (says: string, label: string): void => {
    if (!found.has(says)) found.set(says, label);
  };
  for (const { id, title, intents } of bundles.values()) for (const says of [title.zh, ...intents.says]) add(says, id);
  for (const { intents } of bundles.values())
    for (const { says, bundle } of intents.not) add(says, bundle ?? ELSEWHERE);
  for (const says of elsewhere) add(says, ELSEWHERE);
  return found;
}

const ownWords = (bundles: ReadonlyMap<string, Bundle>): ReadonlyMap<string, readonly string[]> =>
  new Map([...bundles.values()].map(({ id, intents }) => [id, intents.words]));

/** Names that the workspace has for things: they are words, whatever stands beside them. */
function* wordsOf(
  workspace: Workspace,
  bundles: ReadonlyMap<string, Bundle>,
  { elements }: Elements,
): Iterable<string> {
  for (const { title } of elements.values()) yield title.zh;
  for (const { title, items, materials } of bundles.values()) {
    yield title.zh;
    for (const one of [...items.values(), ...materials.values()]) yield one.title.zh;
  }
  for (const { codes } of workspace.codelists.values()) for (const { zh } of codes.values()) yield zh;
}

/**
 * The guide of a workspace; undefined where it declares no bundle. Made with the first question of a process, once.
 * @throws YitongError of a bundle, an element or the guide's words that cannot be read
 */
export const openGuide = oncePer(async (workspace: Workspace): Promise<Guide | undefined> => {
  const [{ bundles, elements }, { elsewhere }] = await Promise.all([
    bundlesOf(workspace),
    loadGuideWords(workspace.layers),
  ]);
  return bundles.size === 0 ? undefined : Guide.learned({ workspace, bundles, elements, elsewhere });
});
