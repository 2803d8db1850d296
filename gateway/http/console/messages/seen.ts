/** Up to when somebody has looked at what they are told, the same in every browser. */
import type { Person } from '../../../ground/identity/person.js';
import { asJson } from '../../../ground/state/as-json.js';
import type { NoticeStore } from '../../notices/store.js';

const KIND = 'messages-seen';
const KEPT_FOR = 400 * 86_400_000;

export interface SeenMessages {
  /** ms since 1970; 0 where they never looked. */
  until(person: Pick<Person, 'id'>): Promise<number>;
  /** Of what they have looked at now, the newest. */
  saw(person: Pick<Person, 'id'>, at: number): Promise<void>;
}

interface Opened {
  readonly store: NoticeStore;
}

/** @param ifAny undefined where nothing was ever kept */
export const seenMessages = (
  desk: () => Promise<Opened>,
  ifAny: () => Promise<Opened | undefined>,
  now: () => number,
): SeenMessages => ({
  async until(person) {
    const store = (await ifAny())?.store;
    const found = await store?.state.document(KIND, store.ref(person));
    return (found?.body as { readonly at: number } | undefined)?.at ?? 0;
  },
  async saw(person, at) {
    const { store } = await desk();
    const ref = store.ref(person);
    const until = now() + KEPT_FOR;
    await store.state.commit([{ do: 'put', kind: KIND, id: ref, owner: ref, until, body: asJson({ at }) }]);
  },
});
