import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readSettings } from '../../ground/config/index.js';
import { dataOption, folders, text, workspaceOption } from '../../ground/files/places.js';
import { logSettings, openLog, warningsTo } from '../../ground/logging/log.js';
import { busOf, busOption } from '../../operate/bus.js';
import { serveHealth } from '../../operate/process/health.js';
import { choosePorts } from '../../operate/process/ports.js';
import { startGroup } from '../../operate/process/supervisor.js';
import type { Command } from '../command.js';
import { AlreadyTold } from '../failure.js';

const command: Command = {
  summary: 'the gateway for production: writer and workers, with your own certificates',
  zh: '生产环境的网关：使用自备证书',
  usage: '[--workspace D] [--data D] [--json]',
  examples: ['yitong gateway --workspace /srv/city --data /var/lib/yitong'],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    bus: busOption,
  },
  async run(call) {
    const { workspace: dir, data } = folders(call.values);
    const workspace = await loadWorkspace(dir);
    const { gateway, audit } = readSettings(workspace.settings, { file: join(dir, 'yitong.json') }, process.env);
    if (gateway.serverCert === '' || gateway.serverKey === '') {
      throw new YitongError(
        'bad_config',
        '`gateway.serverCert` and `gateway.serverKey` must name PEM files; for a first run without them there ' +
          'is `yitong up`',
      );
    }
    // before anything is loaded; which ports it takes is what its deployment says, and nothing else
    await choosePorts(gateway, new Set(), false);
    const settings = logSettings(gateway);
    const log = openLog('supervisor', settings);
    warningsTo(log);
    const group = startGroup({
      args: {
        workspace: dir,
        data,
        bus: await busOf(text(call.values['bus']), dir, data),
        flags: {},
        log: settings,
        options: {},
      },
      workers: gateway.workers,
      feeds: false,
      log,
      drainSeconds: gateway.drainSeconds,
    });
    const health = await serveHealth(group, { host: gateway.healthHost, port: gateway.healthPort, data, audit });
    // also where it never becomes ready
    call.signal.addEventListener('abort', () => void group.stop(), { once: true });
    try {
      const ports = await group.ready;
      call.json({ ready: true, ...ports, health: health.port });
      if (settings.format === 'json') log('info', 'ready', { ...ports, health: health.port });
      else
        call.say(
          `ready: API on ${gateway.host}:${ports.api}, people on ${gateway.peopleHost}:${ports.people}, health ` +
            `on ${gateway.healthHost}:${health.port}`,
        );
      if (!call.signal.aborted)
        await new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve(), { once: true }));
    } catch (error) {
      if (!call.signal.aborted) {
        if (settings.format !== 'json') throw error;
        log('error', 'the gateway does not start', { err: error });
        throw new AlreadyTold();
      }
    } finally {
      await group.stop();
      await health.close();
    }
    return 0;
  },
};
export default command;
