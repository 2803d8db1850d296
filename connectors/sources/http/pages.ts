/** The pages of a list, in the ways in which APIs cut one up. */
import { createHash } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { MAX_DEPTH, parseJson, pointerParts, valueAt } from '../../reading/json-value.js';
import type { Cell } from '../../reading/port.js';
import { type Answer, target } from './get.js';

interface Size {
  readonly parameter: string;
  readonly value: number;
}

export type Paging =
  /** Pages by number, until one is empty. */
  | { readonly style: 'page'; readonly parameter: string; readonly first?: number; readonly size?: Size }
  /** Items by offset, until a page is empty. */
  | { readonly style: 'offset'; readonly parameter: string; readonly size: Size }
  /** The address of the next page in the body. */
  | { readonly style: 'next'; readonly pointer: string }
  /** In the `Link` header (RFC 8288). */
  | { readonly style: 'link' }
  /** What to send as a parameter for the next page, in the body. */
  | { readonly style: 'cursor'; readonly parameter: string; readonly pointer: string; readonly size?: Size };

interface Page {
  /** Without its text, which would be there a second time while the items are read. */
  readonly answer: Omit<Answer, 'body'>;
  readonly items: readonly Cell[];
  readonly document: Cell;
}

interface ListOptions {
  readonly first: URL;
  readonly items: string;
  readonly paging: Paging | undefined;
  /** Where the source says how many items there are in all. */
  readonly total: string | undefined;
  readonly maxPages: number;
  readonly get: (url: URL) => Promise<Answer>;
}

const refuse = (what: string): YitongError => new YitongError('source_unavailable', what);

/** The target of `rel="next"`, undefined if there is none. Bounded: a header has at most 16 kB. */
export function nextLink(header: string | undefined): string | undefined {
  for (const [, link = '', parameters = ''] of (header ?? '').matchAll(/<([^<>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?=\s*[;,]|\s*$))/i.test(parameters)) return link;
  }
  return undefined;
}

function with_(url: URL, name: string, value: string | number): URL {
  const next = new URL(url);
  next.searchParams.set(name, String(value));
  return next;
}

function firstUrl(first: URL, paging: Paging | undefined): URL {
  let url = first;
  if (paging !== undefined && 'size' in paging && paging.size !== undefined)
    url = with_(url, paging.size.parameter, paging.size.value);
  if (paging?.style === 'page') return with_(url, paging.parameter, paging.first ?? 1);
  return paging?.style === 'offset' ? with_(url, paging.parameter, 0) : url;
}

/** Undefined after the last page. `read` counts the items so far, those of this page included. */
function nextUrl(paging: Paging, page: Page, url: URL, number: number, read: number): URL | undefined {
  const { answer } = page;
  switch (paging.style) {
    case 'page':
      return page.items.length === 0 ? undefined : with_(url, paging.parameter, (paging.first ?? 1) + number);
    case 'offset':
      return page.items.length === 0 ? undefined : with_(url, paging.parameter, read);
    case 'link': {
      const link = nextLink(typeof answer.headers.link === 'string' ? answer.headers.link : undefined);
      return link === undefined ? undefined : target(link, answer.url);
    }
    case 'next':
    case 'cursor': {
      const said = valueAt(page.document, pointerParts(paging.pointer));
      if (said === undefined || said === null || said === '' || said === false) return undefined;
      if (typeof said !== 'string' && typeof said !== 'number')
        throw refuse(`what stands at \`${paging.pointer}\` is neither a text nor a number`);
      return paging.style === 'next' ? target(String(said), answer.url) : with_(url, paging.parameter, said);
    }
  }
}

async function askPage(get: ListOptions['get'], url: URL, pointer: string): Promise<Page> {
  const { body, ...answer } = await get(url);
  // the document around the items has levels of its own
  const parsed = parseJson(body, MAX_DEPTH * 4);
  if (!parsed.ok) throw refuse(`a page of \`${answer.url.host}\` ${parsed.refusal.reason}`);
  const items = valueAt(parsed.value, pointerParts(pointer));
  if (!Array.isArray(items)) throw refuse(`a page of \`${answer.url.host}\` has no array at \`${pointer}\``);
  return { answer, items, document: parsed.value };
}

/**
 * Every page, each once.
 * @throws YitongError `source_unavailable` if a page cannot be had, comes a second time, or items are missing in the
 * end: a part of a list is never taken for the list
 */
export async function* pagesOf({ first, items, paging, total, maxPages, get }: ListOptions): AsyncGenerator<Page> {
  const seen = new Set<string>();
  const note = (print: string): boolean => {
    if (seen.has(print)) return false;
    seen.add(print);
    return true;
  };
  let url: URL | undefined = firstUrl(first, paging);
  let read = 0;
  for (let number = 1; url !== undefined; number++) {
    if (number > maxPages) throw refuse(`the list has more than ${maxPages} pages`);
    if (!note(createHash('sha256').update(url.href).digest('base64')))
      throw refuse('the list leads back to a page that was read');
    const page = await askPage(get, url, items);
    if (page.items.length > 0 && paging !== undefined && !note(page.answer.digest))
      throw refuse('the list gives one page twice');
    read += page.items.length;
    yield page;
    const said: unknown = total === undefined ? undefined : valueAt(page.document, pointerParts(total));
    if (total !== undefined && typeof said !== 'number') throw refuse(`a page has no number at \`${total}\``);
    const next: URL | undefined = paging === undefined ? undefined : nextUrl(paging, page, url, number, read);
    const counted = paging?.style === 'page' || paging?.style === 'offset';
    url = counted && typeof said === 'number' && read >= said ? undefined : next;
    if (url === undefined && typeof said === 'number' && read < said)
      throw refuse(`the list gave ${read} items of ${said}`);
  }
}
