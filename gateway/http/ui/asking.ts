/**
 * A request as a program makes it, in the four ways that our examples have (docs/examples): pages that show how one
 * asks take it from here.
 */
import type { Localised } from '../../../contracts/types.js';

interface Shown {
  readonly id: 'curl' | 'typescript' | 'python' | 'java';
  readonly title: Localised;
  /** What those who write it call it, in every language. */
  readonly called: string;
  readonly code: string;
}

export interface ApiRequest {
  readonly method: string;
  /** With its query, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes as JSON. */
  readonly body?: unknown;
  /** Media type of a file that is sent as it is. */
  readonly file?: string;
  /** Media type of an answer that is no text. */
  readonly document?: string;
  /** The same with the client for TypeScript: its method, and what it is given, as it stands in a program. */
  readonly call: string;
  readonly given: readonly string[];
  /** Its answer comes in parts. */
  readonly parts?: boolean;
}

const FILES = 'certificate chain, key and CA as `yitong pki issue` writes them';
const ENDINGS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'image/jpeg': 'jpg',
  'image/png': 'png',
};
/** What a file of this type is called in the examples. */
export const fileOf = (name: string, type: string): string => `${name}.${ENDINGS[type] ?? 'bin'}`;
/** As a value of TypeScript. */
export const literal = (value: unknown): string => JSON.stringify(value, undefined, 2);

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What goes before a body that is JSON or a file. */
const headersOf = ({ headers = {}, body, file }: ApiRequest): readonly (readonly [string, string])[] => [
  ...Object.entries(headers),
  ...(body === undefined ? [] : [['content-type', 'application/json'] as const]),
  ...(file === undefined ? [] : [['content-type', file] as const]),
];

function curl(request: ApiRequest): string {
  const { method, path, body, file, document } = request;
  const plain = method === (body === undefined ? 'GET' : 'POST');
  return [
    `curl${plain ? '' : ` -X ${method}`} --cacert ca.pem --cert cert.pem --key key.pem`,
    ...headersOf(request).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(document === undefined ? [] : [`-o ${fileOf('answer', document)}`]),
    `$API${/[&'();!*$]/.test(path) ? quoted(path) : path}`,
    ...(body === undefined ? [] : [`-d ${quoted(JSON.stringify(body))}`]),
    ...(file === undefined ? [] : [`--data-binary @${fileOf('file', file)}`]),
  ].join(' \\\n  ');
}

function typescript({ call, given, parts, file, document }: ApiRequest, client: string): string {
  const asked = `gateway.${call}(${given.join(', ')})`;
  const print =
    document === undefined ? ['console.log(answer);'] : [`writeFileSync('${fileOf('answer', document)}', answer);`];
  const used = [...(file === undefined ? [] : ['readFileSync']), ...(document === undefined ? [] : ['writeFileSync'])];
  return [
    ...(used.length === 0 ? [] : [`import { ${used.join(', ')} } from 'node:fs';`]),
    "import { connect, credentialFiles } from 'yitong/client';",
    '',
    `const gateway = connect({ api: process.env.API ?? '', files: credentialFiles('pki', '${client}') });`,
    ...(parts === true
      ? [`for await (const part of ${asked}) console.log(part);`]
      : [`const answer = await ${asked};`, ...print]),
    'gateway.close();',
  ].join('\n');
}

function python(request: ApiRequest): string {
  const { method, path, body, file, document } = request;
  const headers = headersOf(request);
  const bare = method === (body === undefined && file === undefined ? 'GET' : 'POST');
  return [
    'import os, ssl, urllib.request',
    '',
    `# ${FILES}`,
    "tls = ssl.create_default_context(cafile='ca.pem')",
    "tls.load_cert_chain('cert.pem', 'key.pem')",
    'asked = urllib.request.Request(',
    `    os.environ['API'] + ${literal(path)},`,
    ...(bare ? [] : [`    method='${method}',`]),
    ...(body === undefined ? [] : [`    data=r'''${JSON.stringify(body)}'''.encode(),`]),
    ...(file === undefined ? [] : [`    data=open('${fileOf('file', file)}', 'rb').read(),`]),
    ...(headers.length === 0
      ? []
      : [`    headers={${headers.map(([name, value]) => `'${name}': ${JSON.stringify(value)}`).join(', ')}},`]),
    ')',
    'with urllib.request.urlopen(asked, context=tls) as answer:',
    document === undefined
      ? '    print(answer.read().decode())'
      : `    open('${fileOf('answer', document)}', 'wb').write(answer.read())`,
  ].join('\n');
}

function java(request: ApiRequest): string {
  const { method, path, body, file, document } = request;
  const content =
    body !== undefined
      ? `ofString(${JSON.stringify(JSON.stringify(body))})`
      : file !== undefined
        ? `ofFile(Path.of("${fileOf('file', file)}"))`
        : 'noBody()';
  const handler = document === undefined ? 'ofString()' : `ofFile(Path.of("${fileOf('answer', document)}"))`;
  return [
    '// java Ask.java, beside docs/examples/java/Query.java, whose tls() reads a PKCS#12 bundle',
    'import java.net.URI;',
    'import java.net.http.*;',
    'import java.nio.file.Path;',
    '',
    'class Ask {',
    '    public static void main(String[] args) throws Exception {',
    '        var tls = Query.tls(Path.of("client.p12"), Path.of("password"), Path.of("ca.pem"));',
    '        var client = HttpClient.newBuilder().sslContext(tls).build();',
    `        var asked = HttpRequest.newBuilder(URI.create(System.getenv("API") + ${literal(path)}))`,
    ...headersOf(request).map(([name, value]) => `            .header("${name}", ${JSON.stringify(value)})`),
    `            .method("${method}", HttpRequest.BodyPublishers.${content}).build();`,
    `        System.out.println(client.send(asked, HttpResponse.BodyHandlers.${handler}).body());`,
    '    }',
    '}',
  ].join('\n');
}

/** A question about a subject; in the sandbox, if so. */
export const questionAsked = (question: object, sandbox = false): ApiRequest => ({
  method: 'POST',
  path: sandbox ? '/v1/sandbox/query' : '/v1/query',
  body: question,
  call: sandbox ? 'sandboxQuery' : 'query',
  given: [literal(question)],
});

/** @param client whose certificate it is asked with */
export const askedIn = (request: ApiRequest, client: string): readonly Shown[] => [
  { id: 'curl', title: { zh: '命令行', en: 'In a shell' }, called: 'curl', code: curl(request) },
  {
    id: 'typescript',
    title: { zh: '程序', en: 'A program' },
    called: 'TypeScript',
    code: typescript(request, client),
  },
  { id: 'python', title: { zh: '脚本', en: 'A script' }, called: 'Python', code: python(request) },
  { id: 'java', title: { zh: '服务端程序', en: 'A server' }, called: 'Java', code: java(request) },
];
