/** The declared content: contracts and feeds. */
import { loadFeeds } from '../../../../connectors/feeds.js';
import { calendarEnding, loadCalendars } from '../../../../contracts/calendar.js';
import { type Check, ok, warn } from '../port.js';

const check: Check = {
  about: 'contracts, feeds and calendars of the workspace',
  order: 1,
  async run(patient) {
    const workspace = await patient.workspace();
    const feeds = await loadFeeds(workspace);
    const without = [...workspace.contracts.keys()].filter((id) => !feeds.has(id));
    const calendars = await loadCalendars(workspace.layers);
    const ending = [...calendars].flatMap(([name, calendar]) => calendarEnding(name, calendar, patient.now()) ?? []);
    return [
      ...ending.map((what) =>
        warn(
          what,
          'the notice comes in autumn; until it does, tell those who have terms to keep that the end of one may move',
        ),
      ),
      ok(
        `${workspace.name.en}: ${workspace.contracts.size} contracts of ${workspace.authorities.size} ` +
          `authorities, ${feeds.size} feeds`,
      ),
      ...(without.length === 0
        ? []
        : [
            warn(
              `no feed brings ${without.join(', ')}: it will say \`never-loaded\``,
              'write connectors/feeds/<authority>/<dataset>.json (`yitong feed new` proposes one), or remove ' +
                'the contract',
            ),
          ]),
    ];
  },
};
export default check;
