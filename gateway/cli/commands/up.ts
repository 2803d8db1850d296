import {
  announce,
  dataOption,
  folders,
  program,
  text,
  workspaceFlag,
  workspaceOption,
} from '../../ground/files/places.js';
import { busOf, busOption } from '../../operate/bus.js';
import { startUp } from '../../operate/process/start.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { heldBack, loadedRows } from '../loaded.js';
import { lineFree, progressBar } from '../progress.js';

function port(call: Invocation): number | undefined {
  const given = text(call.values['port']);
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 0 || value > 65_533)
    throw new WrongUsage(`\`--port\` is a whole number up to 65533, not \`${given}\``);
  return value;
}

/** What to try, for this city and no other. */
function hints(workspace: string, tour: boolean): readonly string[] {
  const [name, flag] = [program(), workspaceFlag(workspace)];
  const lines: readonly (readonly [string, string])[] = [
    ...(tour
      ? [[`${name} demo${flag}`, 'a tour: allowed, partly withheld, denied, and the log that tells'] as const]
      : []),
    [`${name} catalogue${flag}`, 'what it shares, and how fresh it is'],
    [`${name} query --help`, flag === '' ? 'ask as one of the clients' : `ask as one of the clients; say${flag}`],
    [`${name} audit verify${flag}`, 'check the audit log from its files'],
    [`${name} status${flag}`, 'how it stands: what is wrong, and who can mend it'],
  ];
  const width = Math.max(30, ...lines.map(([line]) => line.length));
  return lines.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`);
}

const command: Command = {
  summary: 'everything in one process group, for a first run',
  zh: '启动全部组件，供首次运行',
  usage: '[--workspace D] [--data D] [--bus embedded|kafka] [--port N] [--json]',
  examples: ['yitong up', 'yitong up --workspace my-city --port 9443', 'yitong up --companies 20000'],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    bus: busOption,
    port: { type: 'string', describe: 'the mTLS port; people and health take the next two; 0 takes free ones' },
    companies: { type: 'string', describe: 'companies of a synthetic city' },
    seed: { type: 'string', describe: 'seed of a synthetic city' },
    day: { type: 'string', describe: 'day of a synthetic city; default: days since its start' },
  },
  async run(call) {
    const { workspace, data } = folders(call.values);
    const first = port(call);
    const options: Record<string, string> = {};
    for (const name of ['companies', 'seed', 'day']) {
      const value = text(call.values[name]);
      if (value !== undefined) options[name] = value;
    }
    const bar = progressBar('loading', call.asJson ? { shown: false } : {});
    const started = startUp({
      workspace,
      data,
      bus: await busOf(text(call.values['bus']), workspace, data),
      flags:
        first === undefined
          ? {}
          : { port: first, peoplePort: first === 0 ? 0 : first + 1, healthPort: first === 0 ? 0 : first + 2 },
      options,
      onProgress: ({ done, total }) => bar.to(done, total),
      onPorts: (taken, chosen) => {
        const [was, now] = [taken.map(({ port: of }) => of), Object.values(chosen)];
        lineFree();
        process.stderr.write(
          `${was.length === 1 ? 'port' : 'ports'} ${was.join(', ')} ${was.length === 1 ? 'is' : 'are'} taken ` +
            `by another program: this city takes ${now.includes(0) ? 'free ones' : now.join(', ')}\n`,
        );
      },
      signal: call.signal,
    });
    const up = await started.catch((error: unknown) => {
      if (!call.signal.aborted) throw error;
    });
    bar.end();
    if (up === undefined) return 0;
    const retract = announce(workspace, data, process.pid);
    const { api, people, health, pki } = up;
    call.json({ ready: true, api, people, health, data, pki });
    call.say('ready');
    call.say(`  API (mTLS)       ${api}`);
    call.say(`  people           ${people}`);
    call.say(`  health           ${health}/health/ready`);
    call.say(`  data             ${data}`);
    call.say(`  certificates     ${pki}`);
    call.say(`  loaded           ${loadedRows(up.reports).toLocaleString('en')} rows of ${up.reports.length} datasets`);
    const held = heldBack(up.reports);
    if (held !== '') call.say(`  in quarantine    ${held}`);
    for (const failed of up.reports.filter(({ state }) => state !== 'complete'))
      call.say(`  not loaded       ${failed.dataset}: ${failed.state}`);
    call.say('');
    call.say('These keys come from a development CA and are for this machine only.');
    call.say('Try next, in another shell:');
    for (const line of hints(workspace, up.tour)) call.say(line);
    call.say('Ctrl-C stops.');
    if (!call.signal.aborted)
      await new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve(), { once: true }));
    retract();
    await up.stop();
    return 0;
  },
};
export default command;
