import type { FieldPath } from '../../../contracts/ids.js';
import type { ContractVersion } from '../../../contracts/types.js';
import { compileProjection, NO_FORMS, type Projection } from './compile.js';
import type { Form } from './forms.js';

/** Projections by (schema id, field set, forms). Two sets of the same paths in another order are one. */
export interface ProjectionCache {
  get(version: ContractVersion, fields: readonly FieldPath[], forms?: ReadonlyMap<FieldPath, Form>): Projection;
}

/** @param limit projections kept; beyond it the oldest goes */
export function projectionCache(limit = 10_000): ProjectionCache {
  const kept = new Map<string, Projection>();
  return {
    get(version, fields, forms = NO_FORMS) {
      const key = `${version.schemaId} ${[...fields].sort().join(' ')}${forms.size === 0 ? '' : ` ${formsKey(forms)}`}`;
      const found = kept.get(key);
      if (found !== undefined) return found;
      for (const oldest of kept.keys()) {
        if (kept.size < limit) break;
        kept.delete(oldest);
      }
      const compiled = compileProjection(version, fields, forms);
      kept.set(key, compiled);
      return compiled;
    },
  };
}

/** A mask follows from the contract, which the schema id stands for. */
function formsKey(forms: ReadonlyMap<FieldPath, Form>): string {
  return JSON.stringify(
    [...forms].map(([path, form]) => [path, form.kind, form.kind === 'band' ? form.bands : []]).sort(),
  );
}
