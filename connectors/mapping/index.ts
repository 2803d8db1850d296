export { compileMapping, type CompiledMapping, type Mapped } from './compile.js';
export { parseMapping } from './parse.js';
