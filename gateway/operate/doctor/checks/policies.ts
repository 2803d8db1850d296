/** Who may ask for what: whether it loads, and whether it comes to an end soon. */
import { loadFeeds } from '../../../../connectors/feeds.js';
import { authorityOf } from '../../../../contracts/ids.js';
import { endOfDay } from '../../../../policies/dates.js';
import { type Check, fail, ok, warn } from '../port.js';

const DAY = 86_400_000;
/**
 * Days before a grant ends at which somebody should begin with a new application: the authority has ten working days to
 * answer.
 */
const SOON = 30;

const check: Check = {
  about: 'clients, grants, purposes and policies',
  order: 2,
  async run(patient) {
    const { clients, grants, purposes, rules } = await patient.policies();
    const now = patient.now();
    const ending = [...grants.values()].filter(
      ({ until }) => endOfDay(until) > now && endOfDay(until) < now + SOON * DAY,
    );
    const over = [...grants.values()].filter(({ until }) => endOfDay(until) <= now);
    // one of a department that pushes its records asks for nothing
    const pushing = new Set(
      [...(await loadFeeds(await patient.workspace())).values()].flatMap(({ dataset, schedule }) =>
        schedule === 'push' ? [authorityOf(dataset)] : [],
      ),
    );
    const idle = [...clients.values()].flatMap(({ id, authority }) =>
      (authority !== undefined && pushing.has(authority)) || [...grants.values()].some(({ client }) => client === id)
        ? []
        : [id],
    );
    return [
      grants.size === 0
        ? fail('there is no grant: every question is denied', 'write policies/grants/<grant>.json (docs/grants.md)')
        : ok(`${clients.size} clients, ${grants.size} grants, ${purposes.size} purposes, ${rules.length} policies`),
      ...(ending.length === 0
        ? []
        : [
            warn(
              `within ${SOON} days end the grants ${ending.map(({ id }) => id).join(', ')}`,
              'a new application takes up to ten working days (政务数据共享条例 Art.21)',
            ),
          ]),
      ...(over.length === 0
        ? []
        : [
            warn(
              `the term of ${over.map(({ id }) => id).join(', ')} is over`,
              'remove the files, or put a new approval into them',
            ),
          ]),
      ...(idle.length === 0
        ? []
        : [warn(`${idle.join(', ')} has no grant at all`, 'remove the client, or add its grant')]),
    ];
  },
};
export default check;
