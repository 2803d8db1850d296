/** What the declaration of applications cannot say: what is asked for and answered, and the grants that come of it. */
import { loadActs } from '../../../../contracts/acts.js';
import { dayOf } from '../../../../contracts/calendar.js';
import { YitongError } from '../../../../contracts/errors.js';
import { authorityOf, type DatasetId } from '../../../../contracts/ids.js';
import { WHOLE } from '../../../../contracts/lifecycle/matter.js';
import { placedBetween, type SharingPlaces } from '../../../../contracts/sharing-places.js';
import type { Workspace } from '../../../../contracts/types.js';
import { grantOf } from '../../../../policies/load.js';
import type { PolicySet } from '../../../../policies/types.js';
import { appliedGrants, endedGrants } from '../../../answer/inforce/applied-grants.js';
import { asJson } from '../../../ground/state/as-json.js';
import type { State } from '../../../ground/state/port.js';
import {
  type Application,
  type ApplicationGround,
  agreedWhole,
  checkKnown,
  checkReply,
  grantsOf,
  missingIn,
  type Reply,
  readApplication,
  readReply,
  refuseMissing,
} from '../application.js';
import { standingConsentOf } from '../standing.js';
import type { MatterRules, PlatformAct, Sides, StepAround } from '../types.js';

interface ApplicationParts {
  readonly workspace: Workspace;
  readonly places: SharingPlaces;
  /** What is in force on this replica. */
  readonly policies: () => PolicySet;
  readonly state: State;
  /** Whether a first answer under the grants is possible. @throws YitongError `act_refused` where it is not */
  readonly answerable: (grants: readonly string[]) => Promise<void>;
}

const PLACE = { file: 'the application' };

/** @throws YitongError `act_refused` */
function applicationIn({ contents }: Pick<StepAround, 'contents'>): Application {
  const found = contents['application'];
  if (found === undefined) throw new YitongError('act_refused', 'the matter has no application');
  return found as unknown as Application;
}

const indexOf = ({ datasets }: Application, part: string): number =>
  datasets.findIndex(({ dataset }) => dataset === part);

const replyIn = ({ contents }: StepAround, part: string): Reply => {
  const found = contents[`reply/${part}`];
  if (found === undefined) throw new YitongError('act_refused', 'there is no reply to consent to');
  return found as unknown as Reply;
};

/** The ids of the grants that a part of an application can have: one for each system. */
export const grantIdsOf = (matter: string, application: Application, part: string): readonly string[] => {
  const index = indexOf(application, part);
  return (application.datasets[index]?.systems ?? []).map(
    (_, number) => `a-${matter}-${String(index)}-${String(number)}`,
  );
};

export function applicationRules(parts: ApplicationParts): MatterRules {
  const { workspace, places, state } = parts;
  let known: ReturnType<typeof loadActs> | undefined;
  const ground = async (now: number): Promise<ApplicationGround> => {
    const acts = await (known ??= loadActs(workspace.layers));
    return { workspace, policies: parts.policies(), ...(acts === undefined ? {} : { acts }), today: dayOf(now) };
  };
  const requesterOf = ({ head }: Pick<StepAround, 'head'>): string => head.sides[WHOLE]?.requester ?? '';
  /** Checked as files are. @throws YitongError `act_refused` */
  const granted = ({ contents, head, parts: moved, now, ...around }: StepAround) => {
    const application = applicationIn({ contents });
    return moved.flatMap((part) => {
      const reply = replyIn({ contents, head, parts: moved, now, ...around }, part);
      return [...grantsOf(head.id, application, indexOf(application, part), reply, dayOf(now))].map(([id, grant]) => {
        try {
          grantOf(id, grant, { workspace, ...parts.policies() }, PLACE);
        } catch (cause) {
          throw new YitongError(
            'act_refused',
            `no grant can come of it: ${cause instanceof Error ? cause.message : ''}`,
            { cause },
          );
        }
        return { id, part, grant };
      });
    });
  };
  return {
    contents: {
      async application(given, around) {
        const application = readApplication(given, PLACE);
        const requester = requesterOf(around);
        checkKnown(application, requester, await ground(around.now));
        const sides: Record<string, Sides> = { [WHOLE]: { ...around.head.sides[WHOLE], requester } };
        const variants: Record<string, string> = {};
        for (const { dataset } of application.datasets) {
          const provider = authorityOf(dataset as DatasetId);
          const { authority } = placedBetween(places, workspace, requester, provider);
          sides[dataset] = { provider, authority };
          variants[dataset] = workspace.contracts.get(dataset as DatasetId)?.sharing.attribute ?? 'conditional';
        }
        return {
          content: asJson(application),
          parts: variants,
          sides,
          about: application.datasets.map(({ dataset }) => `dataset/${dataset}`),
        };
      },
      reply(given, around) {
        const reply = readReply(given, PLACE);
        const application = applicationIn(around);
        const asked = application.datasets[indexOf(application, around.event.part ?? '')];
        if (asked === undefined) throw new YitongError('act_refused', 'the application has no such dataset');
        checkReply(reply, asked, workspace);
        return { content: asJson(reply) };
      },
    },
    guards: {
      complete: (around) => refuseMissing(missingIn(applicationIn(around))),
      // what is in force may have changed since it was drafted
      sharable: async (around) => checkKnown(applicationIn(around), requesterOf(around), await ground(around.now)),
      'reply-agrees': (around) => {
        for (const part of around.parts)
          if (!replyIn(around, part).fields.some(({ decision }) => decision === 'agree'))
            throw new YitongError('act_refused', 'the reply agrees to no field; it may: refuse, send-back');
        granted(around);
      },
      'reply-refuses': (around) => {
        for (const part of around.parts)
          if (replyIn(around, part).fields.some(({ decision }) => decision === 'agree'))
            throw new YitongError('act_refused', 'the reply agrees to some fields; it may: agree, send-back');
      },
      'standing-consent': async (around) => {
        for (const part of around.parts)
          if ((await standingConsentOf(state, part)) === undefined)
            throw new YitongError(
              'act_refused',
              'there is no standing consent of the provider, so nothing is agreed to by itself',
            );
        granted(around);
      },
      answerable: (around) => {
        const application = applicationIn(around);
        return parts.answerable(around.parts.flatMap((part) => grantIdsOf(around.head.id, application, part)));
      },
    },
    effects: {
      grant: (around, entry) =>
        appliedGrants(
          granted(around).map(({ id, part, grant }) => ({ id, grant, matter: around.head.id, part, entry })),
        ),
      'end-grant': (around, entry) => {
        const application = applicationIn(around);
        return endedGrants(
          around.parts.flatMap((part) => grantIdsOf(around.head.id, application, part)),
          { at: new Date(around.event.at).toISOString(), entry },
        );
      },
    },
    next: (around) => nextOf(around, state),
  };
}

/** Unconditional items answer themselves under a standing consent, and only under one. */
async function nextOf(around: StepAround, state: State): Promise<readonly PlatformAct[]> {
  const { lifecycle, event, after } = around;
  if (lifecycle.about.matter !== 'application' || !['file', 'complete', 'agree-standing'].includes(event.act))
    return [];
  for (const [part, { state: where, holder }] of Object.entries(after.parts)) {
    if (where !== 'filed' || holder !== 'unconditional' || (await standingConsentOf(state, part)) === undefined)
      continue;
    const application = applicationIn(around);
    const asked = application.datasets[indexOf(application, part)];
    if (asked !== undefined) return [{ act: 'agree-standing', part, fields: {}, content: asJson(agreedWhole(asked)) }];
  }
  return [];
}
