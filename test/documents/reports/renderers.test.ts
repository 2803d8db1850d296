/** Another form of a report is one file in a folder. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { loadRenderers } from '../../../gateway/documents/renderers/port.js';
import { sampleReport } from './sample.js';

void t.test('a form is found by its file, and gets the report with its code', async (t) => {
  const dir = t.testdir({ 'package.json': '{"type":"module"}' });
  writeFileSync(
    join(dir, 'title.js'),
    `const render = async ({ model, code }) => Buffer.from(\`\${model.title.zh} \${code}\`);
    export default { mediaType: 'text/plain', extension: 'txt', render };`,
  );
  writeFileSync(join(dir, 'notes.txt'), 'no form');
  const renderers = await loadRenderers(pathToFileURL(`${dir}/`));
  t.strictSame([...renderers.keys()], ['text/plain']);
  const bytes = await renderers
    .get('text/plain')
    ?.render({ id: 'x', model: sampleReport(), url: 'https://yitong.example/verify/', code: '7K3M' }, {} as never);
  t.equal(Buffer.from(bytes ?? []).toString(), '专用信用报告（替代有无违法违规记录证明） 7K3M');
  t.strictSame(
    [...(await loadRenderers(pathToFileURL(join(dir, 'none/')))).keys()],
    [],
    'a build without other forms has JSON',
  );
});
