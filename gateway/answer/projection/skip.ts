/** Moves over a value without looking at more of it than its length asks for. */
import { leastBytes } from '../../../contracts/decode.js';
import type { Shape } from '../../../contracts/schema.js';
import { fail, type Step } from './cursor.js';

export function skip(shape: Shape): Step {
  switch (shape.kind) {
    case 'record': {
      const steps = shape.fields.map((field) => skip(field.shape));
      return (c) => {
        for (let i = 0; i < steps.length; i++) steps[i]!(c);
      };
    }
    case 'nullable': {
      const inner = skip(shape.of);
      const { nullIndex } = shape;
      return (c) => {
        const branch = c.long();
        if (branch === 1 - nullIndex) inner(c);
        else if (branch !== nullIndex) fail('has an unknown branch of a union');
      };
    }
    case 'array':
      return skipList(skip(shape.items), leastBytes(shape.items));
    case 'map': {
      const value = skip(shape.values);
      return skipList((c) => (c.take(c.long()), value(c)), 1 + leastBytes(shape.values));
    }
    case 'string':
    case 'bytes':
    case 'decimal':
      return (c) => void c.take(c.long());
    case 'fixed':
      return (c) => void c.take(shape.size);
    case 'double':
      return (c) => void c.take(8);
    case 'boolean':
      return (c) => void c.boolean();
    case 'int':
    case 'long':
    case 'date':
    case 'timestamp':
    case 'enum':
      return (c) => void c.long();
  }
}

function skipList(item: Step, each: number): Step {
  return (c) => {
    for (let count = c.block(each); count > 0; count = c.block(each)) {
      for (let i = 0; i < count; i++) item(c);
    }
  };
}
