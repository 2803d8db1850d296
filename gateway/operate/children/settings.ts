/** The settings of a group, and which of them hold until it is started anew. */
import { join } from 'node:path';
import type { Workspace } from '../../../contracts/types.js';
import { type GatewaySettings, readSettings, type Settings } from '../../ground/config/index.js';

/** @throws YitongError `bad_config` */
export function groupSettings(
  workspace: Workspace,
  dir: string,
  flags: Partial<GatewaySettings>,
  development: boolean,
): Settings {
  // a city of one machine is there to be tried: nobody sends requests to it who would have to turn away, so it stops at
  // once, and one worker is enough, unless somebody says otherwise
  const given = development
    ? {
        ...workspace.settings,
        gateway: { drainSeconds: 0, workers: 1, ...(workspace.settings['gateway'] as object | undefined) },
      }
    : workspace.settings;
  return readSettings(given, { file: join(dir, 'yitong.json') }, process.env, flags);
}

/** Setting → its value as JSON: those that sockets, the writer and the log were opened with. */
export type FixedSettings = Readonly<Record<string, string>>;

const OF_GATEWAY = ['host', 'port', 'peopleHost', 'peoplePort', 'healthHost', 'healthPort', 'viewMaxBytes'] as const;

export function fixedSettings(
  { prefix, settings: sections }: Pick<Workspace, 'prefix' | 'settings'>,
  { gateway, audit, keep, state, view }: Pick<Settings, 'gateway' | 'audit' | 'keep' | 'state' | 'view'>,
): FixedSettings {
  const all: Record<string, string> = { prefix: JSON.stringify(prefix), bus: JSON.stringify(sections['bus'] ?? null) };
  for (const key of OF_GATEWAY) all[`gateway.${key}`] = JSON.stringify(gateway[key]);
  for (const [key, value] of Object.entries(audit)) all[`audit.${key}`] = JSON.stringify(value);
  for (const [key, value] of Object.entries(keep)) all[`keep.${key}`] = JSON.stringify(value);
  for (const [key, value] of Object.entries(state)) all[`state.${key}`] = JSON.stringify(value);
  for (const [key, value] of Object.entries(view)) all[`view.${key}`] = JSON.stringify(value);
  return all;
}

/** Names of those that differ. */
export const differing = (before: FixedSettings, after: FixedSettings): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key]);
