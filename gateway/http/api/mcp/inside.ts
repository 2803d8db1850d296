/** The API as the tools of `/mcp` reach it: in this process, for the client on whose connection the agent came. */
import type { FastifyRequest } from 'fastify';
import type { Asked, Wire } from '../../../../contracts/client.js';
import { askInside } from '../../plugins/inside.js';
import { bundlesMethods } from '../bundles/client.js';
import { casesMethods } from '../cases/client.js';
import { catalogueMethods } from '../catalogue/client.js';
import { queryMethods } from '../query/client.js';
import { verifyMethods } from '../verify/client.js';
import type { Reach } from './server.js';

/** What a route refused. */
class Refused extends Error {
  constructor(readonly problem: Readonly<Record<string, unknown>>) {
    super('the gateway refused');
  }
}

const none = (): never => {
  throw new TypeError('no tool reads a stream');
};

export function reachInside(request: FastifyRequest): Reach {
  const texts = new WeakMap<object, string>();
  async function ask<T>(asked: Asked): Promise<T> {
    const { status, body } = await askInside(request, 'mcp', asked);
    const text = body.toString('utf8');
    const answer = JSON.parse(text) as T & object;
    if (status >= 400) throw new Refused(answer as Readonly<Record<string, unknown>>);
    texts.set(answer, text);
    return answer;
  }
  const wire: Wire = {
    ask,
    get: (path, _options, headers = {}) => ask({ method: 'GET', path, headers }),
    post: (path, body) => ask({ method: 'POST', path, body }),
    bytes: none,
    chunks: none,
    pieces: none,
    result: none,
  };
  return {
    methods: {
      ...bundlesMethods(wire),
      ...casesMethods(wire),
      ...catalogueMethods(wire),
      ...queryMethods(wire),
      ...verifyMethods(wire),
    },
    textOf: (answer) => texts.get(answer) ?? JSON.stringify(answer),
    problemOf: (error) => (error instanceof Refused ? error.problem : undefined),
  };
}
