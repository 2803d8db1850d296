/**
 * In which media types a route answers (RFC 9110, section 12.5.1): who asks for none of them is told so before anything
 * is done or on record. And what is for everybody, pages of other origins too: only a route that says `public` may be
 * read by them, with GET and HEAD and without anybody's cookies.
 */
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Media types of the route's answers; default: what its schema says, else JSON on the API's port and HTML on the
     * people's.
     */
    offers?: readonly string[];
    /** True where scripts of any page may read the answer: it is the same for everybody. */
    public?: boolean;
  }
}

interface Range {
  readonly type: string;
  /** 0 refuses. */
  readonly weight: number;
}

const RANGE = /^\s*([\w!#$&^.+-]+|\*)\/([\w!#$&^.+-]+|\*)\s*((?:;[^,]*)?)$/;
const WEIGHT = /;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)/i;

/** What is no media range is passed over. */
function rangesOf(accept: string): readonly Range[] {
  return accept.split(',').flatMap((part) => {
    const [, type, subtype, parameters = ''] = RANGE.exec(part) ?? [];
    if (type === undefined || subtype === undefined || (type === '*' && subtype !== '*')) return [];
    return [{ type: `${type}/${subtype}`.toLowerCase(), weight: Number(WEIGHT.exec(parameters)?.[1] ?? 1) }];
  });
}

/**
 * The one of `offers` that is liked best, the first of equals; undefined where none may be sent. What is named is liked
 * better than what a range includes. A header that holds no media range asks for nothing in particular.
 */
export function preferred(accept: string, offers: readonly string[]): string | undefined {
  const ranges = rangesOf(accept);
  if (ranges.length === 0) return offers[0];
  let best: { readonly offer: string; readonly weight: number; readonly width: number } | undefined;
  for (const offer of offers) {
    const types = [offer, `${offer.slice(0, offer.indexOf('/'))}/*`, '*/*'];
    // the narrowest that fits decides
    // biome-ignore lint/complexity/useIndexOf: two lists are compared
    const width = types.findIndex((type) => ranges.some((range) => range.type === type));
    const weight = ranges.find(({ type }) => type === types[width])?.weight ?? 0;
    if (weight > 0 && (best === undefined || weight > best.weight || (weight === best.weight && width < best.width)))
      best = { offer, weight, width };
  }
  return best?.offer;
}

interface Said {
  readonly produces?: readonly string[];
  readonly response?: Readonly<Record<string, { readonly content?: object }>>;
}

/** Most clients send one of a few headers. */
const REMEMBERED = 500;

/** @param usual media type of a route that says nothing */
export function offersPlugin(app: FastifyInstance, usual: string): void {
  const offersOf = ({ config, schema }: Pick<RouteOptions, 'config' | 'schema'>): readonly string[] => {
    const { produces, response } = (schema ?? {}) as Said;
    const content = Object.entries(response ?? {}).find(
      ([status, { content: types }]) => status.startsWith('2') && types !== undefined,
    )?.[1].content;
    return config?.offers ?? produces ?? Object.keys(content ?? { [usual]: {} });
  };
  const known = new Map<string, boolean>();
  function isOffered({ headers: { accept }, routeOptions }: FastifyRequest): boolean {
    if (accept === undefined || accept === '*/*') return true;
    const offers = offersOf(routeOptions);
    const asked = `${offers.join()} ${accept}`;
    let offered = known.get(asked);
    if (offered === undefined) {
      if (known.size >= REMEMBERED) known.clear();
      known.set(asked, (offered = preferred(accept, offers) !== undefined));
    }
    return offered;
  }
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404 && request.routeOptions.config.public === true)
      void reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
    done();
  });
  // behind everything that looks who asks, and before a body is read
  app.addHook('preParsing', (request, _reply, payload, done) => {
    if (request.is404 || isOffered(request)) done(null, payload);
    else done(new YitongError('not_acceptable', `this address answers ${offersOf(request.routeOptions).join(', ')}`));
  });
}
