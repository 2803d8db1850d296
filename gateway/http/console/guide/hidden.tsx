/** What forms of the guide carry beside their fields: it has no frame that does it for whoever has not signed in. */

import type { JSX } from 'preact';

export const LARGE = 'large';

export interface HiddenProps {
  /** Of whoever is signed in. */
  readonly csrf: string | undefined;
  /** Whether type is large. */
  readonly isLarge: boolean;
}

export function Hidden({ csrf, isLarge }: HiddenProps): JSX.Element {
  return (
    <>
      {csrf === undefined ? null : <input type="hidden" name="csrf" value={csrf} />}
      {isLarge ? <input type="hidden" name="type" value={LARGE} /> : null}
    </>
  );
}
