export { openLmdbViewReader } from './reopening.js';
export { openLmdbViewWriter } from './writer.js';
