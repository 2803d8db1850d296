/** The events of docs/audit-events.md: one part of the page for each, with the acts in that of `administration`. */
import { actionTable } from '../../../gateway/log/entries/actions.js';
import { EVENT_TYPES, type EventType, eventTable } from '../../../gateway/log/entries/events.js';
import { table } from './marks.js';

const acts = (): string =>
  [
    'What `action` says, and its `target` and `detail`:',
    '',
    ...Object.entries(actionTable).map(([name, { detail }]) => `- \`${name}\`: ${detail}`),
  ].join('\n');

function event(type: EventType): string {
  const { about, fields } = eventTable[type];
  return [
    `## ${type}`,
    about,
    ...(type === 'administration' ? [acts()] : []),
    table(
      ['field', 'type', 'required', 'what'],
      fields.map(({ name, type: of, required, describe }) => [`\`${name}\``, of, required ? 'yes' : 'no', describe]),
    ),
  ].join('\n\n');
}

export const eventsParts = (): Readonly<Record<string, string>> => ({ events: EVENT_TYPES.map(event).join('\n\n') });
