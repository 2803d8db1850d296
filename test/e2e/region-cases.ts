/** The reference city, small, and beside it the second region as `yitong region up` starts it. */
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { stateBeside } from '../support/servers/city-state.js';
import { type City, cli, city as startCity } from './city.js';
import { put, read } from './regions.js';

/** The company that sells, of the city, and its title over there. */
export const SELLER = 'uscc:91990102MA00001692';
export const TITLE = '望（2021）海东区不动产权第0001024号';

export interface Second {
  readonly region: string;
  readonly api: string;
  readonly people: string;
  readonly data: string;
  readonly pki: string;
  readonly workspace: string;
  stop(): Promise<void>;
}

export interface TwoRegions {
  readonly workspace: string;
  readonly near: City;
  readonly far: Second;
  /** The second once more, on the same folders. */
  again(): Promise<Second>;
}

function start(near: City, workspace: string, dir: string): Promise<Second> {
  const args = [cli, 'region', 'up', dir, '--workspace', workspace, '--data', near.data, '--json'];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...stateBeside(args) },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-6000)));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      const up = JSON.parse(line) as Omit<Second, 'stop' | 'pki'>;
      resolve({ ...up, pki: join(up.data, 'pki'), stop });
    });
    child.once('exit', (code) => reject(new Error(`yitong region up ended with ${String(code)}: ${said}`)));
  });
}

export async function twoRegions(t: Test): Promise<TwoRegions> {
  const dir = t.testdir();
  const workspace = join(dir, 'near');
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  const settings = join(workspace, 'yitong.json');
  await put(settings, {
    ...(await read(settings)),
    region: { id: 'yunzhou', withinMs: 3000, timeoutMs: 1500 },
    gateway: { caseDrivers: 'development' },
  });
  const near = await startCity(t, { workspace });
  let far = await start(near, workspace, join(dir, 'wanghai'));
  t.teardown(() => far.stop());
  return {
    workspace,
    near,
    far,
    async again() {
      far = await start(near, workspace, join(dir, 'wanghai'));
      return far;
    },
  };
}
