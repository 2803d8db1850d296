/**
 * A question as a program asks it, in the four ways that our examples have (docs/examples): pages that show how one
 * asks take it from here.
 */
import type { Localised } from '../../../contracts/types.js';

interface Shown {
  readonly id: 'curl' | 'typescript' | 'python' | 'java';
  readonly title: Localised;
  readonly code: string;
}

const FILES = 'certificate chain, key and CA as `yitong pki issue` writes them';

const curl = (json: string): string =>
  'curl --cacert ca.pem --cert cert.pem --key key.pem \\\n' +
  "  -H 'content-type: application/json' $API/v1/query \\\n" +
  `  -d '${json.replaceAll("'", `'\\''`)}'`;

const typescript = (client: string, indented: string): string =>
  [
    "import { connect, credentialFiles } from 'yitong/client';",
    '',
    `const gateway = connect({ api: process.env.API ?? '', files: credentialFiles('pki', '${client}') });`,
    `const { datasets } = await gateway.query(${indented});`,
    'console.log(datasets[0]?.records);',
    'gateway.close();',
  ].join('\n');

const python = (json: string): string =>
  [
    'import json, os, ssl, urllib.request',
    '',
    `# ${FILES}`,
    "tls = ssl.create_default_context(cafile='ca.pem')",
    "tls.load_cert_chain('cert.pem', 'key.pem')",
    `question = json.loads(r'''${json}''')`,
    'asked = urllib.request.Request(',
    "    os.environ['API'] + '/v1/query',",
    '    data=json.dumps(question).encode(),',
    "    headers={'content-type': 'application/json'},",
    ')',
    'with urllib.request.urlopen(asked, context=tls) as answer:',
    '    print(answer.read().decode())',
  ].join('\n');

const java = (json: string): string =>
  [
    '// java Ask.java, beside docs/examples/java/Query.java, whose tls() reads a PKCS#12 bundle',
    'import java.net.URI;',
    'import java.net.http.*;',
    'import java.nio.file.Path;',
    '',
    'class Ask {',
    '    public static void main(String[] args) throws Exception {',
    '        var tls = Query.tls(Path.of("client.p12"), Path.of("password"), Path.of("ca.pem"));',
    '        var client = HttpClient.newBuilder().sslContext(tls).build();',
    `        var question = ${JSON.stringify(json)};`,
    '        var asked = HttpRequest.newBuilder(URI.create(System.getenv("API") + "/v1/query"))',
    '            .header("content-type", "application/json")',
    '            .POST(HttpRequest.BodyPublishers.ofString(question)).build();',
    '        System.out.println(client.send(asked, HttpResponse.BodyHandlers.ofString()).body());',
    '    }',
    '}',
  ].join('\n');

/** @param client whose certificate it is asked with */
export function askedIn(question: object, client: string): readonly Shown[] {
  const json = JSON.stringify(question);
  return [
    { id: 'curl', title: { zh: '命令行', en: 'In a shell' }, code: curl(json) },
    {
      id: 'typescript',
      title: { zh: '程序', en: 'TypeScript' },
      code: typescript(client, JSON.stringify(question, undefined, 2)),
    },
    { id: 'python', title: { zh: '脚本', en: 'Python' }, code: python(json) },
    { id: 'java', title: { zh: '服务端程序', en: 'Java' }, code: java(json) },
  ];
}
