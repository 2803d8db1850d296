import { constants, existsSync, lstatSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { loadFeeds } from '../../../connectors/feeds.js';
import { progressReporter } from '../../../connectors/progress.js';
import { nameBeforehand } from '../../../connectors/propose/dataset.js';
import { maskedRows } from '../../../connectors/propose/masked.js';
import {
  type Found,
  type Looked,
  look,
  type Proposal,
  type ProposeContext,
  propose,
} from '../../../connectors/propose/propose.js';
import { readTerms } from '../../../connectors/propose/terms.js';
import { filesOf, type NewFile, pathsOf, refuseTaken, writeFiles } from '../../../connectors/propose/write.js';
import { checkReachable } from '../../../connectors/reading/files.js';
import type { FileSource } from '../../../connectors/reading/take.js';
import { checkWorkspace } from '../../../contracts/compat.js';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { registerSchemas } from '../../../contracts/register.js';
import { SCHEMA_IDS } from '../../../contracts/schema-ids.js';
import type { Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { packageRoot, text, workspaceDir, workspaceOption } from '../../ground/files/places.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { answerOptions, answersOf, type Said, saidOf } from '../feed-new/answers.js';
import { askOpen } from '../feed-new/ask.js';
import { findSource } from '../feed-new/find.js';
import {
  type Asked,
  checkAsked,
  type GrantPlan,
  grantPath,
  PURPOSES_FILE,
  parseGrant,
  planGrant,
} from '../feed-new/grant.js';
import { showNext } from '../feed-new/next.js';
import { openOf, showOpen, showProposal } from '../feed-new/show.js';
import { lineFree } from '../progress.js';
import { canAsk, confirm } from '../terminal.js';

interface Desk {
  readonly call: Invocation;
  readonly workspace: Workspace;
  readonly context: ProposeContext;
  readonly paths: readonly string[];
  readonly asked: Asked | undefined;
  readonly copy: boolean;
}

/** @param other how a copy is named where one of that name is there; without it that is refused when it is written */
const copiesOf = (
  paths: readonly string[],
  other: (name: string) => string = (name) => name,
): readonly (readonly [string, string])[] =>
  paths.map((path): [string, string] => [path, `inbox/${other(basename(path))}`]);

/**
 * What would stop the writing at the end, before the source is read: that may take long. What is not known yet, as
 * nobody has said whose it is, is asked later.
 * @throws YitongError `bad_config`
 */
async function refuseBeforehand(
  { workspace, context, asked, paths, copy, call }: Desk,
  found: Found,
  said: Said,
  ask: boolean,
): Promise<void> {
  if (asked !== undefined) await checkAsked(workspace, asked);
  const answers = answersOf(said);
  // who is asked may still say another one
  const dataset = ask && answers.authority === undefined ? undefined : nameBeforehand(found, answers, context);
  if (dataset === undefined) {
    if (call.values['yes'] === true)
      throw new YitongError(
        'bad_config',
        `say with \`--authority\` whose register it is: ${[...workspace.authorities.keys()].join(', ')}, or a ` +
          'new id; nothing was written',
      );
    return;
  }
  await refuseTaken(workspace, dataset, [
    ...pathsOf(dataset),
    ...(asked === undefined ? [] : [grantPath(asked.client, dataset)]),
    ...(copy ? copiesOf(paths).map(([, to]) => to) : []),
  ]);
}

/** Looks, and asks about what has to be known before rows can be read. */
async function lookAt(
  { call, workspace, context, paths, asked, copy }: Desk,
  said: Said,
  ask: boolean,
): Promise<{ readonly looked: Looked; readonly said: Said }> {
  let now = said;
  let found = await findSource(paths, answersOf(now), workspace, context.terms, call.signal);
  const open = openOf(found.decisions);
  if (ask && open.length > 0) {
    const answered = await askOpen(open, now, call.signal);
    if (answered.changed) {
      now = answered.said;
      found = await findSource(paths, answersOf(now), workspace, context.terms, call.signal);
    }
    // what was accepted is not asked again
    found = { ...found, decisions: found.decisions.map((decision) => ({ ...decision, sure: true })) };
  }
  // whoever only wants to see a proposal writes nothing
  if (ask || call.values['yes'] === true || call.values['dry-run'] === true)
    await refuseBeforehand({ call, workspace, context, paths, asked, copy }, found, now, ask);
  return { looked: await look(found, context), said: now };
}

async function proposeAll(desk: Desk, ask: boolean): Promise<Proposal> {
  const { call, workspace, context } = desk;
  const { looked, said } = await lookAt(desk, saidOf(call.values), ask);
  const proposal = await propose(looked, answersOf(said), context);
  if (call.asJson) return proposal;
  showProposal(proposal, workspace.schemes, call.say);
  const open = openOf(proposal.decisions);
  if (!ask || open.length === 0) return proposal;
  const answered = await askOpen(open, said, call.signal);
  if (!answered.changed) return proposal;
  const again = await propose(looked, answersOf(answered.said), context);
  call.say('');
  showProposal(again, workspace.schemes, call.say);
  return again;
}

/**
 * Whether the feed could not read a file where it lies: outside of the workspace, and of the folders that the
 * installation declares.
 */
function outside({ workspace }: Desk, { draft }: Proposal): boolean {
  try {
    checkReachable(draft.feed.source as Pick<FileSource, 'path'>, workspace, 'the proposed feed');
    return false;
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return true;
  }
}

/** Where the source lies in the feed that is written: a copy, if one is asked for. */
function withCopies(
  proposal: Proposal,
  paths: readonly string[],
  other?: (name: string) => string,
): { readonly proposal: Proposal; readonly copies: readonly (readonly [string, string])[] } {
  const copies = copiesOf(paths, other);
  const places = copies.map(([, to]) => to);
  const { draft } = proposal;
  return {
    proposal: {
      ...proposal,
      draft: {
        ...draft,
        feed: { ...draft.feed, source: { ...draft.feed.source, path: places.length === 1 ? places[0] : places } },
      },
    },
    copies,
  };
}

/** Everything or nothing: what was written is taken back where the workspace then does not load. */
async function write(
  { workspace, call }: Desk,
  proposal: Proposal,
  files: readonly NewFile[],
  copies: readonly (readonly [string, string])[],
  grant: GrantPlan | undefined,
): Promise<void> {
  const { dir } = workspace;
  const all = [...files, ...(grant?.files ?? [])];
  const made = [...all.map(({ path }) => path), ...copies.map(([, to]) => to)];
  // files of the workspace that get an entry more, as they were
  const before = await Promise.all(
    [SCHEMA_IDS, PURPOSES_FILE].map(
      async (path): Promise<[string, Buffer | undefined]> => [
        join(dir, path),
        existsSync(join(dir, path)) ? await readFile(join(dir, path)) : undefined,
      ],
    ),
  );
  try {
    await writeFiles(dir, all);
    for (const [from, to] of copies) {
      await mkdir(dirname(join(dir, to)), { recursive: true });
      // never through a link that stands there
      await copyFile(from, join(dir, to), constants.COPYFILE_EXCL);
      // a feed takes the file's time for that of its data
      const { atime, mtime } = await stat(from);
      await utimes(join(dir, to), atime, mtime);
    }
    const { added } = await registerSchemas(dir);
    const loaded = await loadWorkspace(dir);
    const findings = (await checkWorkspace(loaded)).filter(
      ({ severity, dataset }) => severity === 'error' && dataset === proposal.dataset,
    );
    if (findings[0] !== undefined) throw new YitongError(findings[0].code, findings[0].message);
    await loadFeeds(loaded);
    if (grant?.purposes !== undefined) {
      const file = join(dir, PURPOSES_FILE);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(`${file}.new`, `${JSON.stringify(grant.purposes, null, 2)}\n`);
      await rename(`${file}.new`, file);
    }
    if (grant !== undefined) await loadPolicies(loaded);
    for (const { dataset, version, id } of added) call.say(`  ${SCHEMA_IDS}: ${dataset} v${version} is ${id}`);
  } catch (error) {
    await Promise.all(made.map((path) => rm(join(dir, path), { force: true })));
    await Promise.all(
      before.map(([path, content]) => (content === undefined ? rm(path, { force: true }) : writeFile(path, content))),
    );
    throw error;
  }
}

async function deskOf(call: Invocation): Promise<Desk> {
  const paths = call.positionals;
  if (paths.length === 0) throw new WrongUsage('name a file or a database');
  const workspace = await loadWorkspace(workspaceDir(text(call.values['workspace'])));
  const terms = await readTerms(join(packageRoot(), 'connectors/propose/terms.json'));
  const what = ['what the columns hold', 'what tells records apart', 'the mapping, row by row'];
  let reporter: { readonly pass: number; readonly progress: ReturnType<typeof progressReporter> } | undefined;
  const context: ProposeContext = {
    workspace,
    terms,
    signal: call.signal,
    now: () => new Date(),
    onProgress: (pass, progress) => {
      if (reporter?.pass !== pass) {
        reporter?.progress.end();
        lineFree();
        reporter = {
          pass,
          progress: progressReporter({
            label: `${pass} of 3, ${what[pass - 1] ?? ''}`,
            output: process.stderr,
            quiet: call.asJson,
            now: () => performance.now(),
          }),
        };
      }
      reporter.progress.update(progress);
      if (progress.total !== undefined && progress.done === progress.total) reporter.progress.end();
    },
  };
  const [grant, copy] = [text(call.values['grant']), call.values['copy'] === true];
  if (copy && paths.some((path) => path.includes('://'))) throw new YitongError('bad_config', '`--copy` is for files');
  return {
    call,
    workspace,
    context,
    paths,
    copy,
    asked: grant === undefined ? undefined : parseGrant(grant, text(call.values['legal-basis'])),
  };
}

const command: Command = {
  summary: 'a file or table becomes a feed: proposes contract, mapping, key and classification, with reasons',
  zh: '将文件或数据表接入为数据源：提出契约、映射、主键和分类建议并说明理由',
  usage: '<file … | postgres://… | mysql://…> [--workspace D] [--yes] [--dry-run] [--grant CLIENT:PURPOSE] [--json]',
  takes: Infinity,
  wanting: 'where a proposal is not sure and nobody is there to be asked, or the answer was no',
  examples: [
    'yitong feed new companies.csv --workspace my-city',
    'yitong feed new permits.xlsx --authority construction --dataset permits --yes',
    'yitong feed new 2024.csv 2025.csv --subject 信用代码:uscc --key 许可证编号 --date-format 发证日期=yyyy/MM/dd --class ' +
      '联系人=personal',
    'yitong feed new companies.csv --yes --grant front-desk:permit-check',
    'yitong feed new postgres://reader:…@db.example/permits --table public.licences',
  ],
  options: {
    ...answerOptions,
    workspace: workspaceOption,
    yes: { type: 'boolean', describe: 'take every proposal, also what is not sure' },
    'dry-run': { type: 'boolean', describe: 'show what would be written, and write nothing' },
    copy: {
      type: 'boolean',
      describe:
        "put a copy of the file into the workspace's `inbox/`; else the feed reads it where it lies, " +
        'and only what lies outside of the workspace and of `connectors.roots` is copied',
    },
    grant: { type: 'string', describe: 'CLIENT:PURPOSE, who may ask: a grant of all that is not personal, for a year' },
    'legal-basis': { type: 'string', describe: 'of the grant; without it that of the purpose' },
  },
  async run(call) {
    const desk = await deskOf(call);
    const { workspace, paths, context, asked, copy } = desk;
    const dry = call.values['dry-run'] === true;
    const yes = call.values['yes'] === true;
    const ask = !yes && !dry && !call.asJson && canAsk();
    const first = await proposeAll(desk, ask);
    const isFile = !paths.some((path) => path.includes('://'));
    // nobody asked for this copy, so that no name of it stands in anybody's way: another authority's register may have
    // the same
    const free = (name: string): string =>
      lstatSync(join(workspace.dir, 'inbox', name), { throwIfNoEntry: false }) === undefined
        ? name
        : `${first.dataset.replace('.', '-')}-${name}`;
    const copied = isFile && (copy || outside(desk, first));
    const { proposal, copies } = copied
      ? withCopies(first, paths, copy ? undefined : free)
      : { proposal: first, copies: [] };
    const { files, undo } = filesOf(proposal);
    const open = openOf(proposal.decisions);
    const tell = (written: boolean, also: readonly string[] = []): void =>
      call.json({
        dataset: proposal.dataset,
        written,
        decisions: proposal.decisions,
        fields: proposal.fields.map(({ hints, column, field, type, classification, empty }) => ({
          column,
          field,
          type,
          classification,
          empty,
          hints,
        })),
        leftOut: proposal.leftOut,
        trial: { ...proposal.trial, first: maskedRows(proposal, workspace.schemes) },
        files: Object.fromEntries(files.map(({ path, content }) => [path, content])),
        undo: [...undo, ...also],
      });

    if (!yes && !ask) {
      call.say('');
      if (open.length > 0) showOpen(open, call.say);
      call.say(`Nothing was written.${dry ? '' : ' `--yes` takes these proposals; the options above say otherwise.'}`);
      tell(false);
      return open.length > 0 ? 1 : 0;
    }
    if (!proposal.authorityNamed)
      throw new YitongError(
        'bad_config',
        `say with \`--authority\` whose register it is: ${[...workspace.authorities.keys()].join(', ')}, or a ` +
          'new id; nothing was written',
      );
    const grant = asked === undefined ? undefined : await planGrant(workspace, proposal, asked, context.now());
    await refuseTaken(
      workspace,
      proposal.draft.contract.id,
      [...files, ...(grant?.files ?? [])].map(({ path }) => path).concat(copies.map(([, to]) => to)),
    );
    if (dry) {
      call.say('');
      call.say('Would be written:');
      for (const { path } of [...files, ...(grant?.files ?? [])]) call.say(`  ${path}`);
      for (const [, to] of copies) call.say(`  ${to}`);
      call.say('Nothing was written.');
      tell(false);
      return 0;
    }
    if (
      ask &&
      !(await confirm(
        `write ${proposal.dataset} into ${relative(process.cwd(), workspace.dir) || 'this folder'}?`,
        call.signal,
      ))
    ) {
      call.say('Nothing was written.');
      return 1;
    }
    call.say('');
    call.say('Written:');
    await write(desk, proposal, files, copies, grant);
    for (const { path } of [...files, ...(grant?.files ?? [])]) call.say(`  ${path}`);
    for (const [, to] of copies) call.say(`  ${to}`);
    const also = [...copies.map(([, to]) => to), ...(grant?.files ?? []).map(({ path }) => path)];
    showNext({ proposal, workspace, undo: [...undo, ...also], grant, asked, open: yes ? open : [] }, call.say);
    tell(true, also);
    return 0;
  },
};
export default command;
