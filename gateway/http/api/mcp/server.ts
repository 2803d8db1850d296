/** A server of the SDK over the tools. The SDK is loaded with the first agent, so that a gateway starts without it. */
import type { McpServer, McpServerFactory } from '@modelcontextprotocol/server';
import { present } from '../../../../contracts/present.js';
import { packageVersion } from '../../../ground/files/places.js';
import { applicationsOf, applicationWords } from './application.js';
import { PROMPTS, promptText, proposedFor } from './prompts.js';
import { TOOLS, type Tool, type ToolMethods } from './tools.js';

/** How the tools reach the API, and what they can tell of an answer. */
export interface Reach {
  readonly methods: ToolMethods;
  /** An answer as it came, to the byte: the digest in the log is over it. */
  textOf(answer: object): string;
  /** What the gateway refused; undefined for whatever else went wrong. */
  problemOf(error: unknown): Readonly<Record<string, unknown>> | undefined;
  /** Where people apply for what is denied; absent where that is not known. */
  readonly applicationsPage?: string | undefined;
}

interface Result {
  [more: string]: unknown;
  content: { type: 'text'; text: string }[];
  structuredContent: Record<string, unknown>;
  isError?: boolean;
}

async function resultOf(
  tool: Tool,
  given: unknown,
  { methods, textOf, problemOf, applicationsPage: page }: Reach,
): Promise<Result> {
  let answer: Readonly<Record<string, unknown>>;
  let text: string;
  let refused = false;
  try {
    const whole = await tool.call(methods, given);
    answer = whole as Readonly<Record<string, unknown>>;
    text = textOf(whole);
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    answer = problem;
    text = JSON.stringify(problem);
    refused = true;
  }
  const needed = await applicationsOf(given as object, answer, methods);
  return {
    content: [text, ...(needed.length === 0 ? [] : [applicationWords(needed, page)])].map((one) => ({
      type: 'text' as const,
      text: one,
    })),
    structuredContent: {
      ...answer,
      ...(needed.length === 0 ? {} : { applications: needed, ...present({ applicationsPage: page }) }),
    },
    ...(refused ? { isError: true } : {}),
  };
}

const INSTRUCTIONS =
  'Government data of a city, for a stated purpose and case. Everything that is asked is on record under your ' +
  'client, and each answer of query and verify has a receipt. Say the purpose and the case that you really work on. ' +
  'Of who is not concerned by it ask nothing. A draft is only ever submitted by who applies.';

/** @param refused the protocol's own word for what cannot be given */
function offerPrompts({ server }: McpServer, { methods }: Reach, refused: (why: string) => Error): void {
  server.registerCapabilities({ prompts: { listChanged: false }, completions: {} });
  server.setRequestHandler('prompts/list', () => ({
    prompts: PROMPTS.map(({ text: _, arguments: given, ...prompt }) => ({ ...prompt, arguments: [...given] })),
  }));
  server.setRequestHandler('prompts/get', ({ params: { name, arguments: given } }) => {
    const text = promptText(name, given);
    if (text === undefined) throw refused('there is no such prompt, or an argument of it is missing or too long');
    const { description = '' } = PROMPTS.find((one) => one.name === name) ?? {};
    return { description, messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] };
  });
  server.setRequestHandler('completion/complete', async ({ params: { ref, argument } }) => {
    const { bundles } = await methods.bundles();
    const values = ref.type === 'ref/prompt' ? proposedFor(ref.name, argument, bundles) : [];
    return { completion: { values: [...values], total: values.length, hasMore: false } };
  });
}

export async function serverFactory(reach: Reach): Promise<McpServerFactory> {
  const { fromJsonSchema, McpServer, ProtocolError, ProtocolErrorCode } = await import('@modelcontextprotocol/server');
  return () => {
    const server = new McpServer(
      { name: 'yitong', title: '一通 Yitong', version: packageVersion() },
      { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
    );
    for (const tool of TOOLS) {
      server.registerTool(
        tool.name,
        {
          title: tool.title,
          description: tool.description,
          // as JSON: what TypeBox keeps beside a schema is not of it
          inputSchema: fromJsonSchema(JSON.parse(JSON.stringify(tool.input)) as { type: 'object' }),
          annotations: {
            readOnlyHint: tool.readOnly,
            destructiveHint: false,
            idempotentHint: tool.readOnly,
            openWorldHint: false,
          },
        },
        (given: unknown) => resultOf(tool, given, reach),
      );
    }
    // no session hears of a change, and nothing changes while one lasts
    server.server.registerCapabilities({ tools: { listChanged: false } });
    offerPrompts(server, reach, (why) => new ProtocolError(ProtocolErrorCode.InvalidParams, why));
    return server;
  };
}
