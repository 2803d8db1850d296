import type { Json } from './port.js';

/** What consists of plain members only, as a document holds it. */
export const asJson = (value: object): Json => value as unknown as Json;
