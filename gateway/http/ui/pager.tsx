/** The row below a list that goes on: back, and on. */
import type { VNode } from 'preact';

interface Turn {
  /** Undefined where there is nothing to go to. */
  readonly href: string | undefined;
  readonly words: string;
  readonly rel?: 'prev' | 'next';
}

const link = ({ href, words, rel }: Turn): VNode | null =>
  href === undefined ? null : (
    <a class="quiet" href={href} rel={rel}>
      {words}
    </a>
  );

export const Pager = ({ back, on }: { readonly back: Turn; readonly on: Turn }): VNode => (
  <div class="pager">
    <span>{link(back)}</span>
    <span>{link(on)}</span>
  </div>
);
