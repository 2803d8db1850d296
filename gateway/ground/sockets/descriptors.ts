/**
 * How many connections the file descriptors of a process leave room for, besides what answers need: the view, journals,
 * policies, the bus, this process's own.
 */
import { readFileSync } from 'node:fs';

/** Descriptors that no connection takes, at least and at most; between them a quarter of all. */
const MIN_RESERVE = 128;
const MAX_RESERVE = 2048;
/** Where nobody can say how many there are. */
const UNKNOWN = 1024;

/** Open files that this process may have (Linux; elsewhere as Node.js reports it). */
export function descriptorLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    if (soft === 'unlimited') return Number.MAX_SAFE_INTEGER;
    if (soft !== undefined) return Number(soft);
  } catch {
    // no Linux
  }
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : UNKNOWN;
}

/**
 * Connections that each of some ports may hold, so that a reserve stays for what answers need.
 * @param limit of descriptors
 */
export function connectionsFor(limit: number, ports: number): number {
  const reserve = Math.min(MAX_RESERVE, Math.max(MIN_RESERVE, Math.floor(limit / 4)));
  return Math.max(8, Math.floor((limit - reserve) / ports));
}
