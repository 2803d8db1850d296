/**
 * A video question as the development driver pretends it: the same page for both sides, each from its own. No picture
 * is taken and nothing is sent; a real driver brings a page of its own.
 */
import type { ComponentChildren, JSX } from 'preact';
import type { Language } from '../../ground/language/language.js';
import { sayIn } from './say.js';

interface VideoProps {
  readonly language: Language;
  /** Of the matter. */
  readonly title: string;
  /** Under which both sides know it. */
  readonly reference: string | undefined;
  /** Whose page it is. */
  readonly side: 'applicant' | 'officer';
  readonly isDone: boolean;
  readonly back: { readonly href: string; readonly title: string };
  /** What ends it. */
  readonly children?: ComponentChildren;
}

const QUESTIONS = [
  { zh: '请出示本人有效身份证件。', en: 'Show your identity document.' },
  { zh: '是否由您本人自愿申请办理？', en: 'Do you apply yourself, and of your own will?' },
  { zh: '表中内容是否经您核对，真实无误？', en: 'Have you checked what is in the form, and is it true?' },
] as const;

export function VideoPage({ language, title, reference, side, isDone, back, children }: VideoProps): JSX.Element {
  const say = sayIn(language);
  const isApplicant = side === 'applicant';
  return (
    <div class="apply video-question">
      <p class="foot">
        <a href={back.href}>{back.title}</a>
      </p>
      <h1>{say('视频核验', 'Video question')}</h1>
      <p class="lead">{title}</p>
      <p class="notice" role="status">
        {say(
          '演示环境：不采集画面，不产生实际效力；双方看到的是同一次核验。',
          'Demonstration: no picture is taken, and it has no effect. Both sides see the same call.',
        )}
      </p>
      <div class="call-sides">
        <section class="card pad" aria-labelledby="side-applicant">
          <h2 id="side-applicant">{say('申请人', 'Applicant')}</h2>
          <p class="soft">{isApplicant ? say('您在这一侧', 'your side') : say('对方', 'the other side')}</p>
          <span class={`state ${isDone ? 'ok' : 'warn'}`}>
            {isDone ? say('已核验', 'seen') : say('正在核验', 'being seen')}
          </span>
        </section>
        <section class="card pad" aria-labelledby="side-officer">
          <h2 id="side-officer">{say('工作人员', 'Officer')}</h2>
          <p class="soft">{isApplicant ? say('对方', 'the other side') : say('您在这一侧', 'your side')}</p>
          <span class={`state ${isDone ? 'ok' : 'warn'}`}>
            {isDone ? say('已确认', 'confirmed') : say('等待确认', 'waits')}
          </span>
        </section>
      </div>
      <h2>{say('询问内容', 'What is asked')}</h2>
      <ol class="card needs">
        {QUESTIONS.map((one) => (
          <li key={one.en}>
            {one[language]}
            {isDone ? <span class="state ok">{say('申请人已回答“是”', 'answered: yes')}</span> : null}
          </li>
        ))}
      </ol>
      {reference === undefined ? null : (
        <p class="soft">
          {say('核验编号 ', 'Reference ')}
          <span class="mono exact">{reference.replace(/^[a-z]+-/, '').toUpperCase()}</span>
        </p>
      )}
      {children}
    </div>
  );
}
