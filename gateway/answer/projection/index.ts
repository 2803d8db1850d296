export { Out } from './answer-buffer.js';
export { type ProjectionCache, projectionCache } from './cache.js';
export { compileCheck, compileProjection, type Projection } from './compile.js';
export type { Form } from './forms.js';
export { releasedShape } from './released.js';
