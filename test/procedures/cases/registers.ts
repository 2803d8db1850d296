/** Registers that a test fills: one record each, of the examples of elements, and what the test adds. */
import type { Bundle, Json } from '../../../contracts/bundle/types.js';
import { readRegisters } from '../../../gateway/procedures/cases/readings.js';
import type { CasesOptions } from '../../../gateway/procedures/cases/types.js';
import { elements } from './office.js';

type Rows = readonly Readonly<Record<string, Json>>[];
/** By dataset; undefined: it is stale. */
export type Registers = Readonly<Record<string, Rows | undefined>>;

function put(record: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first = '', ...rest] = path;
  const [name, list] = first.endsWith('[]') ? [first.slice(0, -2), true] : [first, false];
  if (rest.length === 0) {
    record[name] = value;
    return;
  }
  const inner: Record<string, unknown> = list
    ? (((record[name] ??= [{}]) as Record<string, unknown>[])[0] as Record<string, unknown>)
    : ((record[name] ??= {}) as Record<string, unknown>);
  put(inner, rest, value);
}

/** One record of each register, which says the examples of its elements. */
export const usualRows = (bundle: Bundle): Registers => {
  const rows = new Map<string, Record<string, unknown>>();
  for (const { registers, examples, many } of elements.elements.values())
    for (const { contract, field, record } of registers) {
      const row = rows.get(contract.id) ?? {};
      rows.set(contract.id, row);
      const [value] = examples;
      put(row, field.split('.'), many && Array.isArray(value) && contract.recordId.length > 0 ? value[0] : value);
      const is = record === undefined ? undefined : elements.elements.get(record.is)?.examples[0];
      if (record !== undefined) put(row, record.field.split('.'), is);
    }
  const all = Object.fromEntries([...rows].map(([id, row]) => [id, [row as Record<string, Json>]]));
  // a register that only facts ask has nothing of the company
  const facts = [...bundle.facts.values()].map(({ contract }) => contract.id as string);
  return { ...Object.fromEntries(facts.map((id) => [id, []])), ...all };
};

export const registersSaying =
  (registers: Registers): CasesOptions['registers'] =>
  async (bundle, known) => ({
    readings: await readRegisters(bundle, elements, known, async ({ id }) => {
      const records = registers[id];
      return records === undefined ? undefined : { records, sourceTime: '2026-11-26T00:00:00Z' };
    }),
    releases: [],
  });
