/** What a company is told: acts of others in its objections, repairs and cases, and how each ended. */
import { type DatasetId, keyOf } from '../../../../contracts/ids.js';
import type { Localised } from '../../../../contracts/types.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { Person } from '../../../ground/identity/person.js';
import type { HowDone } from '../../../procedures/cases/types.js';
import type { Actor } from '../../../procedures/lifecycles/parties.js';
import type { OpenedTicket, SeenTicket } from '../../../procedures/lifecycles/tickets.js';
import { MOST_ITEMS, type Waiting, type WaitingItem } from '../../people/rooms.js';
import { PATH as APPLYING, type ApplyingDesk, subjectWords } from '../applying/desk.js';
import { actWords } from '../applying/words.js';
import { actsOf } from '../tickets/words.js';
import type { Message } from './list.js';

export const PAGE = 30;

const titleIn = (rules: Readonly<Record<string, { readonly title: Localised }>>, id: string): Localised =>
  (Object.hasOwn(rules, id) ? rules[id]?.title : undefined) ?? { zh: '其他', en: id };
const WHO_APPLIES: Localised = { zh: '申请人', en: 'who applies' };

/** Whoever asks is who speaks for these subjects. */
export const actorOf = (person: Person): Actor => ({ kind: 'person', person });

/** Tickets of which a company is a party itself, those that were moved last first. */
export async function ownTickets(
  { tickets }: Pick<GatewayContext, 'tickets'>,
  person: Person,
): Promise<readonly SeenTicket[]> {
  return (await tickets.list(actorOf(person)))
    .filter(({ parties, lifecycle }) => parties.some((party) => lifecycle.parties[party]?.role === 'subject'))
    .sort((a, b) => b.state.at - a.state.at);
}

/** Acts of others; the last one of a ticket that is over says how it ended. */
export function messagesOf(
  { workspace }: Pick<GatewayContext, 'workspace'>,
  ticket: OpenedTicket,
  several: boolean,
  seen: number,
): readonly Message[] {
  const { head, lifecycle, events, over, state, record } = ticket;
  const dataset = workspace.contracts.get(head.dataset as DatasetId)?.name;
  return events.flatMap(({ at, act, party, fields = {} }, i): Message[] => {
    if (lifecycle.parties[party]?.role === 'subject') return [];
    return [
      {
        href: `/console/tickets/${head.id}`,
        ticket: head.id,
        matter: lifecycle.title,
        dataset,
        act: titleIn(actsOf(lifecycle), act),
        by: titleIn(lifecycle.parties, party),
        at,
        fresh: at > seen,
        subject: several && record !== undefined ? keyOf(record.subject) : undefined,
        ended: over && i === events.length - 1 ? titleIn(lifecycle.states, state.state) : undefined,
        said: Object.entries(fields).map(([name, text]) => ({ title: titleIn(lifecycle.fields, name), text })),
      },
    ];
  });
}

/** What departments did in cases, the newest of each subject. @param recordFor puts on record that they were shown */
export async function messagesOfCases(
  desk: Pick<ApplyingDesk, 'cases' | 'nameOf'>,
  { subjects }: Pick<Person, 'subjects'>,
  recordFor: (subject: string) => HowDone['record'],
  seen: number,
): Promise<readonly Message[]> {
  const service = await desk.cases();
  const found = await Promise.all(
    subjects.map(async (subject) => {
      const how = { actor: { kind: 'applicant', subject }, record: recordFor(subject) } as const;
      return (await service.messages(how, PAGE)).map((message) => ({ subject, message }));
    }),
  );
  return found.flat().map(({ subject, message: { case: id, bundle: name, at, act, item, phase, task } }): Message => {
    const bundle = service.bundles.get(name);
    const told = item === undefined ? undefined : bundle?.items.get(item);
    const authority = told?.authority ?? bundle?.outcomes.get(task ?? '')?.task?.owner ?? bundle?.authority ?? '';
    const of = (language: 'zh' | 'en') => (act === 'step' ? WHO_APPLIES[language] : desk.nameOf(authority, language));
    return {
      href: `${APPLYING}/${id}`,
      matter: bundle?.title ?? { zh: '其他事项', en: 'another matter' },
      dataset: told?.title,
      act: { zh: actWords(act, 'zh'), en: actWords(act, 'en') },
      by: { zh: of('zh'), en: of('en') },
      at,
      fresh: at > seen,
      subject: subjects.length > 1 ? subjectWords(subject) : undefined,
      ended: phase === 'delivered' ? { zh: '已办结', en: 'done' } : undefined,
      said: [],
    };
  });
}

/** What a message says, in one line: what was decided before all else. */
function lineOf({ act, ended, matter, dataset, subject }: Message): Localised {
  const of = (language: 'zh' | 'en'): string => {
    const said = ended === undefined ? act : { zh: `办理结论：${ended.zh}`, en: `Concluded: ${ended.en}` };
    const about = [matter, dataset].flatMap((one) => (one === undefined ? [] : [one[language]]));
    return [said[language], ...about, ...(subject === undefined ? [] : [subject])].join(' · ');
  };
  return { zh: of('zh'), en: of('en') };
}

/** What ended a matter comes first, then what is newest. */
const firstOf = (a: Message, b: Message): number =>
  Number(a.ended === undefined) - Number(b.ended === undefined) || b.at - a.at;

/**
 * What somebody has not looked at yet: a line a matter, those that ended first.
 * @param messages of each matter in the order in which it was done @param href where all of it is read
 */
export function unread(messages: readonly Message[], href: string): Waiting {
  const matters = new Map<string, Message>();
  for (const one of messages) {
    const known = matters.get(one.href);
    // of two of one millisecond the later one counts
    if (one.fresh && (known === undefined || firstOf(one, known) <= 0)) matters.set(one.href, one);
  }
  const items = [...matters.values()].sort(firstOf).map((one): WaitingItem => {
    const matter = one.href.slice(one.href.lastIndexOf('/') + 1);
    // that it ended is told anew, also of what was told before
    return { id: one.ended === undefined ? matter : `${matter}.ended`, title: lineOf(one), href };
  });
  return { count: items.length, items: items.slice(0, MOST_ITEMS) };
}
