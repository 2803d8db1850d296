/** Conditions of recipes become functions, once. */

import { type Compiling, drawOf } from './compiling.js';
import { dateOf } from './days.js';
import { complain, itemsOf, keysOf, type Node, numberOf, textOf, verbOf } from './language.js';
import { reference } from './references.js';
import type { Test } from './scope.js';

const VERBS = ['of', 'reached', 'chance', 'all', 'any', 'not'];

/** @throws YitongError `bad_feed` naming the place */
export function test(node: Node, within: Compiling): Test {
  switch (verbOf(node, VERBS)) {
    case 'of':
      return compare(node, within);
    case 'reached': {
      const { reached } = keysOf(node, ['reached']);
      const day = reference(reached as Node, textOf(reached as Node), within.names);
      return (scope) => {
        const date = day(scope);
        return typeof date === 'string' && date <= dateOf(scope.today);
      };
    }
    case 'chance': {
      const p = numberOf(keysOf(node, ['chance'])['chance'] as Node, 0, 1);
      const draw = drawOf(node, within);
      return (scope) => draw(scope) < p;
    }
    case 'all': {
      const tests = itemsOf(keysOf(node, ['all'])['all'] as Node).map((inner) => test(inner, within));
      return (scope) => tests.every((holds) => holds(scope));
    }
    case 'any': {
      const tests = itemsOf(keysOf(node, ['any'])['any'] as Node).map((inner) => test(inner, within));
      return (scope) => tests.some((holds) => holds(scope));
    }
    default: {
      const holds = test(keysOf(node, ['not'])['not'] as Node, within);
      return (scope) => !holds(scope);
    }
  }
}

function compare(node: Node, within: Compiling): Test {
  const parts = keysOf(node, ['of', 'equals?', 'in?', 'contains?', 'atLeast?', 'atMost?', 'present?']);
  const make = reference(parts['of'] as Node, textOf(parts['of'] as Node), within.names);
  const verb = verbOf(node, ['equals', 'in', 'contains', 'atLeast', 'atMost', 'present']);
  const operand = parts[verb] as Node;
  switch (verb) {
    case 'equals':
      return (scope) => make(scope) === operand.value;
    case 'in': {
      const wanted = new Set(itemsOf(operand).map((item) => item.value));
      return (scope) => wanted.has(make(scope));
    }
    case 'contains':
      return (scope) => {
        const made = make(scope);
        return Array.isArray(made) && made.includes(operand.value);
      };
    case 'atLeast': {
      const least = numberOf(operand);
      return (scope) => Number(make(scope)) >= least;
    }
    case 'atMost': {
      const most = numberOf(operand);
      return (scope) => Number(make(scope)) <= most;
    }
    default:
      if (typeof operand.value !== 'boolean') complain(operand, 'must be true or false');
      return (scope) => (make(scope) !== null) === operand.value;
  }
}
