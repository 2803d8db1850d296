/**
 * XML of a workbook, event by event. No document types, so no entities of its own; nothing may be long enough to fill
 * the memory. The only importer of saxes.
 */
import { SaxesParser } from 'saxes';
import { Unreadable } from './zip.js';

export interface XmlHandlers {
  /** Names without their prefix, as writers choose it freely. */
  open?(name: string, attributes: Attributes): void;
  close?(name: string): void;
  text?(text: string): void;
}

/** By full name, such as `r:id`. */
export type Attributes = Readonly<Record<string, string>>;

/** Characters between two events: a cell has at most 32,767. */
const MAX_QUIET = 1_048_576;
const MAX_DEPTH = 64;

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** The attribute of that name with any prefix, but not without one: `r:id`. */
export function prefixed(attributes: Attributes, name: string): string | undefined {
  const key = Object.keys(attributes).find((key) => key.endsWith(`:${name}`));
  return key === undefined ? undefined : attributes[key];
}

/** Reads a part to its end. @throws Unreadable */
export async function readXml(bytes: AsyncIterable<Buffer>, handlers: XmlHandlers): Promise<void> {
  const reader = xmlReader(handlers);
  for await (const chunk of bytes) reader.write(chunk);
  reader.end();
}

export function xmlReader(handlers: XmlHandlers): { write(chunk: Buffer): void; end(): void } {
  const parser = new SaxesParser({ xmlns: false, position: false });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let quiet = 0;
  let depth = 0;
  parser.on('error', (cause) => {
    throw new Unreadable('a part of the workbook is not well-formed', { cause });
  });
  parser.on('doctype', () => {
    throw new Unreadable('a part of the workbook has a document type');
  });
  parser.on('opentag', ({ name, attributes }) => {
    quiet = 0;
    if (++depth > MAX_DEPTH) throw new Unreadable('a part of the workbook is nested too deep');
    handlers.open?.(localName(name), attributes);
  });
  parser.on('closetag', ({ name }) => {
    quiet = 0;
    depth -= 1;
    handlers.close?.(localName(name));
  });
  const text = (piece: string): void => {
    quiet = 0;
    handlers.text?.(piece);
  };
  parser.on('text', text);
  parser.on('cdata', text);
  const write = (work: () => string): void => {
    let piece: string;
    try {
      piece = work();
    } catch (cause) {
      throw new Unreadable('a part of the workbook is not in UTF-8', { cause }, 'wrong_charset');
    }
    quiet += piece.length;
    parser.write(piece);
    if (quiet > MAX_QUIET)
      throw new Unreadable(`a text of the workbook is longer than ${MAX_QUIET} characters`, {}, 'record_too_large');
  };
  return {
    write: (chunk) => write(() => decoder.decode(chunk, { stream: true })),
    end: () => {
      write(() => decoder.decode());
      parser.close();
    },
  };
}
