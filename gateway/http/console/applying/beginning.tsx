/** Where a case begins, with its questions or in the guide: for whom, and which drafts there are already. */
import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { JSX } from 'preact';
import type { Answers, Bundle, Json } from '../../../../contracts/bundle/types.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { Language } from '../../../ground/language/language.js';
import { hideSubject, spokenFor } from '../../people/sessions.js';
import { sessionOf } from '../../plugins/people.js';
import { PicksField } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { type ApplyingDesk, applicantsFor, subjectWords } from './desk.js';
import { dateWords } from './words.js';

/** Cases of one applicant that are read at once. */
export const PAGE = 50;

export interface Beginning {
  /** For whom it can be done, by what this session calls them. */
  readonly subjects: readonly { readonly hidden: string; readonly subject: string }[];
  /** So that a form that is sent twice opens one case. */
  readonly once: string;
  /** Regions in which the thing may be that it is about, beside this one. */
  readonly regions: readonly { readonly region: string; readonly name: Localised }[];
  /** Drafts of it that were begun before. */
  readonly drafts: readonly { readonly id: string; readonly begun: string }[];
}

/** @throws YitongError `not_found` */
export async function bundleNamed(desk: ApplyingDesk, id: string): Promise<Bundle> {
  const bundle = (await desk.cases()).bundles.get(id);
  if (bundle === undefined) throw new YitongError('not_found', 'there is no such matter');
  return bundle;
}

export async function beginningOf(desk: ApplyingDesk, request: FastifyRequest, bundle: Bundle): Promise<Beginning> {
  const session = sessionOf(request);
  const service = await desk.cases();
  const subjects = applicantsFor(bundle, session.person);
  const drafts = [];
  for (const subject of subjects) {
    const { cases } = await service.list('open', { limit: PAGE }, desk.how(request, subject));
    drafts.push(...cases.filter(({ state }) => state.phase === 'draft' && state.bundle === bundle.id));
  }
  return {
    subjects: subjects.map((subject) => ({ subject, hidden: hideSubject(session, subject) })),
    once: randomBytes(12).toString('base64url'),
    regions: await desk.regionsFor(bundle),
    drafts: drafts.map(({ id, state }) => ({ id, begun: dateWords(state.openedAt, request.language) })),
  };
}

/** For whom a form wants it done. @throws YitongError where the person does not speak for them */
export function applicantIn(request: FastifyRequest, bundle: Bundle, hidden: string): string {
  const session = sessionOf(request);
  return spokenFor(session, hidden, applicantsFor(bundle, session.person));
}

/** Opens a case with what was said already. Sent twice, it is opened once, and what was written since stays. */
export async function openWith(
  desk: ApplyingDesk,
  request: FastifyRequest,
  {
    bundle,
    subject,
    once,
    region,
  }: { readonly bundle: Bundle; readonly subject: string; readonly once: string; readonly region?: string },
  start: { readonly answers: Answers; readonly values: Readonly<Record<string, Json>> },
): Promise<string> {
  const service = await desk.cases();
  const { id, state } = await service.open(bundle.id, desk.how(request, subject, once), present({ region }));
  if (state.events === 1) await service.act(id, { act: 'save', ...start }, desk.how(request, subject));
  return id;
}

/** Whether the thing is here, or in another region. Nothing where it can only be here. */
export function Where({
  language,
  regions,
  here,
}: Pick<Beginning, 'regions'> & { readonly language: Language; readonly here: Localised }): JSX.Element | null {
  const say = sayIn(language);
  if (regions.length === 0) return null;
  return (
    <PicksField
      type="radio"
      name="where"
      label={say('您要办理的事项在哪个地区？', 'In which region is what it is about?')}
      value={['']}
      options={[
        { value: '', title: here[language] },
        ...regions.map(({ region, name }) => ({
          value: region,
          title: name[language],
          hint: say(
            '由该地区的部门办理，在本市提交即可，无需前往',
            'the authorities there do it; you apply here and need not go',
          ),
        })),
      ]}
    />
  );
}

/** Whoever is signed in speaks for nobody who can apply. */
export function NoApplicant({
  language,
  bundle,
}: {
  readonly language: Language;
  readonly bundle: Bundle;
}): JSX.Element {
  const say = sayIn(language);
  return (
    <p class="notice warn" role="status">
      {bundle.applicant === 'company'
        ? say(
            '此事项由企业申请。您的账号没有关联企业，请使用企业账号登录。',
            'A company applies for this, and your account speaks for none.',
          )
        : say(
            '此事项由个人申请。请使用个人账号登录后办理。',
            'A person applies for this: sign in with your own account.',
          )}
    </p>
  );
}

/** Each leads to where it is gone on with, below `path`. */
export function Drafts(
  props: Pick<Beginning, 'drafts'> & { readonly language: Language; readonly path: string },
): JSX.Element | null {
  const { language, path, drafts } = props;
  const say = sayIn(language);
  if (drafts.length === 0) return null;
  return (
    <div class="notice" role="status">
      <p>{say('您有未提交的草稿，可以接着填写：', 'You have drafts to go on with:')}</p>
      <ul class="plainlist">
        {drafts.map(({ id, begun }) => (
          <li key={id}>
            <a href={`${path}/${id}`}>{say(`${begun}开始的草稿`, `begun on ${begun}`)}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The field `of`: who applies, or a choice where the person speaks for several. */
export function ForWhom(
  props: Pick<Beginning, 'subjects'> & { readonly language: Language; readonly bundle: Bundle },
): JSX.Element {
  const { language, bundle, subjects } = props;
  const say = sayIn(language);
  return subjects.length === 1 ? (
    <p class="soft">
      <input type="hidden" name="of" value={subjects[0]?.hidden} />
      {bundle.applicant === 'company' ? say('申请企业：', 'Company: ') : say('申请人：', 'Applicant: ')}
      <span class="code">{subjectWords(subjects[0]?.subject ?? '')}</span>
    </p>
  ) : (
    <PicksField
      blank
      type="radio"
      name="of"
      label={say('为哪家企业办理？', 'For which company?')}
      value={[subjects[0]?.hidden ?? '']}
      options={subjects.map(({ hidden, subject }) => ({ value: hidden, title: subjectWords(subject) }))}
    />
  );
}
