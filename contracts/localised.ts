/** A name in both languages. Apart from `types.ts`, so that what a client is told brings no package with it. */
export interface Localised {
  readonly zh: string;
  readonly en: string;
}
