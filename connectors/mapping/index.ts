export { type CompiledMapping, compileMapping, type Mapped } from './compile.js';
export { parseMapping } from './parse.js';
