/** Papers and uploads of a case: which it needs, how each stands, opening one, uploading what no register has. */
import type { Bundle } from '../../../contracts/bundle/types.js';
import { YitongError } from '../../../contracts/errors.js';
import { inspectFile } from '../materials/inspect/index.js';
import type { Papers } from '../materials/made.js';
import { keepUpload, openUpload, uploadOf } from '../materials/room.js';
import type { CaseContents, EventContents } from './contents.js';
import { apply, type CaseEvent, type CaseState } from './machine.js';
import { documentOf, linesOf, type MaterialLine, takes } from './papers.js';
import type { Preparation } from './preparation.js';
import { ERASED, refuse } from './refusals.js';
import { type Known, shown } from './seen.js';
import type { StoredCase } from './store.js';
import type { CaseActor, CasesOptions, HowDone, OpenedMaterial } from './types.js';

interface Parts {
  readonly options: CasesOptions;
  readonly preparation: Preparation;
  readonly known: (id: string, actor: CaseActor) => Promise<Known>;
  readonly put: (
    next: StoredCase,
    before: CaseState,
    event: CaseEvent,
    inside: EventContents,
    how: HowDone,
    subject: string,
  ) => Promise<void>;
}

export class CaseMaterials {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Those that were filed, or of a draft as it stands. */
  async #papersOf(
    { stored, contents }: Known,
    how: Omit<HowDone, 'key'>,
  ): Promise<{
    readonly papers: Papers;
    readonly contents: CaseContents;
    readonly own: readonly string[] | undefined;
  }> {
    const { actor } = how;
    const { plan, phase } = stored.state;
    if (contents === undefined) throw new YitongError('not_found', 'the subject of the case was erased');
    const own =
      actor.kind === 'applicant'
        ? undefined
        : Object.entries(plan?.items ?? {}).flatMap(([item, { authority, region }]) =>
            authority === actor.authority && region === actor.region ? [item] : [],
          );
    if (contents.papers !== undefined) return { papers: contents.papers, contents, own };
    // one that ended as a draft, or was filed before papers were kept
    if (phase !== 'draft') return { papers: { materials: [], values: [] }, contents, own };
    return { papers: (await this.#parts.preparation.form(stored, contents, how)).papers, contents, own };
  }

  async list(id: string, how: Omit<HowDone, 'key'>): Promise<readonly MaterialLine[]> {
    const known = await this.#parts.known(id, how.actor);
    const { papers, contents, own } = await this.#papersOf(known, how);
    const lines = linesOf(papers, contents, known.stored.state, own);
    const materials = lines.map(({ material }) => material);
    await how.record(shown([id], contents.subject, id, { bundle: known.stored.state.bundle, materials }));
    return lines;
  }

  async open(id: string, material: string, how: Omit<HowDone, 'key'>): Promise<OpenedMaterial> {
    const known = await this.#parts.known(id, how.actor);
    const { state } = known.stored;
    const opened = (await this.#openedDraft(known, material)) ?? (await this.#openedOf(known, material, how));
    if (opened === undefined)
      throw new YitongError('not_found', 'there is no such material to open, or it is not yours to see');
    const digest = opened.kind === 'made' ? opened.document.digest : opened.digest;
    await how.record(shown([id], known.contents?.subject, id, { bundle: state.bundle, material, digest }));
    return opened;
  }

  /** An upload of a draft: no register has to be asked for it. */
  async #openedDraft({ stored, contents }: Known, material: string): Promise<OpenedMaterial | undefined> {
    const isUpload = this.#parts.options.bundles.get(stored.state.bundle)?.materials.get(material)?.kind === 'upload';
    if (stored.state.phase !== 'draft' || contents === undefined || !isUpload) return undefined;
    return await this.#openedUpload(stored.id, material, contents);
  }

  async #openedOf(known: Known, material: string, how: Omit<HowDone, 'key'>): Promise<OpenedMaterial | undefined> {
    const { papers, contents, own } = await this.#papersOf(known, how);
    const { id, state } = known.stored;
    const needed = papers.materials.find((one) => one.material === material && takes(one, own));
    if (needed === undefined) return undefined;
    if (needed.kind === 'upload') return await this.#openedUpload(id, material, contents);
    const document = documentOf({ id, bundle: this.#title(state.bundle), papers, needed }, contents, state, own);
    return document === undefined ? undefined : { kind: 'made', document };
  }

  #title(bundle: string): Bundle['title'] {
    return this.#parts.options.bundles.get(bundle)?.title ?? { zh: bundle, en: bundle };
  }

  async #openedUpload(id: string, material: string, { uploads }: CaseContents): Promise<OpenedMaterial | undefined> {
    const { blobs, keys } = this.#parts.options;
    const upload = Object.hasOwn(uploads, material) ? uploads[material] : undefined;
    if (upload === undefined || blobs === undefined) return undefined;
    const { type, digest } = upload;
    return { kind: 'upload', type, digest, bytes: await openUpload(blobs, keys, id, upload) };
  }

  async put(id: string, material: string, read: () => Promise<Buffer>, how: HowDone): Promise<MaterialLine> {
    const { actor } = how;
    const { blobs, keys, now } = this.#parts.options;
    const known = await this.#parts.known(id, actor);
    const { stored, contents } = known;
    const { state } = stored;
    if (actor.kind !== 'applicant') return refuse('what no register has is uploaded by who applies');
    if (blobs === undefined) return refuse('nothing is uploaded here');
    if (stored.state.guest !== undefined) return refuse('it is acted on in the region in which it was applied for');
    if (contents === undefined) return refuse(ERASED);
    const event: CaseEvent = { act: 'attach', material, by: 'applicant', at: Math.max(now(), state.at) };
    // before anything is read
    const next = apply(state, event);
    this.#checkPut(known, material, contents);
    const inspected = await inspectFile(await read());
    const secret = await keys.secretOf(contents.subject);
    const current = Object.hasOwn(contents.uploads, material) ? contents.uploads[material] : undefined;
    const upload = uploadOf(keys, secret, inspected, { current, after: state.events });
    // also where it is there already: one that was damaged is whole again
    await keepUpload(blobs, id, upload, secret, inspected.bytes);
    if (upload !== current) {
      await this.#parts.put({ ...stored, state: next }, state, event, { upload }, how, contents.subject);
      // of a draft nothing is kept that was replaced; where that fails it is found when what is idle is looked for
      if (current !== undefined && state.phase === 'draft')
        await blobs.remove({ folder: id, name: current.name }).catch(() => undefined);
    }
    const again = await this.#parts.known(id, actor);
    const { papers, contents: since } = await this.#papersOf(again, how);
    const line = linesOf(papers, since, again.stored.state, undefined).find((one) => one.material === material);
    if (line === undefined) return refuse('under the answers that were given since, it is not needed');
    return line;
  }

  /** @throws YitongError `not_found`, `act_refused` */
  #checkPut({ stored: { state } }: Known, material: string, { papers }: CaseContents): void {
    const items =
      papers === undefined
        ? this.#parts.preparation.bundle(state.bundle).materials.get(material)?.kind === 'upload'
          ? []
          : undefined
        : papers.materials.find((one) => one.material === material && one.kind === 'upload')?.items;
    if (items === undefined) throw new YitongError('not_found', 'the case takes no such upload');
    if (papers !== undefined && !items.some((item) => state.items[item]?.status === 'supplement'))
      refuse('no supplement was asked for to which it belongs');
  }
}
