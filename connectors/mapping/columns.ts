/** The columns that a mapping reads, without a contract; a source whose header lacks one of them has changed. */
import type { Contract } from '../../contracts/types.js';
import type { Condition, Expression, Mapping } from '../feed.js';

function ofCondition(condition: Condition, found: Set<string>): void {
  if ('all' in condition) condition.all.forEach((part) => ofCondition(part, found));
  else if ('any' in condition) condition.any.forEach((part) => ofCondition(part, found));
  else if ('not' in condition) ofCondition(condition.not, found);
  else found.add(condition.column);
}

function ofExpression(expression: Expression, found: Set<string>): void {
  if ('from' in expression) found.add(expression.from);
  else if ('rows' in expression) found.add(expression.rows.from);
  else if ('concat' in expression) {
    for (const part of expression.concat) if (!('text' in part)) ofExpression(part, found);
  } else if ('case' in expression) {
    for (const { when, use } of expression.case) {
      ofCondition(when, found);
      ofExpression(use, found);
    }
    if (expression.else !== undefined) ofExpression(expression.else, found);
  }
}

/** The columns that say which record a row is, and whether it is one of the dataset's. */
export function namingColumns(mapping: Mapping, contract: Contract): ReadonlySet<string> {
  const found = new Set<string>();
  if (mapping.skip !== undefined) ofCondition(mapping.skip, found);
  for (const field of [contract.subject.field, ...contract.recordId]) {
    const expression = mapping.fields[field];
    if (expression !== undefined) ofExpression(expression, found);
  }
  return found;
}

/** The columns of which the subject's key is made. */
function keyColumns(mapping: Mapping, contract: Contract): ReadonlySet<string> {
  const found = new Set<string>();
  const expression = mapping.fields[contract.subject.field];
  if (expression !== undefined) ofExpression(expression, found);
  return found;
}

/** Mapped columns that have no part in the key, in order: what the row says beside it. */
export function restColumns(mapping: Mapping, contract: Contract): readonly string[] {
  const key = keyColumns(mapping, contract);
  return [...mappedColumns(mapping)].filter((column) => !key.has(column)).sort();
}

/** Columns of which one field of the contract is made; none where the mapping does not have it. */
export function columnsOfField(mapping: Mapping, field: string): ReadonlySet<string> {
  const found = new Set<string>();
  // of an item of a list the mapping names the list
  const named = field.replace(/\[.*$/, '');
  const expression = mapping.fields[field] ?? mapping.fields[named];
  if (expression !== undefined) ofExpression(expression, found);
  return found;
}

export function mappedColumns(mapping: Mapping): ReadonlySet<string> {
  const found = new Set<string>();
  if (mapping.skip !== undefined) ofCondition(mapping.skip, found);
  for (const expression of Object.values(mapping.fields)) ofExpression(expression, found);
  return found;
}
