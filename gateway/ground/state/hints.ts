/** Whoever wants to look soon after a commit of this process. */
export class Hints {
  readonly #listeners = new Set<() => void>();

  /** @returns takes it back */
  on(hint: () => void): () => void {
    const listener = (): void => hint();
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  give(): void {
    for (const listener of this.#listeners) listener();
  }
}
