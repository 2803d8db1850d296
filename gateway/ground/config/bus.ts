/** The bus: section `bus` of yitong.json, then the environment (`YITONG_BUS_BROKERS`, lists and objects as JSON). */
import { type BusSettings, busProperties, busSettingsSchema } from '../../../connectors/bus/open.js';
import type { Place } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { checkedSection, type Environment, type Properties, readSection, variable } from './read.js';

const check = shape<BusSettings>(busSettingsSchema, 'bad_config');
/** The connectors know their defaults themselves. */
const properties: Properties = Object.fromEntries(
  Object.entries(busProperties).map(([key, { default: _, ...property }]: [string, Properties[string]]) => [
    key,
    property,
  ]),
);

/** Whether anything says what the bus is. */
export const namesBus = (given: unknown, env: Environment): boolean =>
  given !== undefined || Object.keys(properties).some((key) => env[variable('bus', key)] !== undefined);

/** @throws YitongError `bad_config` */
export function readBusSettings(given: unknown, place: Place, env: Environment): BusSettings {
  const { driver } = readSection('bus', properties, given, env);
  const required =
    driver === 'kafka'
      ? busSettingsSchema.then.required
      : driver === 'embedded'
        ? busSettingsSchema.else.then.required
        : ['driver'];
  return checkedSection('bus', properties, check, { given, env, place, required });
}
