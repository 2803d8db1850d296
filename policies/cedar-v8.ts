/**
 * What V8 is told about Cedar's WebAssembly. Stands alone, and is imported before Cedar: V8 reads both as it loads it.
 */
import { setFlagsFromString } from 'node:v8';

/**
 * V8 counts about the bytes that a function of WebAssembly has run, and at its own limit (1.8 million in Node.js 20, 13
 * million since) has it compiled once more by its optimising compiler. Reading the policies and a first decision take
 * many of Cedar's functions past that: 0.3 s of processor on other threads, while each process that decides starts on
 * the same cores; and a decision is then remembered. A process that decides tens of thousands of times (a replay) still
 * gets there.
 */
const BYTES_RUN_BEFORE_OPTIMISED = 200_000_000;

/** A test holds that this Node.js knows them. */
export const V8_FLAGS: readonly string[] = [
  `--wasm-tiering-budget=${String(BYTES_RUN_BEFORE_OPTIMISED)}`,
  // V8 can draw a call of WebAssembly into optimised JavaScript. Where that code is thrown away while the call runs,
  // Node.js 20 ends the process: "unreachable code" in `Deoptimizer::DoComputeBuiltinContinuation`
  '--no-turbo-inline-js-wasm-calls',
];

for (const flag of V8_FLAGS) setFlagsFromString(flag);
