/** What is left to do after the folder stands: what only people know, and the way to the first answer. */
import { relative } from 'node:path';
import type { Decision } from '../../../connectors/propose/decision.js';
import type { Proposal } from '../../../connectors/propose/propose.js';
import { datasetNameOf } from '../../../contracts/ids.js';
import { SCHEMA_IDS } from '../../../contracts/schema-ids.js';
import type { Workspace } from '../../../contracts/types.js';
import { dataDir, program, runningUp } from '../../ground/files/places.js';
import { type Asked, type GrantPlan, grantOf, grantPath } from './grant.js';

interface Next {
  readonly proposal: Proposal;
  readonly workspace: Workspace;
  readonly undo: readonly string[];
  readonly grant: GrantPlan | undefined;
  readonly asked: Asked | undefined;
  /** Taken by `--yes` though they are not sure. */
  readonly open: readonly Decision[];
}

export function showNext({ proposal, workspace, undo, grant, asked, open }: Next, say: (line: string) => void): void {
  const { contract } = proposal.draft;
  const { authority } = contract;
  const name = datasetNameOf(contract.id);
  const folder = `contracts/datasets/${authority}/${name}`;
  const at = relative(process.cwd(), workspace.dir);
  const where = at === '' ? '' : ` --workspace ${at.startsWith('..') ? workspace.dir : at}`;
  const scheme = contract.subject.scheme;
  // the key of a firm is public; that of a person is nobody's example
  const key = proposal.trial.first[0]?.[proposal.subjectField];
  const subject = `${scheme}:${contract.subject.persons || typeof key !== 'string' ? 'KEY' : key}`;
  say('');
  say(
    `To undo all of it, remove ${undo.map((path) => `\`${path}\``).join(', ')}, and the entry \`${contract.id}\` ` +
      `in \`${SCHEMA_IDS}\`.`,
  );
  say('');
  say('What only people know, and stands there as 待确认 (to be confirmed):');
  say(
    `  ${folder}/contract.json   name and description; who approved it and when; the two assessments; scope ` +
      'and use of sharing; category',
  );
  if (proposal.newAuthority) say(`  contracts/datasets/${authority}/authority.json   the authority's name`);
  if (open.length > 0)
    say(
      `  ${open.length} proposals that were not sure were taken: ` +
        `${open.map(({ about, proposed }) => `${about} (${proposed})`).join('; ')}`,
    );
  say(`  ${folder}/v1.avsc   titles; a classification is the department's decision, the reasons above are not the law`);
  say('');
  say('Next:');
  say(`  ${program()} contracts check${where}`);
  if (grant !== undefined && asked !== undefined) {
    if (grant.newClient)
      say(`  policies/clients/${asked.client}.json   a new client, of ${authority}: say whose it is`);
    if (grant.purposes !== undefined)
      say(`  policies/purposes.json   the new purpose \`${asked.purpose}\`: say it in words`);
    if (grant.notGranted.length > 0) say(`  not granted: ${grant.notGranted.join(', ')}`);
  } else {
    const { grant: made } = grantOf(
      proposal,
      { client: 'CLIENT', purpose: 'PURPOSE', legalBasis: undefined },
      ['LEGAL BASIS'],
      new Date(),
    );
    say(`  a grant, as ${grantPath('CLIENT', contract.id)} (docs/grants.md):`);
    say(`    ${JSON.stringify(made)}`);
  }
  const { password } = proposal.draft.feed.source;
  if (typeof password === 'object' && password !== null && 'env' in password)
    say(`  export ${String(password.env)}=…   the password, which the feed names and does not hold`);
  if (runningUp(dataDir(undefined, workspace.dir)) === undefined) say(`  ${program()} up${where}`);
  say(
    `  ${program()} query ${subject} --datasets ${contract.id} --purpose ${asked?.purpose ?? 'PURPOSE'} --as ` +
      `${asked?.client ?? 'CLIENT'}${where}`,
  );
}
