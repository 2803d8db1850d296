/** Grants as matters about them know them, also those that have ended. */
import type { PolicySet } from '../../../../policies/types.js';
import type { State } from '../../../ground/state/port.js';
import type { Application } from '../application.js';
import { MatterStore } from '../store.js';
import type { GrantOf } from './concern.js';

/** As `grantIdsOf` makes them. */
const APPLIED_ID = /^a-([0-9a-f]{16})-(\d{1,3})-(\d{1,3})$/;

/** Undefined: there is no such grant, and there never was one of an application. */
export const grantFinder =
  ({
    policies,
    state,
  }: {
    readonly policies: () => Pick<PolicySet, 'grants'>;
    readonly state: State;
  }): ((id: string) => Promise<GrantOf | undefined>) =>
  async (id) => {
    const [, matter, part, system] = APPLIED_ID.exec(id) ?? [];
    if (matter !== undefined) {
      const found = await new MatterStore(state).find(matter);
      const application = found?.contents['application'] as unknown as Application | undefined;
      const asked = application?.datasets[Number(part)];
      const client = asked?.systems?.[Number(system)];
      return asked === undefined || client === undefined
        ? undefined
        : { id, client, dataset: asked.dataset, application: { matter, part: asked.dataset } };
    }
    const grant = policies().grants.get(id as never);
    return grant === undefined ? undefined : { id, client: grant.client, dataset: grant.dataset };
  };
