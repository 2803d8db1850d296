import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { text } from '../../ground/files/places.js';
import { defaultLog, openLog, warningsTo } from '../../ground/logging/log.js';
import { openCosigner } from '../../log/proof/cosignature.js';
import { openSigner } from '../../log/store/signer.js';
import { readWitnessConfig } from '../../log/witness/config.js';
import { serveWitness } from '../../log/witness/server.js';
import { openWitness } from '../../log/witness/witness.js';
import { buildInfo, processFigures } from '../../operate/metrics/process.js';
import { diskFigures, readyFigures } from '../../operate/metrics/replica.js';
import { witnessFigures } from '../../operate/metrics/witness.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { healthOptions, healthServer } from '../health-options.js';

/** A witness runs apart from the gateway: on another machine, by somebody else. */
const command: Command = {
  summary: 'cosign the checkpoints of logs that only grow',
  zh: '为只增不改的日志检查点共签',
  usage: '--key FILE --config FILE [--health-port N] [--json]',
  examples: [
    'yitong witness key --key witness.key --name witness.example/w1',
    'yitong witness --key witness.key --config witness.json --health-port 9465',
  ],
  options: {
    key: { type: 'string', describe: 'PEM file of the key, made by `yitong witness key`' },
    config: { type: 'string', describe: 'JSON: name, state, host, port, cert, key, logs (docs/log.md)' },
    ...healthOptions,
  },
  async run(call) {
    const key = text(call.values['key']);
    const file = text(call.values['config']);
    if (key === undefined || file === undefined) {
      throw new WrongUsage('`--key` and `--config` name the files of the witness; `yitong witness key` makes a key');
    }
    // a key made here by a mistyped name would be another witness
    if (!existsSync(key))
      throw new YitongError('bad_config', 'there is no such key file; `yitong witness key` makes one', {
        place: { file: key },
      });
    const config = await readWitnessConfig(resolve(file));
    const cosigner = openCosigner(config.name, openSigner(resolve(key), config.name).privateKey);
    const settings = defaultLog();
    const log = openLog('witness', settings);
    warningsTo(log);
    const counted = witnessFigures(config.logs.map(({ origin }) => origin));
    const witness = openWitness({
      stateDir: config.state,
      cosigner,
      logs: config.logs,
      now: Date.now,
      onAnswer: counted.answered,
      onSuspicion(origin, what) {
        counted.suspected(origin);
        log('warn', `${origin}: ${what}`);
      },
    });
    let health: Awaited<ReturnType<typeof healthServer>>;
    try {
      const server = await serveWitness(witness, { ...config, onError: (message) => log('error', message) });
      const ofProcess = processFigures('witness');
      health = await healthServer(call.values, {
        reasons: () => [],
        metrics: async () => [
          buildInfo('witness'),
          ...readyFigures('witness', [], []),
          ...ofProcess(),
          ...(await diskFigures(config.state)),
          ...counted.figures(witness),
        ],
      });
      call.json({
        ready: true,
        url: server.url,
        vkey: cosigner.vkey,
        logs: config.logs.map(({ origin }) => origin),
        ...(health === undefined ? {} : { health: health.url }),
      });
      call.say(
        `ready: ${server.url}/add-checkpoint for ${config.logs.map(({ origin }) => `\`${origin}\``).join(', ')}`,
      );
      call.say(cosigner.vkey);
      if (health !== undefined) call.say(`health: ${health.url}/health/ready`);
      if (!call.signal.aborted)
        await new Promise<void>((done) => call.signal.addEventListener('abort', () => done(), { once: true }));
      await server.close();
      await health?.close();
    } finally {
      witness.close();
    }
    return 0;
  },
};
export default command;
