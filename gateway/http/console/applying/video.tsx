/** The applicant's side of a video question. */
import type { JSX } from 'preact';
import type { Bundle } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import { Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { VideoPage } from '../../ui/video.js';
import { PATH } from './desk.js';

interface OwnVideoProps {
  readonly language: Language;
  /** Of the case. */
  readonly id: string;
  readonly bundle: Bundle;
  /** To which it belongs, where its turn is now. */
  readonly step: string | undefined;
  /** Under which it was done. */
  readonly reference: string | undefined;
  readonly events: number;
}

export function ownVideoPage({ language, id, bundle, step, reference, events }: OwnVideoProps): JSX.Element {
  const say = sayIn(language);
  return (
    <VideoPage
      language={language}
      title={bundle.title[language]}
      reference={reference}
      side="applicant"
      isDone={reference !== undefined}
      back={{ href: `${PATH}/${id}`, title: say('← 回到办件', '← Back to the case') }}
    >
      {step === undefined ? null : (
        <Form
          name="video"
          action={`${PATH}/${id}`}
          hidden={{ act: 'step', step, port: 'video', key: `step ${step} video ${String(events)}` }}
        >
          <p class="row goes">
            <button class="button big" type="submit">
              {say('逐项回答“是”，完成核验', 'Answer yes to each, and end it')}
            </button>
          </p>
        </Form>
      )}
    </VideoPage>
  );
}
