/**
 * /console/feeds/new: a data officer sees what a sample of a register would become, before anything is written: which
 * columns were recognised as what, what is personal, which rows would not pass and why. The files that say so are given
 * to whoever keeps the workspace. The sample is the officer's own, is read once and kept nowhere.
 */
import { filesOf } from '../../../../connectors/propose/write.js';
import type { Service } from '../../../documents/context.js';
import { zipped } from '../../../log/search/export/zip.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { proposalPage, samplePage } from './page.js';
import { proposalOf } from './sample.js';

const PATH = '/console/feeds/new';
const ROLES = ['data-officer'] as const;
/** Bytes. A few thousand rows; what is larger is for the command line. */
const MOST = 2 * 1_048_576;

interface Route {
  readonly Body: { readonly dataset?: string };
}

async function archive(files: ReturnType<typeof filesOf>['files']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const parts = files.map(({ path, content }) => ({ name: path, text: [`${JSON.stringify(content, null, 2)}\n`] }));
  for await (const chunk of zipped(parts)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const { workspace } = context;
    const { record } = app.people;
    const frame = (zh: boolean) => ({ title: zh ? '新数据集' : 'A new dataset', workspace });
    app.get(PATH, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
      const { language } = request;
      return sendFramed(request, reply, { ...frame(language === 'zh'), children: samplePage({ language }) });
    });

    app.post<Route>(PATH, { schema: { hide: true }, config: { roles: ROLES, files: true } }, async (request, reply) => {
      const { language } = request;
      const { person } = sessionOf(request);
      const [file] = request.sentFiles;
      if (file === undefined) throw formFault({ files: { zh: '请选择样表。', en: 'Choose a sample.' } });
      if (file.bytes.length > MOST)
        throw formFault({ files: { zh: '样表不超过 2 兆字节。', en: 'A sample has 2 MiB at most.' } });
      const dataset = request.body.dataset?.trim() ?? '';
      if (!/^(?:[a-z][a-z0-9-]{0,59})?$/.test(dataset))
        throw formFault({
          dataset: {
            zh: '标识由小写字母、数字和短横线组成，以字母开头。',
            en: 'An id is made of lower-case letters, digits and hyphens, a letter first.',
          },
        });
      const proposal = await proposalOf(context, file, {
        authority: person.authority ?? '',
        dataset: dataset === '' ? undefined : dataset,
      });
      await record.looked(person, {
        requestId: request.id,
        action: 'feeds',
        role: 'data-officer',
        detail: { sample: proposal.dataset },
        results: proposal.trial.rows,
      });
      return sendFramed(request, reply, {
        ...frame(language === 'zh'),
        children: proposalPage({
          language,
          proposal,
          schemes: workspace.schemes,
          taken: workspace.contracts.has(proposal.draft.contract.id),
          archive: (await archive(filesOf(proposal).files)).toString('base64'),
        }),
      });
    });
  },
};
export default service;
