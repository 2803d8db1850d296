/** Names of a certificate, and which of them its issuers allow (name constraints: RFC 5280, section 4.2.1.10). */
import { YitongError } from '../../../contracts/errors.js';
import { content, context, cursor, inside, type Node, OID, SEQUENCE, whole } from './der.js';

const SET = 0x31;
const EMAIL_ATTRIBUTE = '2a864886f70d010901';

/**
 * By kind: those of the alternative names, and `directory`, which is the subject's as well. Kinds without rules here
 * are only counted.
 */
export interface Names {
  readonly dns: readonly string[];
  readonly email: readonly string[];
  readonly uri: readonly string[];
  readonly ip: readonly Buffer[];
  readonly directory: readonly DirectoryName[];
  /** Tags of all other kinds. */
  readonly other: ReadonlySet<number>;
}

/**
 * Each relative name as the sorted text of its attributes, compared without case and without spaces that say nothing.
 */
type DirectoryName = readonly string[];

export interface NameConstraints {
  /** Undefined: the extension does not name the kind among those that it permits. */
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

type GeneralName =
  | { readonly kind: 'dns' | 'email' | 'uri'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: Buffer }
  | { readonly kind: 'directory'; readonly value: DirectoryName }
  | { readonly kind: 'other'; readonly value: number };

const malformed = (what: string): never => {
  throw new YitongError('certificate_invalid', `the certificate has ${what}`);
};

/** BMPString and UniversalString are of two and four bytes a character; what is no text is compared as it is. */
function textOf(bytes: Uint8Array, node: Node): string {
  const value = content(bytes, node);
  const text =
    node.tag === 0x1e
      ? new TextDecoder('utf-16be').decode(value)
      : node.tag === 0x14 || node.tag === 0x0c || node.tag === 0x13 || node.tag === 0x16
        ? value.toString('utf8')
        : undefined;
  return text === undefined
    ? `#${String(node.tag)}:${value.toString('hex')}`
    : text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');
}

interface Attribute {
  readonly type: string;
  readonly value: Node;
}

function* attributesOf(bytes: Uint8Array, set: Node): Generator<Attribute> {
  for (const pair of inside(bytes, set)) {
    const [type, value] = [...inside(bytes, pair)];
    if (type?.tag !== OID || value === undefined) return malformed('a name of another form');
    yield { type: content(bytes, type).toString('hex'), value };
  }
}

function directoryOf(bytes: Uint8Array, sequence: Node): DirectoryName {
  return [...inside(bytes, sequence)].map((set) => {
    if (set.tag !== SET) return malformed('a name of another form');
    return [...attributesOf(bytes, set)]
      .map(({ type, value }) => `${type}=${textOf(bytes, value)}`)
      .sort()
      .join('\n');
  });
}

function generalName(bytes: Uint8Array, name: Node): GeneralName {
  const text = (): string => content(bytes, name).toString('latin1');
  switch (name.tag) {
    case context(1, false):
      return { kind: 'email', value: text() };
    case context(2, false):
      return { kind: 'dns', value: text().toLowerCase() };
    case context(4):
      return { kind: 'directory', value: directoryOf(bytes, cursor(bytes, name).take(SEQUENCE)) };
    case context(6, false):
      return { kind: 'uri', value: text() };
    case context(7, false):
      return { kind: 'ip', value: content(bytes, name) };
    default:
      return { kind: 'other', value: name.tag };
  }
}

/**
 * @param subject DER of a Name
 * @param alternative value of the extension
 */
export function namesOf(subject: Buffer, alternative: Buffer | undefined): Names {
  const outer = whole(subject, SEQUENCE);
  const own = directoryOf(subject, outer);
  const general =
    alternative === undefined
      ? []
      : [...inside(alternative, whole(alternative, SEQUENCE))].map((name) => generalName(alternative, name));
  const texts = (kind: 'dns' | 'email' | 'uri'): string[] =>
    general.flatMap((name) => (name.kind === kind ? [name.value] : []));
  const email = texts('email');
  // only where the alternative names hold none
  if (email.length === 0) {
    for (const set of inside(subject, outer))
      for (const { type, value } of attributesOf(subject, set))
        if (type === EMAIL_ATTRIBUTE) email.push(content(subject, value).toString('latin1'));
  }
  return {
    dns: texts('dns'),
    email,
    uri: texts('uri'),
    ip: general.flatMap((name) => (name.kind === 'ip' ? [name.value] : [])),
    directory: [
      ...(own.length === 0 ? [] : [own]),
      ...general.flatMap((name) => (name.kind === 'directory' ? [name.value] : [])),
    ],
    other: new Set(general.flatMap((name) => (name.kind === 'other' ? [name.value] : []))),
  };
}

const HOST = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

function masked(value: Buffer): boolean {
  if (value.length !== 8 && value.length !== 32) return false;
  const bits = [...value.subarray(value.length / 2)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits);
}

function wellFormed(name: GeneralName): boolean {
  switch (name.kind) {
    case 'dns':
      return name.value === '' || HOST.test(name.value);
    case 'uri':
      return HOST.test(name.value.toLowerCase().replace(/^\./, ''));
    case 'email': {
      const at = name.value.lastIndexOf('@');
      return at === -1
        ? HOST.test(name.value.toLowerCase().replace(/^\./, ''))
        : at > 0 && HOST.test(name.value.slice(at + 1).toLowerCase());
    }
    case 'ip':
      return masked(name.value);
    case 'directory':
    case 'other':
      return true;
  }
}

/** @throws YitongError `certificate_invalid` for constraints that cannot be followed to the letter */
export function constraintsOf(value: Buffer): NameConstraints {
  const fields = cursor(value, whole(value, SEQUENCE));
  const subtrees = (wrapper: Node | undefined): GeneralName[] => {
    if (wrapper === undefined) return [];
    const found = [...inside(value, wrapper)].map((subtree) => {
      const [base, ...bounds] = [...inside(value, subtree)];
      if (base === undefined || bounds.length > 0) return malformed('name constraints with bounds');
      const name = generalName(value, base);
      return wellFormed(name) ? name : malformed('name constraints of another form');
    });
    return found.length === 0 ? malformed('name constraints without a name') : found;
  };
  const [permitted, excluded] = [subtrees(fields.optional(context(0))), subtrees(fields.optional(context(1)))];
  fields.done();
  return permitted.length + excluded.length === 0
    ? malformed('name constraints without a name')
    : { permitted, excluded };
}

const inDomain = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`);

/** A wildcard stands for any name in its place: to exclude one of those is to exclude it. */
const dnsWithin = (name: string, base: string, excluding: boolean): boolean =>
  base === '' ||
  inDomain(name, base) ||
  (excluding &&
    name.startsWith('*.') &&
    base.endsWith(name.slice(1)) &&
    base.split('.').length === name.split('.').length);

/** `.x` means hosts below x, `x` the host itself. */
const hostWithin = (host: string, base: string): boolean =>
  base.startsWith('.') ? host.endsWith(base) && host.length > base.length : host === base;

function emailWithin(name: string, base: string): boolean {
  const [at, wanted] = [name.lastIndexOf('@'), base.lastIndexOf('@')];
  const host = name.slice(at + 1).toLowerCase();
  if (wanted === -1) return hostWithin(host, base.toLowerCase());
  return name.slice(0, at) === base.slice(0, wanted) && host === base.slice(wanted + 1).toLowerCase();
}
const isEmail = (name: string): boolean =>
  /^[\x21-\x3f\x41-\x7e]+@[^@]+$/.test(name) && HOST.test(name.slice(name.indexOf('@') + 1).toLowerCase());

/** The host of a URI that has one by name; undefined otherwise, and then nothing can be said of it. */
function hostOf(uri: string): string | undefined {
  const match = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@[\]]+)(?::\d*)?(?:[/?#]|$)/.exec(uri);
  const host = match?.[1]?.toLowerCase();
  return host !== undefined && HOST.test(host) && !/^[\d.]+$/.test(host) ? host : undefined;
}

function ipWithin(name: Buffer, base: Buffer): boolean {
  const half = base.length / 2;
  return (
    name.length === half &&
    name.every((byte, i) => (byte & (base[half + i] ?? 0)) === ((base[i] ?? 0) & (base[half + i] ?? 0)))
  );
}

const directoryWithin = (name: DirectoryName, base: DirectoryName): boolean =>
  base.length <= name.length && base.every((part, i) => part === name[i]);

type Matches = (base: GeneralName, excluding: boolean) => boolean;

/**
 * Each name that constraints can speak of, as what may be asked of it; undefined for one of which nothing can be said.
 */
function* matchers(
  names: Names,
): Generator<{ readonly kind: GeneralName['kind']; readonly matches: Matches | undefined; readonly tag?: number }> {
  for (const name of names.dns)
    yield {
      kind: 'dns',
      matches: HOST.test(name.replace(/^\*\./, ''))
        ? (base, excluding) => base.kind === 'dns' && dnsWithin(name, base.value, excluding)
        : undefined,
    };
  for (const name of names.email)
    yield {
      kind: 'email',
      matches: isEmail(name) ? (base) => base.kind === 'email' && emailWithin(name, base.value) : undefined,
    };
  for (const name of names.uri) {
    const host = hostOf(name);
    yield {
      kind: 'uri',
      matches:
        host === undefined ? undefined : (base) => base.kind === 'uri' && hostWithin(host, base.value.toLowerCase()),
    };
  }
  for (const name of names.ip)
    yield {
      kind: 'ip',
      matches:
        name.length === 4 || name.length === 16
          ? (base) => base.kind === 'ip' && ipWithin(name, base.value)
          : undefined,
    };
  for (const name of names.directory)
    yield { kind: 'directory', matches: (base) => base.kind === 'directory' && directoryWithin(name, base.value) };
  for (const tag of names.other) yield { kind: 'other', tag, matches: undefined };
}

/** Pairs of a name and a constraint that are looked at for one certificate, at most. */
const MAX_PAIRS = 10_000;

/**
 * Whether `constraints` of an issuer allow all names; a name of which nothing can be said is not allowed as soon as its
 * kind is spoken of.
 */
export function allows({ permitted, excluded }: NameConstraints, names: Names): boolean {
  const { dns, email, uri, ip, directory, other } = names;
  if (
    (permitted.length + excluded.length) *
      (dns.length + email.length + uri.length + ip.length + directory.length + other.size) >
    MAX_PAIRS
  )
    return false;
  for (const { kind, matches, tag } of matchers(names)) {
    const same = (base: GeneralName): boolean => base.kind === kind && (base.kind !== 'other' || base.value === tag);
    const [inner, outer] = [permitted.filter(same), excluded.filter(same)];
    if (inner.length + outer.length === 0) continue;
    if (matches === undefined) return false;
    if (inner.length > 0 && !inner.some((base) => matches(base, false))) return false;
    if (outer.some((base) => matches(base, true))) return false;
  }
  return true;
}
