/**
 * One call of each method of the client, from `calls/<route>.ts`: of a route whose part of the client stands in its
 * folder.
 */
import { readdirSync } from 'node:fs';
import type { Client } from '../../gateway/client/index.js';

/** By the `operationId` of the route that is to be asked. */
export type Calls = Readonly<Record<string, () => Promise<unknown>>>;

export async function callsOf(client: Client): Promise<Calls> {
  const folder = new URL('./calls/', import.meta.url);
  const all: Record<string, () => Promise<unknown>> = { openapi: () => client.openapi() };
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
    const { calls } = (await import(new URL(file, folder).href)) as { readonly calls: (of: Client) => Calls };
    Object.assign(all, calls(client));
  }
  return all;
}
