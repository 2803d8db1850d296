/** A proposal for the eye: each thing with its reason, what is not sure with a `?`. */
import type { Decision } from '../../../connectors/propose/decision.js';
import { maskedRows } from '../../../connectors/propose/masked.js';
import type { Proposal } from '../../../connectors/propose/propose.js';
import { spokenType } from '../../../connectors/propose/types.js';
import type { KeyScheme } from '../../../contracts/types.js';
import { widthOf } from '../table.js';

const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));
const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);
const mark = ({ sure }: Decision): string => (sure ? ' ' : '?');
const plural = (n: number, one: string): string => `${n.toLocaleString('en')} ${one}${n === 1 ? '' : 's'}`;

const isAboutField = ({ about }: Decision): boolean => / (?:type|class|name)$/.test(about);

export const openOf = (decisions: readonly Decision[]): readonly Decision[] => decisions.filter(({ sure }) => !sure);

function decisionLines(decisions: readonly Decision[]): string[] {
  const width = Math.max(0, ...decisions.map(({ about }) => about.length)) + 2;
  return decisions.flatMap((decision) => [
    `${mark(decision)} ${pad(decision.about, width)}${decision.proposed === '' ? '(to be named)' : decision.proposed}`,
    `  ${' '.repeat(width)}${decision.reason}`,
    ...(decision.alternatives.length === 0
      ? []
      : [`  ${' '.repeat(width)}or: ${cut(decision.alternatives.join(', '), 200)}`]),
  ]);
}

function fieldLines({ fields, decisions, draft, subjectField }: Proposal): string[] {
  const wide = Math.max(...fields.map(({ field }) => field.length)) + 2;
  return fields.flatMap(({ field, type, classification, column, hints }) => {
    const of = (what: string): Decision | undefined => decisions.find(({ about }) => about === `${field} ${what}`);
    const [typed, classed, named] = [of('type'), of('class'), of('name')];
    const role = field === subjectField ? ' (subject)' : draft.contractFile.recordId.includes(field) ? ' (key)' : '';
    const open = [typed, classed, named].some((decision) => decision?.sure === false);
    const because = (decision: Decision | undefined): string[] =>
      decision === undefined || decision.reason === 'text'
        ? []
        : [
            `      ${mark(decision)} ${decision.about.slice(field.length + 1)}: ${decision.reason}` +
              (decision.sure || decision.alternatives.length === 0 ? '' : ` — or ${decision.alternatives.join(', ')}`),
          ];
    return [
      `${open ? '?' : ' '} ${pad(field, wide)}${pad(spokenType(type), 15)}${pad(classification, 12)}${column}${role}`,
      ...because(named),
      ...because(typed),
      ...because(classed),
      ...hints.map((hint) => `        note: ${hint}`),
    ];
  });
}

export function showProposal(
  proposal: Proposal,
  schemes: ReadonlyMap<string, KeyScheme>,
  say: (line: string) => void,
): void {
  const { decisions, leftOut, trial, draft } = proposal;
  say('What was found, each with its reason; `?` marks what is not sure and was decided carefully');
  say('');
  for (const line of decisionLines(decisions.filter((decision) => !isAboutField(decision)))) say(line);
  say('');
  say('Fields: name, type, classification, column');
  for (const line of fieldLines(proposal)) say(line);
  for (const { column, reason } of leftOut) say(`- left out: ${column}: ${reason}`);
  if (draft.feed.mapping.nulls !== undefined)
    say(`  cells that count as empty: ${draft.feed.mapping.nulls.map((word) => `\`${word}\``).join(', ')}`);
  say('');
  say('The first rows as they would be published (what is personal is masked here)');
  const rows = maskedRows(proposal, schemes);
  const width = Math.max(...proposal.fields.map(({ field }) => field.length)) + 2;
  for (const [i, row] of rows.entries()) {
    if (i > 0) say('');
    for (const [field, value] of Object.entries(row))
      say(
        '  ' +
          `${pad(field, width)}` +
          (value === null ? '–' : cut(typeof value === 'string' ? value : JSON.stringify(value), 90)),
      );
  }
  say('');
  say(
    `${plural(trial.rows, 'row')} in all: ${trial.published.toLocaleString('en')} would be published, ` +
      `${trial.merged.toLocaleString('en')} merged with an equal one, ${trial.quarantined.toLocaleString('en')} ` +
      `quarantined${trial.skipped === 0 ? '' : `, ${trial.skipped.toLocaleString('en')} have left`}`,
  );
  for (const { field, code, reason, rows: times } of trial.refused.slice(0, 10))
    say(`  ${times.toLocaleString('en').padStart(8)}  ${field === '' ? '' : `${field}: `}${reason} [${code}]`);
  if (trial.refused.length > 10) say(`            and ${trial.refused.length - 10} other reasons`);
}

/** What a person should look at, with the option that says it otherwise. */
export function showOpen(open: readonly Decision[], say: (line: string) => void): void {
  say(`${open.length} of these ${open.length === 1 ? 'is' : 'are'} not sure:`);
  for (const { about, proposed, option, alternatives } of open) {
    const otherwise =
      option === ''
        ? 'change it in the feed'
        : `\`${option}${alternatives[0]?.includes(' ') === true ? `'${alternatives[0]}'` : (alternatives[0] ?? '…')}\``;
    say(`  ? ${about}: ${proposed === '' ? 'to be named with' : `${proposed}; otherwise`} ${otherwise}`);
  }
}
