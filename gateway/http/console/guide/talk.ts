/**
 * /guide/cases: the conversation by which whoever applies fills in a case and submits it: one question at a time, each
 * answer in the draft, nothing submitted without an explicit word. The service behind it is that of the pages of the
 * application and of `/v1/cases`; each look and each act is on record first. Needs no script, and no answer stands in
 * an address.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { mergeForm } from '../../../../contracts/bundle/merge.js';
import type { Bundle, Json, StepPort } from '../../../../contracts/bundle/types.js';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { GatewayContext } from '../../../documents/context.js';
import { countTurn } from '../../../ground/counts/counts.js';
import { fitsSchema } from '../../../procedures/cases/form.js';
import type { HeardBook } from '../../../procedures/guide/heard.js';
import {
  nextTurn,
  submitConfirmed,
  type Talk,
  type Turn,
  takeAnswer,
  turnsOf,
} from '../../../procedures/guide/talk.js';
import { formFault } from '../../plugins/forms.js';
import { sendFramed } from '../../ui/frame.js';
import { applicantIn, beginningOf, bundleNamed, openWith } from '../applying/beginning.js';
import { type ApplyingDesk, applicantWords, goTo, type OwnCase, openDesk, ROLES } from '../applying/desk.js';
import { draftOf, putSent } from '../applying/draft.js';
import { unanswered, wrongAnswer } from '../applying/questions.js';
import { missingWords, type Sent, valuesIn, wrongWords } from '../applying/reading.js';
import { readAnswers } from '../matters/answers.js';
import { beginPage } from './begin.js';
import { type Carried, carriedIn, isLargeFor, saidIn, uncarry } from './carried.js';
import { spokenIn } from './heard.js';
import { summaryPage } from './summary.js';
import { MOST_SAID, nameOfTurn, TALK } from './talk-parts.js';
import type { TalkProps } from './talk-props.js';
import { turnPage } from './turn.js';

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: { readonly at?: string; readonly type?: string };
  readonly Body: Sent;
}

/** In the metrics, and for whoever looks after the words. @param turn to which question */
type Counting = (bundle: string, what: Parameters<typeof countTurn>[1], turn?: string) => void;

const own = { schema: { hide: true }, config: { roles: ROLES, lists: 'any' } } as const;
const MOVED: Localised = {
  zh: '您核对之后内容有改动，请重新核对后再确认。',
  en: 'It was changed since you looked: look it over again, then confirm.',
};
const text = (value: string | readonly string[] | undefined): string => (typeof value === 'string' ? value : '');

/** Answers and values that were said before there was a case; what cannot be taken is asked. */
async function startOf(desk: ApplyingDesk, bundle: Bundle, sent: Sent) {
  const { elements } = (await desk.cases()).content;
  const { answers } = readAnswers(bundle, [...bundle.questions.values()], sent);
  const asked = new Map(
    mergeForm(bundle, elements, answers).fields.flatMap((field) =>
      field.way.way === 'asked' ? [[field.element.id, field] as const] : [],
    ),
  );
  const values = Object.entries(valuesIn(sent, elements, {})).filter(([id, value]) => {
    const field = asked.get(id);
    return field !== undefined && fitsSchema(field.schema, value);
  });
  return { answers, values: Object.fromEntries(values) };
}

function beginRoutes(app: FastifyInstance, desk: ApplyingDesk): void {
  app.get<Route>('/guide/begin', own, async (request, reply) => {
    const { language } = request;
    const carried: Carried = carriedIn(request);
    const bundle = await bundleNamed(desk, carried.bundle);
    const service = await desk.cases();
    return sendFramed(request, reply, {
      title: bundle.title[language],
      workspace: desk.workspace,
      scripts: ['speak.js'],
      children: beginPage({
        language,
        bundle,
        isLarge: isLargeFor(request, reply),
        said: saidIn(bundle, service.content.elements, desk.workspace.codelists, carried, language),
        fields: carried.fields,
        ...(await beginningOf(desk, request, bundle)),
      }),
    });
  });

  app.post<Route>(TALK, own, async (request, reply) => {
    const { body } = request;
    const bundle = await bundleNamed(desk, text(body['bundle']));
    const subject = applicantIn(request, bundle, text(body['of']));
    const start = await startOf(desk, bundle, body);
    const id = await openWith(desk, request, { bundle, subject, once: text(body['once']) }, start);
    uncarry(reply);
    return goTo(reply, `${TALK}/${id}`);
  });
}

interface Open {
  readonly mine: OwnCase;
  readonly talk: Talk;
  readonly props: TalkProps;
}

/** Undefined where it is no draft any more. */
async function openTalk(desk: ApplyingDesk, request: FastifyRequest, reply: FastifyReply): Promise<Open | undefined> {
  const mine = await desk.ownCase(request, (request.params as Route['Params']).id);
  const { cases, found, subject, bundle } = mine;
  if (found.state.phase !== 'draft' || found.contents === undefined) return undefined;
  const draft = await draftOf(desk, request, mine);
  const { form } = draft;
  const turns = turnsOf(form);
  const how = desk.how(request, subject);
  const call = await cases.call(found.id, how);
  return {
    mine,
    talk: { found, form, turns },
    props: {
      ...draft,
      found,
      answers: found.contents.answers,
      turns,
      applicant: applicantWords(subject, form.values),
      lead: desk.nameOf(bundle.authority, request.language),
      objections: bundle.applicant === 'company' ? desk.correction(request, subject) : undefined,
      materials: nextTurn(turns) === undefined ? await cases.materials(found.id, how) : [],
      development: desk.development,
      isLarge: isLargeFor(request, reply),
      call,
    },
  };
}

function showRoute(app: FastifyInstance, desk: ApplyingDesk, count: Counting): void {
  app.get<Route>(`${TALK}/:id`, own, async (request, reply) => {
    const open = await openTalk(desk, request, reply);
    if (open === undefined) return goTo(reply, `/console/matters/${request.params.id}`);
    const { props, talk, mine } = open;
    const again = talk.turns.find((turn) => nameOfTurn(turn) === request.query.at);
    const turn = again ?? nextTurn(talk.turns);
    if (turn !== undefined && again === undefined) count(mine.bundle.id, 'asked');
    return sendFramed(request, reply, {
      title: mine.bundle.title[request.language],
      workspace: desk.workspace,
      scripts: ['speak.js'],
      children: turn === undefined ? summaryPage(props) : turnPage({ ...props, turn }),
    });
  });
}

/** What is wrong with an answer, in the words of the form's page. */
function wordsOfFault(turn: Turn, isBlank: boolean): Localised {
  if (turn.question !== undefined) return isBlank ? unanswered(turn.question) : wrongAnswer(turn.question);
  return isBlank ? missingWords(turn.field.element) : wrongWords(turn.field.element, turn.field.schema);
}

/** The answer as the draft takes it; undefined for a blank. What cannot be read stays as it was written. */
function givenIn(
  turn: Turn,
  sent: Sent,
  mine: OwnCase,
): { readonly given: Json | undefined; readonly isWrong: boolean } {
  if (turn.question !== undefined) {
    const { answers, faults } = readAnswers(mine.bundle, [turn.question], sent);
    return { given: answers[turn.id] as Json | undefined, isWrong: faults.size > 0 };
  }
  return { given: valuesIn(sent, mine.cases.content.elements, {})[turn.id], isWrong: false };
}

function answerRoute(app: FastifyInstance, desk: ApplyingDesk, count: Counting, now: () => number): void {
  app.post<Route>(`${TALK}/:id/answer`, own, async (request, reply) => {
    const { id } = request.params;
    const { body } = request;
    const mine = await desk.ownCase(request, id);
    const how = desk.how(request, mine.subject);
    if (mine.found.state.phase !== 'draft') return goTo(reply, `/console/matters/${id}`);
    const turns = turnsOf(await mine.cases.form(id, how));
    const turn = turns.find((one) => nameOfTurn(one) === body['at']);
    // another tab answered it, or a register says it by now
    if (turn === undefined) return goTo(reply, `${TALK}/${id}`);
    const name = nameOfTurn(turn);
    const says = text(body['says']).trim();
    const heard = says === '' ? undefined : spokenIn(turn, says, desk.workspace.codelists, now());
    const bundle = mine.bundle.id;
    const notTaken = (faults: Readonly<Record<string, Localised>>): never => {
      count(bundle, 'not-understood', turn.id);
      throw formFault(faults, 'bad_answers');
    };
    if (says !== '' && heard === undefined)
      notTaken({
        says: {
          zh: '没有听懂。请换个说法，或者在上面选择、填写；这里只回答本题。',
          en: 'That was not understood. Say it another way, or answer above; this is for this question only.',
        },
      });
    const { given, isWrong } = givenIn(turn, { [name]: heard ?? body[name] }, mine);
    const field = says === '' ? name : 'says';
    if (isWrong) notTaken({ [field]: wordsOfFault(turn, false) });
    const outcome = await takeAnswer(mine.cases, id, { turn: turn.id, given }, how);
    if (outcome === 'wrong') notTaken({ [field]: wordsOfFault(turn, given === undefined) });
    if (outcome === 'taken') count(bundle, 'answered');
    return goTo(reply, `${TALK}/${id}`);
  });
}

function actRoutes(app: FastifyInstance, desk: ApplyingDesk, count: Counting): void {
  app.post<Route>(`${TALK}/:id`, own, async (request, reply) => {
    const { id } = request.params;
    const { body } = request;
    const { cases, subject, bundle } = await desk.ownCase(request, id);
    if (body['act'] === 'step') {
      const key = text(body['key']).slice(0, 100);
      const how = desk.how(request, subject, key === '' ? undefined : key);
      await cases.act(id, { act: 'step', step: text(body['step']), port: text(body['port']) as StepPort }, how);
      return goTo(reply, `${TALK}/${id}#steps`);
    }
    if (body['act'] !== 'submit') throw new YitongError('bad_request', 'the form does nothing that can be done');
    const confirmed = body['confirmed'] === 'yes';
    if (!confirmed)
      throw formFault(
        { confirmed: { zh: '请核对后勾选确认，再提交。', en: 'Look it over and tick the box, then submit.' } },
        'act_incomplete',
      );
    const seen = text(body['seen']);
    const how = desk.how(request, subject, `guide submit ${seen}`.slice(0, 100));
    await submitConfirmed(cases, id, { confirmed, seen: Number(seen) }, how).catch((error: unknown) => {
      throw isYitongError(error) && error.code === 'ticket_moved' ? formFault({ confirmed: MOVED }, error.code) : error;
    });
    count(bundle.id, 'submitted');
    return goTo(reply, `/console/matters/${id}`);
  });

  app.post<Route>(`${TALK}/:id/help`, own, async (request, reply) => {
    const { id } = request.params;
    const { cases, subject, bundle } = await desk.ownCase(request, id);
    const says = text(request.body['says']).trim();
    if (says.length > MOST_SAID)
      throw formFault({ says: { zh: `不超过${MOST_SAID}个字`, en: `at most ${MOST_SAID} characters` } });
    await cases.callPerson(id, says, desk.how(request, subject));
    count(bundle.id, 'handed-over');
    return goTo(reply, `${TALK}/${id}#handover`);
  });
}

interface MaterialRoute {
  readonly Params: { readonly id: string; readonly material: string };
}

function materialRoute(app: FastifyInstance, desk: ApplyingDesk): void {
  app.post<MaterialRoute>(
    `${TALK}/:id/materials/:material`,
    { ...own, config: { ...own.config, files: true } },
    async (request, reply) => {
      const { id, material } = request.params;
      await putSent(desk, request, await desk.ownCase(request, id), material);
      return goTo(reply, `${TALK}/${id}#materials`);
    },
  );
}

export function talkRoutes(app: FastifyInstance, context: GatewayContext, heard: HeardBook): void {
  const desk = openDesk(app, context);
  beginRoutes(app, desk);
  const count: Counting = (bundle, what, turn) => {
    countTurn(bundle, what);
    heard.note(what, bundle, turn);
  };
  showRoute(app, desk, count);
  answerRoute(app, desk, count, context.now);
  actRoutes(app, desk, count);
  materialRoute(app, desk);
}
