/** An application from its draft to its end, on each driver of the state. */
import t from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import { decodeSharingStep } from '../../../contracts/sharing-topics.js';
import { APPLIED } from '../../../gateway/answer/inforce/applied-grants.js';
import { setStandingConsent } from '../../../gateway/procedures/sharing/standing.js';
import { SHARED, sharedState } from '../../support/shared-state.js';
import { application, asContent, people, sharingOver, workspace } from './world.js';

t.setTimeout(120_000);

const refusal = async (act: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> => {
  try {
    await act;
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return { code: error.code, message: error.message };
  }
  return { code: 'done', message: '' };
};

const ARREARS = 'tax.tax-arrears';
const LIST = 'tax.dishonesty-list';
const agreed = (paths: readonly string[], refused: readonly string[] = []) =>
  asContent({
    fields: [
      ...paths.map((path) => ({ path, decision: 'agree' })),
      ...refused.map((path) => ({ path, decision: 'refuse', reason: '办理该事项无需此项' })),
    ],
    conditions: ['scope'],
  });

for (const kind of SHARED) {
  t.test(`an application goes its way, ${kind}`, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return;
    const state = await open();
    const DAY = 86_400_000;
    let now = Date.parse('2026-02-10T09:00:00+08:00');
    const { matters, act, deeds } = await sharingOver(state, { now: () => now, told: ['transport', 'tax'] });
    const whole = application();
    const { necessity: _, truthful: __, ...lacking } = whole;

    const draft = await matters.open('application', {}, act(people.officer, 'draft', { content: asContent(lacking) }));
    const { id } = draft.head;
    t.equal((await refusal(matters.get(id, people.taxOfficer))).code, 'not_found', 'a draft is its writer’s');
    t.equal((await refusal(matters.get(id, people.bureau))).code, 'not_found');
    const missing = await refusal(matters.act(id, act(people.head, 'approve')));
    t.equal(missing.code, 'act_incomplete');
    t.match(missing.message, /necessity.*truthful/, 'everything that is missing is told at once');

    await matters.act(id, act(people.officer, 'save', { content: asContent(whole) }));
    const own = await refusal(
      matters.act(
        id,
        act(
          {
            ...people.officer,
            person: {
              ...(people.officer as never as { person: object }).person,
              roles: ['sharing-officer', 'sharing-head'],
            },
          } as never,
          'approve',
        ),
      ),
    );
    t.equal(own.code, 'act_refused', 'nobody consents to what is their own');
    t.match(own.message, /another person/);
    await matters.act(id, act(people.head, 'approve'));
    const filed = await matters.act(id, act(people.officer, 'file'));
    t.equal(filed.state.parts[ARREARS]?.state, 'filed');
    t.equal(
      filed.clocks[ARREARS]?.[0]?.due.day,
      '2026-03-02',
      'ten working days, over Spring Festival and a make-up day',
    );
    t.equal(filed.clocks[LIST]?.[0]?.due.day, '2026-02-11', 'one working day where it is shared without conditions');

    const todo = await matters.list(people.taxOfficer, { tray: 'todo' });
    t.same(
      todo.matters.map(({ head }) => head.id),
      [id],
    );
    t.same((await matters.list(people.samrOfficer, { tray: 'todo' })).matters, [], 'others see nothing of it');

    // what is missing is told once, and is no reason to refuse
    await matters.act(
      id,
      act(people.taxOfficer, 'tell-missing', { part: ARREARS, fields: { missing: '请补充受托方清单' } }),
    );
    const refused = await refusal(
      matters.act(
        id,
        act(people.taxHead, 'refuse', { part: ARREARS, fields: { ground: 'no-duty', reason: '材料不全，退回' } }),
      ),
    );
    t.equal(refused.code, 'act_refused');
    t.match(refused.message, /others may: complete/, 'the possible steps are named');
    now += 2 * DAY;
    await matters.act(id, act(people.officer, 'complete', { part: ARREARS, fields: { supplement: '无受托方' } }));
    t.equal(
      (
        await refusal(
          matters.act(
            id,
            act(people.taxOfficer, 'tell-missing', { part: ARREARS, fields: { missing: '再补充一份材料' } }),
          ),
        )
      ).code,
      'act_refused',
      'only once',
    );

    // an extension: once, with the authority's consent, before the end
    await matters.act(
      id,
      act(people.taxOfficer, 'extend', {
        part: ARREARS,
        clock: 'reply-conditional',
        days: 5,
        fields: { reason: '需会商业务处室' },
      }),
    );
    t.same(
      (await matters.list(people.bureau, { tray: 'todo' })).matters.map(({ head }) => head.id),
      [id],
    );
    await matters.act(id, act(people.bureau, 'consent', { part: ARREARS, clock: 'reply-conditional' }));
    t.equal(
      (
        await refusal(
          matters.act(
            id,
            act(people.taxOfficer, 'extend', {
              part: ARREARS,
              clock: 'reply-conditional',
              days: 5,
              fields: { reason: '再次延长' },
            }),
          ),
        )
      ).code,
      'act_refused',
    );

    const extra = await refusal(
      matters.act(id, act(people.taxOfficer, 'propose', { part: LIST, content: agreed(['reason']) })),
    );
    t.equal(extra.code, 'act_refused', 'no condition that the entry does not list');
    await matters.act(
      id,
      act(people.taxOfficer, 'propose', { part: ARREARS, content: agreed(['amount'], ['taxKind']) }),
    );
    t.equal(
      (
        await refusal(
          matters.act(
            id,
            act(people.taxHead, 'refuse', { part: ARREARS, fields: { ground: 'no-duty', reason: '与职责无关' } }),
          ),
        )
      ).code,
      'act_refused',
      'it agrees to some',
    );
    const yes = await matters.act(id, act(people.taxHead, 'agree', { part: ARREARS }));
    t.equal(yes.state.parts[ARREARS]?.state, 'agreed');
    t.equal(yes.state.parts[LIST]?.state, 'filed', 'each dataset goes its own way');
    const grants = (await state.set(APPLIED)).members;
    t.same([...grants.keys()], [`a-${id}-0-0`]);
    t.match(grants.get(`a-${id}-0-0`), {
      grant: { fields: ['amount'], callsADay: 200, client: 'transport-licensing' },
    });

    await matters.act(id, act(people.taxOfficer, 'supply', { part: ARREARS }));
    await matters.act(id, act(people.officer, 'use', { part: ARREARS }));
    await matters.act(id, act(people.officer, 'end', { part: ARREARS, fields: { reason: '事项已取消' } }));
    t.match((await state.set(APPLIED)).members.get(`a-${id}-0-0`), { ended: {} }, 'the grant has ended, and says so');
    const told = (await state.outbox(200)).map(({ topic, value }) => ({
      topic,
      ...decodeSharingStep(Buffer.from(value ?? '', 'base64')),
    }));
    const toldOf = (authority: string): string =>
      told
        .flatMap(({ topic, act: done, part }) =>
          topic === `town.${authority}._sharing` && part === ARREARS ? [done] : [],
        )
        .join();
    const shared = 'file,tell-missing,complete,extend,consent,propose,agree,supply,use,end';
    t.equal(toldOf('tax'), shared, 'the provider is told from the filing on');
    t.equal(toldOf('transport'), `draft,save,approve,${shared}`, 'the requester of each step, extensions as well');
    t.match(
      told.find(({ act: done }) => done === 'file'),
      { machine: 'application', state: 'filed', due: /^2026-/ },
    );
    t.equal(deeds.filter(({ action }) => action === 'sharing_act_void').length, 0);
    t.notOk(
      JSON.stringify(deeds.map(({ detail }) => detail)).includes('欠税'),
      'what was said stands under a key only',
    );
  });

  t.test(`a standing consent, and it alone, answers for unconditional items, ${kind}`, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return;
    const state = await open();
    const now = () => Date.parse('2026-03-02T09:00:00+08:00');
    const { matters, act } = await sharingOver(state, { now });
    const how = { workspace, state, now, record: act(people.taxHead, '').record };
    const consent = (actor: (typeof people)['taxHead'], dataset: string) =>
      refusal(setStandingConsent({ ...how, actor }, dataset, { stands: true, reason: '无条件共享类，统一同意' }));
    t.equal((await consent(people.taxOfficer, LIST)).code, 'act_refused', 'only the head');
    t.equal((await consent(people.samrHead, LIST)).code, 'act_refused', 'only the provider’s');
    t.equal((await consent(people.taxHead, ARREARS)).code, 'act_refused', 'only without conditions');
    const filed = async () => {
      const { head } = await matters.open(
        'application',
        {},
        act(people.officer, 'draft', { content: asContent(application()) }),
      );
      await matters.act(head.id, act(people.head, 'approve'));
      return matters.act(head.id, act(people.officer, 'file'));
    };
    t.equal((await filed()).state.parts[LIST]?.state, 'filed', 'nothing by itself before');
    t.equal((await consent(people.taxHead, LIST)).code, 'done');
    const { state: after, head } = await filed();
    t.same([after.parts[LIST]?.state, after.parts[ARREARS]?.state], ['agreed', 'filed']);
    t.same([...(await state.set(APPLIED)).members.keys()], [`a-${head.id}-1-0`]);
  });
}
