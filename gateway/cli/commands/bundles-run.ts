import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundles } from '../../../contracts/bundle/load.js';
import type { Answers, Bundle } from '../../../contracts/bundle/types.js';
import { loadCalendars } from '../../../contracts/calendar.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Localised, Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { materialBytes } from '../../documents/pdf/open-material.js';
import { folders, list, text, workspaceOption } from '../../ground/files/places.js';
import { blobsInFolder } from '../../ground/state/blobs.js';
import { openEmbeddedState } from '../../ground/state/lmdb/state.js';
import { sealingKeysOf } from '../../log/entries/sealing-keys.js';
import { openCases } from '../../procedures/cases/cases.js';
import { nextTurn, type Turns, usualRegisters, usualValues } from '../../procedures/cases/play.js';
import { developmentDrivers } from '../../procedures/cases/ports.js';
import type { CaseActor, Cases, Doing, OpenedCase } from '../../procedures/cases/types.js';
import { examplePlan } from '../../procedures/materials/example.js';
import { answersOf, soundBundle } from '../bundle-options.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

/** Of the invented population; nobody. */
const WHO = { company: 'uscc:91990101MA0000001X', person: 'cn-id:11010519491231002X' };

interface Told {
  readonly by: string;
  readonly act: string;
  readonly item?: string;
  readonly step?: string;
  readonly port?: string;
  readonly phase: string;
  readonly items: Readonly<Record<string, string>>;
}
const told = (by: string, doing: Doing | { readonly act: 'open' }, { state }: OpenedCase): Told => ({
  by,
  act: doing.act,
  ...('item' in doing ? { item: doing.item } : {}),
  ...('step' in doing ? { step: doing.step, port: doing.port } : {}),
  phase: state.phase,
  items: Object.fromEntries(Object.entries(state.items).map(([id, { status }]) => [id, status])),
});

interface MadePaper {
  readonly material: string;
  readonly title: Localised;
  readonly kind: string;
  readonly state: string;
  readonly digest?: string;
  /** Where it was written. */
  readonly file?: string;
}

/** The papers of a case as it was filed, in a folder where one is named. */
async function papersOf(
  cases: Cases,
  { id }: OpenedCase,
  { bundle, client, subject }: { readonly bundle: string; readonly client: string; readonly subject: string },
  workspace: Workspace,
  out: string | undefined,
): Promise<readonly MadePaper[]> {
  const how = { actor: { kind: 'applicant', subject, client } as const, record: unrecorded };
  if (out !== undefined) await mkdir(out, { recursive: true });
  const papers: MadePaper[] = [];
  for (const { material, title, kind, state, digest, type } of await cases.materials(id, how)) {
    const paper = { material, title, kind, state, ...present({ digest }) };
    if (out === undefined || type === undefined || kind !== 'made') {
      papers.push(paper);
      continue;
    }
    const opened = await cases.openMaterial(id, material, how);
    const { bytes, extension } = await materialBytes(opened, { workspace, settings: UNSIGNED, now: Date.now });
    const file = join(out, `${bundle}-${material}.${extension}`);
    await writeFile(file, bytes);
    papers.push({ ...paper, file });
  }
  return papers;
}
const UNSIGNED = { gateway: { documents: '' } };
const unrecorded = (): Promise<{ readonly id: string; readonly json: string }> =>
  Promise.resolve({ id: 'played', json: '{}' });

/** Plays a case in a folder of its own; nothing of it is put on any record. */
async function play(
  cases: Cases,
  { bundle, elements }: Bundles & { readonly bundle: Bundle },
  answers: Answers,
  turns: Turns,
  tell: (step: Told) => void,
): Promise<OpenedCase> {
  const record = unrecorded;
  const who: CaseActor = { kind: 'applicant', subject: WHO[bundle.applicant], client: bundle.client };
  let opened = await cases.open(bundle.id, { actor: who, record });
  tell(told('applicant', { act: 'open' }, opened));
  const save: Doing = { act: 'save', answers, values: usualValues(bundle, elements) };
  opened = await cases.act(opened.id, save, { actor: who, record });
  tell(told('applicant', save, opened));
  for (const { material, mayPut } of await cases.materials(opened.id, { actor: who, record }))
    if (mayPut)
      await cases.putMaterial(opened.id, material, () => Promise.resolve(examplePlan()), { actor: who, record });
  opened = await cases.get(opened.id, { actor: who, record });
  for (;;) {
    const turn = nextTurn(opened.state, bundle, elements, turns);
    if (turn === undefined) return opened;
    const actor: CaseActor = turn.by === 'applicant' ? who : { kind: 'authority', authority: turn.by, client: turn.by };
    opened = await cases.act(opened.id, turn.doing, { actor, record });
    tell(told(turn.by, turn.doing, opened));
  }
}

/** `samr grant registration: decided; tax granted` */
function line(step: Told, before: Told | undefined): string {
  const changed = Object.entries(step.items).filter(([id, status]) => before?.items[id] !== status);
  const what = [step.act, step.item ?? '', step.step ?? '', step.port ?? ''].filter((one) => one !== '').join(' ');
  const items = changed.length === 0 ? '' : `; ${changed.map(([id, status]) => `${id} ${status}`).join(', ')}`;
  return `${step.by}: ${what} → ${step.phase}${items}`;
}

const command: Command = {
  summary: 'plays a case of a bundle through, with everything outside pretended',
  zh: '模拟办理“一件事”：外部环节均为模拟，逐步显示',
  usage: '<bundle> [--answer question=answer …] [--refuse item …] [--ask item …] [--out D] [--workspace D]',
  takes: 1,
  examples: [
    'yitong bundles run deregister-company',
    'yitong bundles run open-restaurant --refuse food-licence',
    'yitong bundles run open-company --ask registration --json',
    'yitong bundles run open-restaurant --out papers',
  ],
  options: {
    answer: {
      type: 'string',
      multiple: true,
      zh: '回答一个问题，可多次；不写则按常见情形',
      describe: 'the answer to a question, `question=answer`, several times; without any the common case',
    },
    refuse: {
      type: 'string',
      multiple: true,
      zh: '不予办理的事项，可多次',
      describe: 'an item that is refused, several times',
    },
    ask: {
      type: 'string',
      multiple: true,
      zh: '要求补正的事项，可多次',
      describe: 'an item for which a supplement is asked for, several times',
    },
    out: {
      type: 'string',
      zh: '写入各申请材料 PDF 的目录',
      describe: 'folder into which the papers that are made are written, as PDF',
    },
    workspace: workspaceOption,
  },
  async run(call) {
    const [name] = call.positionals;
    if (name === undefined) throw new WrongUsage('name the bundle');
    const workspace = await loadWorkspace(folders(call.values).workspace);
    const all = await soundBundle(workspace, name);
    const { bundle, elements } = all;
    const turns = { refuse: list(call.values['refuse']), ask: list(call.values['ask']) };
    for (const item of [...turns.refuse, ...turns.ask])
      if (!bundle.items.has(item))
        throw new WrongUsage(`\`${item}\` is no item; the items are ${[...bundle.items.keys()].join(', ')}`);
    const given = list(call.values['answer']);
    const answers = given.length === 0 ? bundle.usual.answers : answersOf(bundle, given);
    const calendar = (await loadCalendars(workspace.layers)).get('mainland');
    if (calendar === undefined) throw new YitongError('bad_calendar', 'there is no calendar `mainland`');
    const dir = await mkdtemp(join(tmpdir(), 'yitong-case-'));
    const state = openEmbeddedState({ dir: join(dir, 'state') });
    const keys = sealingKeysOf(join(dir, 'keys'));
    try {
      const drivers = developmentDrivers(elements);
      const registers = async (): Promise<ReturnType<typeof usualRegisters>> => usualRegisters(bundle, elements);
      const { codelists } = workspace;
      const blobs = blobsInFolder(dir);
      const ground = {
        ...all,
        state,
        keys,
        calendar,
        now: Date.now,
        registers,
        drivers,
        blobs,
        codelists,
        requiresUploads: true,
      };
      const cases = openCases(ground);
      const steps: Told[] = [];
      const last = await play(cases, all, answers, turns, (step) => {
        call.say(line(step, steps.at(-1)));
        steps.push(step);
      });
      const tasks = Object.entries(last.state.tasks).map(([task, { owner }]) => ({
        task,
        owner,
        due: last.taskTerms[task]?.due.day ?? '',
      }));
      for (const { task, owner, due } of tasks) call.say(`${owner}: ${task}, until ${due}`);
      const about = { bundle: bundle.id, client: bundle.client, subject: WHO[bundle.applicant] };
      const materials = await papersOf(cases, last, about, workspace, text(call.values['out']));
      for (const { title, kind, state: how, file } of materials)
        call.say(`${title[call.language]}: ${kind}, ${how}${file === undefined ? '' : `, ${file}`}`);
      call.json({ bundle: bundle.id, phase: last.state.phase, steps, tasks, materials });
    } finally {
      await keys.close();
      await state.close();
      await rm(dir, { recursive: true, force: true });
    }
    return 0;
  },
};
export default command;
