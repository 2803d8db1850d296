import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundles } from '../../../contracts/bundle/load.js';
import type { Answers, Bundle } from '../../../contracts/bundle/types.js';
import { loadCalendars } from '../../../contracts/calendar.js';
import { YitongError } from '../../../contracts/errors.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { folders, list, workspaceOption } from '../../ground/files/places.js';
import { openEmbeddedState } from '../../ground/state/lmdb/state.js';
import { sealingKeysOf } from '../../log/entries/sealing-keys.js';
import { type CaseActor, type Cases, type Doing, type OpenedCase, openCases } from '../../procedures/cases/cases.js';
import { nextTurn, type Turns, usualRegisters, usualValues } from '../../procedures/cases/play.js';
import { developmentDrivers } from '../../procedures/cases/ports.js';
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

/** Plays a case in a folder of its own; nothing of it is put on any record. */
async function play(
  cases: Cases,
  { bundle, elements }: Bundles & { readonly bundle: Bundle },
  answers: Answers,
  turns: Turns,
  tell: (step: Told) => void,
): Promise<OpenedCase> {
  const record = (): Promise<{ readonly id: string; readonly json: string }> =>
    Promise.resolve({ id: 'played', json: '{}' });
  const who: CaseActor = { kind: 'applicant', subject: WHO[bundle.applicant], client: bundle.client };
  let opened = await cases.open(bundle.id, { actor: who, record });
  tell(told('applicant', { act: 'open' }, opened));
  const save: Doing = { act: 'save', answers, values: usualValues(bundle, elements) };
  opened = await cases.act(opened.id, save, { actor: who, record });
  tell(told('applicant', save, opened));
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
  usage: '<bundle> [--answer question=answer …] [--refuse item …] [--ask item …] [--workspace D]',
  takes: 1,
  examples: [
    'yitong bundles run deregister-company',
    'yitong bundles run open-restaurant --refuse food-licence',
    'yitong bundles run open-company --ask registration --json',
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
      const cases = openCases({ ...all, state, keys, calendar, now: Date.now, registers, drivers });
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
      call.json({ bundle: bundle.id, phase: last.state.phase, steps, tasks });
    } finally {
      await keys.close();
      await state.close();
      await rm(dir, { recursive: true, force: true });
    }
    return 0;
  },
};
export default command;
