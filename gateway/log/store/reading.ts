/**
 * Entries of the log for whoever goes through it: read in runs, each parsed and decrypted once, however many look at
 * it.
 */

import { type CaseReferences, detailsOf, type LogBody } from '../entries/body.js';
import type { SubjectKeys } from '../entries/keys.js';
import { type OpenedSubject, unseal } from '../entries/seal.js';
import type { BodyStore, StoredBody } from './bodies.js';

const CACHED = 5000;

export class ReadEntry {
  private decrypted: { readonly subject: OpenedSubject | undefined } | undefined;
  private keyed: CaseReferences | undefined;

  constructor(
    readonly index: number,
    readonly stored: StoredBody,
    /** Of an erased entry its clear part: what led to its subject is gone. */
    readonly body: LogBody & Readonly<Record<string, unknown>>,
    private readonly secrets: Secrets,
  ) {}

  /** Its subject part; undefined where there is none, or its key was destroyed. @throws YitongError `log_invalid` */
  get opened(): OpenedSubject | undefined {
    return (this.decrypted ??= { subject: this.secrets.open(this.body) }).subject;
  }

  /** Its item, its case and its handler, keyed. @throws YitongError `log_invalid` */
  get references(): CaseReferences {
    return (this.keyed ??= this.secrets.references(this.opened, this.body));
  }
}

interface Secrets {
  open(body: LogBody): OpenedSubject | undefined;
  references(opened: OpenedSubject | undefined, body: LogBody): CaseReferences;
}

export interface EntryReader {
  /** Undefined if there is no body. @throws YitongError `log_invalid` */
  read(index: number): ReadEntry | undefined;
  /** Of `count` entries from `first` on; one that is damaged is told to `onError` and left out. */
  run(first: number, count: number, onError: (error: unknown) => void): readonly (ReadEntry | undefined)[];
}

export function entryReader(bodies: BodyStore, keys: SubjectKeys): EntryReader {
  /** The same few again and again. */
  function cached(kind: 'item' | 'actor'): (text: string) => string {
    let known = new Map<string, string>();
    return (text) => {
      let found = known.get(text);
      if (found === undefined) {
        if (known.size >= CACHED) known = new Map();
        known.set(text, (found = keys.reference(kind, text)));
      }
      return found;
    };
  }
  const actorOf = cached('actor');
  const itemOf = cached('item');
  const secrets: Secrets = {
    open({ subject: { pseudonym, enc } = {} }) {
      if (pseudonym === undefined || enc === undefined) return undefined;
      const secret = keys.byPseudonym(pseudonym);
      return secret === undefined ? undefined : unseal(secret, enc);
    },
    references(opened, body) {
      const { item = body.item, caseId, actor } = detailsOf(opened);
      return {
        ...(item === undefined ? {} : { item: itemOf(item) }),
        ...(caseId === undefined ? {} : { case: keys.reference('case', caseId) }),
        ...(actor === undefined ? {} : { actor: actorOf(actor) }),
      };
    },
  };
  function entryOf(index: number, stored: StoredBody): ReadEntry {
    const body = JSON.parse(stored.body.toString('utf8')) as ReadEntry['body'];
    if (stored.kind === 'present') return new ReadEntry(index, stored, body, secrets);
    const { subject: _, ...clear } = body;
    return new ReadEntry(index, stored, clear, secrets);
  }
  const read = (index: number): ReadEntry | undefined => {
    const stored = bodies.read(index);
    return stored === undefined ? undefined : entryOf(index, stored);
  };
  return {
    read,
    run(first, count, onError) {
      try {
        return bodies
          .run(first, count)
          .map((stored, i) => (stored === undefined ? undefined : entryOf(first + i, stored)));
      } catch {
        // one of them is damaged: each for itself
        return Array.from({ length: count }, (_, i) => {
          try {
            return read(first + i);
          } catch (error) {
            onError(error);
            return undefined;
          }
        });
      }
    },
  };
}
