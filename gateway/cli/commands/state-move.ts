import { present } from '../../../contracts/present.js';
import { dataOption, folders, text, workspaceOption } from '../../ground/files/places.js';
import type { Moved, OnProgress } from '../../ground/state/move.js';
import type { Command } from '../command.js';
import { inCounts, movingBar } from '../moving-bar.js';
import { moveIntoFolder, moveIntoSchema, moveToServer, refuseRunning } from '../state-moves.js';

/** Takes what people did from where it stands to where it is to stand: a data folder, a server, another one. */
const command: Command = {
  summary: 'move what people did from a data folder to PostgreSQL, to another server, or back, and verify it',
  group: 'running',
  zh: '将业务状态由数据目录迁入 PostgreSQL、迁往另一 PostgreSQL，或迁回数据目录，并逐条核对',
  usage: '[--to embedded | --to FILE] [--workspace D] [--data D] [--json]',
  examples: [
    'yitong state migrate && yitong state move',
    'yitong state move --workspace /etc/yitong/city --data /var/lib/yitong --json',
    'yitong state move --to /etc/yitong/new-server.json',
    'yitong state move --to embedded --data /var/lib/yitong',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    to: {
      type: 'string',
      describe:
        '`embedded`: from the server of the workspace into the data folder; a file of JSON with a section `state`: ' +
        'to the server that it names; without it from the data folder to the server of the workspace',
    },
  },
  async run(call) {
    const { data } = folders(call.values);
    const to = text(call.values['to']);
    if (to === undefined || to === EMBEDDED) refuseRunning(data);
    const bar = movingBar();
    try {
      const { rows, adopted } = await moved(text(call.values['workspace']), data, to, bar.onProgress);
      bar.end();
      call.json({ rows, ...present({ adopted }) });
      call.say(`moved and verified, row by row: ${inCounts(rows)}`);
      if (adopted !== undefined) call.say(`taken over from the other stores of the folder: ${inCounts(adopted)}`);
      call.say(NEXT[to === undefined ? 'postgres' : to === EMBEDDED ? 'embedded' : 'server']);
      return 0;
    } finally {
      bar.end();
    }
  },
};
export default command;

const EMBEDDED = 'embedded';

/** What is to be done then. */
const NEXT = {
  postgres: 'set "state": { "driver": "postgres" } in yitong.json before you start; the folder stays as it is',
  embedded:
    'set "state": { "driver": "embedded" } in yitong.json before you start; the schema stays as it is, and the role ' +
    'of the gateways cannot use it any more',
  server:
    'put the section `state` of that file into yitong.json before you start; the schema that was left stays as it ' +
    'is, and the role of the gateways cannot use it any more',
} as const;

interface Outcome {
  readonly rows: Moved;
  readonly adopted?: Readonly<Record<string, number>>;
}

async function moved(
  workspace: string | undefined,
  data: string,
  to: string | undefined,
  onProgress: OnProgress,
): Promise<Outcome> {
  if (to === undefined) return await moveIntoSchema(workspace, data, onProgress);
  if (to === EMBEDDED) return { rows: await moveIntoFolder(workspace, data, onProgress) };
  return { rows: await moveToServer(workspace, to, onProgress) };
}
