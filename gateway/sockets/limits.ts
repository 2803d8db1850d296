/** From the settings, which are of a port over the whole group, to what each worker takes. */
import type { GatewaySettings } from '../config.js';
import { connectionsFor } from './descriptors.js';
import type { GateLimits } from './gate.js';

/** The mTLS port and the people's. */
const PORTS = 2;

export const ofEach = (count: number, workers: number): number => Math.max(1, Math.ceil(count / workers));

/** @param descriptors that the process may have open */
export function gateLimits({ maxConnections, unaskedConnections, unaskedPerAddress, workers }: Pick<GatewaySettings, 'maxConnections' | 'unaskedConnections' | 'unaskedPerAddress' | 'workers'>, descriptors: number): GateLimits {
  const open = Math.min(ofEach(maxConnections, workers), connectionsFor(descriptors, PORTS));
  const unasked = Math.min(ofEach(unaskedConnections, workers), Math.max(1, Math.floor(open / 2)));
  return { open, unasked, unaskedOfAddress: Math.min(ofEach(unaskedPerAddress, workers), unasked) };
}
