import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import { type Client, ConnectionError, type OrderedFile } from '../../client/index.js';
import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asClient, clientOption, sayFile } from '../file-options.js';
import { gatewayOptions } from '../gateway-options.js';
import { progressBar } from '../progress.js';

/** ms between two questions of how far it is, and before one goes on that was broken off. */
const WAIT = 500;
/** Times that it is gone on with without a further byte. */
const TRIES = 5;

/** Once it is made. */
async function made(gateway: Client, id: string): Promise<OrderedFile> {
  const bar = progressBar(id);
  try {
    for (;;) {
      const file = await gateway.file(id);
      if (file.state !== 'ordered' && file.state !== 'making') return file;
      const { listed, records, total = 0 } = { listed: file.progress.subjects, ...file.progress };
      bar.to(Math.max(listed, records), total);
      await pause(WAIT);
    }
  } finally {
    bar.end();
  }
}

const lengthOf = async (file: string): Promise<number> => (existsSync(file) ? (await stat(file)).size : 0);

/** Appends what is missing, and goes on where it is broken off. */
async function fetchTo(gateway: Client, file: OrderedFile, part: string): Promise<void> {
  const { bytes = 0 } = file;
  const bar = progressBar(file.id);
  const handle = await open(part, 'a', 0o600);
  try {
    let at = await lengthOf(part);
    for (let tries = 0; at < bytes && tries < TRIES; tries++) {
      try {
        for await (const piece of gateway.fileContent(file, at)) {
          await handle.writeFile(piece);
          at += piece.length;
          tries = 0;
          bar.to(at, bytes);
        }
      } catch (error) {
        if (!(error instanceof ConnectionError) || error.code === 'changed') throw error;
        await pause(WAIT);
      }
    }
    await handle.datasync();
  } finally {
    bar.end();
    await handle.close();
  }
}

async function digestOf(file: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const piece of createReadStream(file)) digest.update(piece as Buffer);
  return digest.digest('hex');
}

const command: Command = {
  summary: 'fetch a file; again where it was broken off, and it goes on',
  zh: '下载文件；中断后再次执行即可续传',
  usage: 'FILE --out PATH --as CLIENT',
  takes: 1,
  wanting: 'where the gateway refuses, or the file may not be given any more',
  examples: ['yitong file fetch file-5d3c9a… --out certificates.csv --as transport-licensing'],
  options: {
    out: { type: 'string', zh: '保存为', describe: 'where it goes; until it is whole beside it, as `.part`' },
    ...clientOption,
    ...gatewayOptions,
  },
  async run(call) {
    const [id] = call.positionals;
    const out = text(call.values['out']);
    if (id === undefined || out === undefined) throw new WrongUsage('name the file and --out');
    return await asClient(call, async (gateway) => {
      const file = await made(gateway, id);
      if (file.state !== 'ready' || file.sha256 === undefined) {
        call.json(file);
        sayFile(call, file);
        return 1;
      }
      // of this very file: of another one nothing is gone on with
      const part = `${out}.${file.sha256.slice(0, 16)}.part`;
      await fetchTo(gateway, file, part);
      if ((await digestOf(part)) !== file.sha256)
        throw new YitongError('bad_request', `what came is not the file; remove \`${part}\` and fetch it again`);
      await rename(part, out);
      call.json({ ...file, out });
      call.say(call.language === 'zh' ? `已保存为 ${out}，摘要相符` : `${out}: whole, and its digest is right`);
      return 0;
    });
  },
};
export default command;
