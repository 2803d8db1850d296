/** From the settings, which are of a port over the whole group, to what each worker takes. */
import type { GatewaySettings } from '../config/index.js';
import { connectionsFor, descriptorLimit } from './descriptors.js';
import type { GateLimits } from './gate.js';

/** The mTLS port and the people's. */
const PORTS = 2;

export const ofEach = (count: number, workers: number): number => Math.max(1, Math.ceil(count / workers));

/** @param descriptors that the process may have open */
export function gateLimits(
  {
    maxConnections,
    unaskedConnections,
    unaskedPerAddress,
    workers,
  }: Pick<GatewaySettings, 'maxConnections' | 'unaskedConnections' | 'unaskedPerAddress' | 'workers'>,
  descriptors: number,
): GateLimits {
  const open = Math.min(ofEach(maxConnections, workers), connectionsFor(descriptors, PORTS));
  const unasked = Math.min(ofEach(unaskedConnections, workers), Math.max(1, Math.floor(open / 2)));
  return { open, unasked, unaskedOfAddress: Math.min(ofEach(unaskedPerAddress, workers), unasked) };
}

/** Of a port that few know, in a process that has one. @param open fewer where files are few */
export function portLimits(open: number, descriptors = descriptorLimit()): GateLimits {
  const all = Math.min(open, connectionsFor(descriptors, 1));
  return { open: all, unasked: Math.max(2, Math.floor(all / 4)), unaskedOfAddress: Math.max(1, Math.floor(all / 8)) };
}

/**
 * A request, head and body, must have arrived within `ms`, and is closed soon after. Node looks every half minute by
 * itself; and where its term for heads (60 s unless set) is the longer one, it takes each for the other, so that a body
 * would have that minute.
 */
export const requestsWithin = (
  ms: number,
): Readonly<Record<'requestTimeout' | 'headersTimeout' | 'connectionsCheckingInterval', number>> => ({
  requestTimeout: ms,
  headersTimeout: ms,
  connectionsCheckingInterval: Math.min(1000, Math.max(50, Math.floor(ms / 10))),
});
