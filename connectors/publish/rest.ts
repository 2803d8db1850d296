/**
 * What a row holds beside its key, in a few bytes: by it a row whose key was mistyped is told from others, although
 * nobody kept the row.
 */
import { hash } from 'node:crypto';
import type { Cell } from '../reading/port.js';
import type { JsonForm } from './identity.js';
import { REST_BYTES } from './published.js';

const print = (parts: readonly string[]): string =>
  parts.every((part) => part === '') ? '' : hash('sha256', parts.join('\u0001'), 'binary').slice(0, REST_BYTES);

const textOf = (cell: Cell | undefined): string =>
  cell === null || cell === undefined ? '' : typeof cell === 'string' ? cell.trim() : JSON.stringify(cell);

/** Of a source's row. @param columns those that are mapped, without the key's; empty where they hold nothing */
export const restOfCells = (columns: readonly string[], cells: Readonly<Record<string, Cell>>): string =>
  print(columns.map((column) => textOf(cells[column])));

/** Of a record that was pushed. @param subject path of the field that holds the key */
export function restOfValue(value: JsonForm, subject: string): string {
  const [top = '', ...below] = subject.split('.');
  const names = Object.keys(value)
    .filter((name) => name !== top)
    .sort();
  const parts = names.map((name) => textOf(value[name]));
  if (below.length > 0) parts.push(restOfBranch(value[top], below));
  return print(parts);
}

function restOfBranch(value: Cell | undefined, [name, ...below]: readonly string[]): string {
  if (typeof value !== 'object' || value === null || name === undefined) return '';
  const branch = value as JsonForm;
  const rest = Object.keys(branch)
    .filter((other) => other !== name)
    .sort()
    .map((other) => textOf(branch[other]));
  return [...rest, below.length === 0 ? '' : restOfBranch(branch[name], below)].join('\u0002');
}
