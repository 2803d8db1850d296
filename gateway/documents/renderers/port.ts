/** Ways to write a report down besides JSON: one file in `renderers/`, default-exported, found by folder. */
import { readdir } from 'node:fs/promises';
import type { SealDefinition } from '../../../contracts/reports.js';
import type { GatewayContext } from '../context.js';
import type { ReportModel } from '../model/model.js';

interface Document {
  readonly id: string;
  readonly model: ReportModel;
  /** For the code and QR on it. */
  readonly code: string;
  /** Where the code is looked up: what the QR says. */
  readonly url: string;
  /** The public key (JWK) of whoever is to present it, in a form that is bound to one. */
  readonly holder?: unknown;
  /** Of its definition, where it has one. */
  readonly seal?: SealDefinition | undefined;
}

export interface Renderer {
  /** `application/pdf` */
  readonly mediaType: string;
  /** `pdf` */
  readonly extension: string;
  render(document: Document, context: GatewayContext): Promise<Uint8Array>;
}

/** By media type. */
export async function loadRenderers(
  folder = new URL('./kinds/', import.meta.url),
): Promise<ReadonlyMap<string, Renderer>> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.js')).sort();
  const found = await Promise.all(
    names.map(async (name) => ((await import(new URL(name, folder).href)) as { default: Renderer }).default),
  );
  return new Map(found.map((renderer) => [renderer.mediaType, renderer]));
}
