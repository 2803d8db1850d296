/** Row predicates of a grant: which records of a dataset a client may see at all. */
import type { FieldPath } from '../../../contracts/ids.js';
import type { RowPredicate } from '../../../policies/types.js';
import { Out, type Projection } from '../projection/index.js';
import type { VersionView } from '../view/port.js';
import { partsOf, valuesAt } from './values-at-path.js';

export type RowFilter = (subject: string, version: VersionView) => boolean;

/** What cannot be read does not match, so it is not shown. */
export function rowFilter(
  rows: RowPredicate,
  projectionOf: (schemaId: number, path: FieldPath) => Projection | undefined,
): RowFilter {
  switch (rows.kind) {
    case 'all':
      return () => true;
    case 'subjects': {
      const listed = new Set(rows.subjects);
      return (subject) => listed.has(subject);
    }
    case 'area': {
      const scratch = new Out(4096);
      const parts = partsOf(rows.field);
      return (_subject, version) => {
        const projection = projectionOf(version.schemaId, rows.field);
        if (projection === undefined) return false;
        scratch.pos = 0;
        projection.write(version.bytes, version.start, version.end, scratch);
        return valuesAt(JSON.parse(scratch.written().toString('utf8')), parts).some(
          (value) => typeof value === 'string' && rows.areas.some((area) => value.startsWith(area)),
        );
      };
    }
  }
}
