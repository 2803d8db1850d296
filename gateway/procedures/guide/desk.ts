/**
 * The guide as it answers others: with a configured model where it is not sure itself, counted, and on record before
 * the answer leaves. Of the sentence nothing is kept but, masked, of one that led nowhere.
 */

import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import type { GuideSettings } from '../../ground/config/guide.js';
import { countGuided, countModel } from '../../ground/counts/counts.js';
import { administrationBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';
import { type Guidance, openGuide } from './guide.js';
import type { HeardBook } from './heard.js';
import { masked } from './mask.js';
import { Model } from './model.js';

interface DeskParts {
  readonly workspace: Workspace;
  readonly journal: Pick<Journal, 'append'>;
  readonly settings: { readonly guide: GuideSettings };
  readonly now: () => number;
  readonly heard: HeardBook;
}

interface Asking {
  readonly requestId: string;
  /** The client that asks, or `public page`. */
  readonly by: string;
  /** A bundle that the asker chose among the candidates. */
  readonly chosen?: string;
}

interface GuideDesk {
  /**
   * @throws YitongError `audit_unavailable`: then nothing is told; and of content that cannot be read
   */
  answer(sentence: string, asking: Asking): Promise<Guidance | undefined>;
}

/** A workspace without bundles has no guide: then every answer is undefined. */
export function openGuideDesk({ workspace, journal, settings, now, heard }: DeskParts): GuideDesk {
  const { modelUrl } = settings.guide;
  const model = modelUrl === '' ? undefined : new Model(settings.guide, workspace.layers[0] ?? '.', now);
  return {
    async answer(sentence, { requestId, by, chosen }) {
      const guide = await openGuide(workspace);
      if (guide === undefined) return undefined;
      const own = guide.answer(sentence, now(), chosen);
      const said =
        model === undefined || !guide.isOpen(own)
          ? undefined
          : await model.ask(masked(sentence, workspace), guide.named(own.candidates));
      if (said !== undefined) countModel(said.outcome);
      const guidance = said?.bundle === undefined ? own : guide.answer(sentence, now(), said.bundle);
      const outcome = guidance.bundle !== null ? 'named' : guidance.offTopic ? 'off-topic' : 'unsure';
      await journal.append({
        clear: administrationBody({
          time: new Date(now()).toISOString(),
          action: 'guide_answered',
          by,
          target: guidance.bundle ?? outcome,
          detail: { requestId, ...present({ model: said?.outcome }) },
        }),
      });
      countGuided(outcome);
      // one of the three that was chosen is no new sentence
      if (chosen === undefined) heard.sentence(sentence, guidance, (text) => guide.words(text));
      return guidance;
    },
  };
}
