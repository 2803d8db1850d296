import type { FieldPath } from '../../contracts/ids.js';
import type { ContractVersion } from '../../contracts/types.js';
import { compileProjection, type Projection } from './compile.js';

/** Projections by (schema id, field set). Two sets of the same paths in another order are one. */
export interface ProjectionCache {
  get(version: ContractVersion, fields: readonly FieldPath[]): Projection;
}

/** @param limit projections kept; beyond it the oldest goes */
export function projectionCache(limit = 10_000): ProjectionCache {
  const kept = new Map<string, Projection>();
  return {
    get(version, fields) {
      const key = `${version.schemaId} ${[...fields].sort().join(' ')}`;
      const found = kept.get(key);
      if (found !== undefined) return found;
      for (const oldest of kept.keys()) {
        if (kept.size < limit) break;
        kept.delete(oldest);
      }
      const compiled = compileProjection(version, fields);
      kept.set(key, compiled);
      return compiled;
    },
  };
}
