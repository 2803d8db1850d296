/**
 * /console/feeds/new: a data officer sees what a sample of a register would become, before anything is written: which
 * columns were recognised as what, what is personal, which rows would not pass and why. What the sample cannot say is
 * asked beside its reason, and each answer makes the proposal anew. The files that say so are given to whoever keeps
 * the workspace. The sample is the officer's own: while they answer it goes with the form, and it is kept nowhere.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { filesOf } from '../../../../connectors/propose/write.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { zipped } from '../../../log/search/export/zip.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { formId } from '../../ui/form.js';
import { sendFramed } from '../../ui/frame.js';
import { type Said, takenBack } from './answers.js';
import { proposalPage, samplePage, unfinishedPage } from './page.js';
import { MOST, MOST_PACKED, packed, type Sample, type Tried, tried, unpacked } from './sample.js';

const PATH = '/console/feeds/new';
const ROLES = ['data-officer'] as const;
/** Of the form's: one of a question, four of a column. */
const FIELDS = 2100;
/** What goes with the answers, and is none. */
const ALONG: ReadonlySet<string> = new Set(['sample', 'sample.name', 'back', 'step']);

const NO_ID: Localised = {
  zh: '标识由小写字母、数字和短横线组成，以字母开头。',
  en: 'An id is made of lower-case letters, digits and hyphens, a letter first.',
};
const TAKEN: Localised = {
  zh: '已有同一标识的数据集，请换一个标识。',
  en: 'There is a dataset of that id already: choose another.',
};

interface Route {
  readonly Body: Readonly<Record<string, string>>;
}

async function archive(files: ReturnType<typeof filesOf>['files']): Promise<string> {
  const chunks: Buffer[] = [];
  const parts = files.map(({ path, content }) => ({ name: path, text: [`${JSON.stringify(content, null, 2)}\n`] }));
  for await (const chunk of zipped(parts)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('base64');
}

/** The sample that was chosen, or the one that came with the answers. @throws YitongError `bad_request` */
async function sampleOf({ sentFiles: [file], body }: FastifyRequest<Route>): Promise<Sample> {
  if (file !== undefined) {
    if (file.bytes.length > MOST)
      throw formFault({ files: { zh: '样表不超过 2 兆字节。', en: 'A sample has 2 MiB at most.' } });
    return file;
  }
  const { sample = '', 'sample.name': name = '' } = body;
  if (sample === '') throw formFault({ files: { zh: '请选择样表。', en: 'Choose a sample.' } });
  return { name, bytes: await unpacked(sample) };
}

/** What was answered so far, but for what is taken back just now. */
function saidIn(body: Route['Body']): Said {
  const said = Object.fromEntries(
    Object.entries(body).filter(([field, text]) => !ALONG.has(field) && text.trim() !== ''),
  );
  return body['back'] === undefined ? said : takenBack(said, body['back']);
}

/** Read by all answers but an id that is none; that is told beside it. */
async function triedBy(context: GatewayContext, sample: Sample, said: Said, authority: string): Promise<Tried> {
  const { dataset, ...others } = said;
  const isId = dataset === undefined || /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(dataset.trim());
  const made = await tried(context, sample, { said: isId ? said : others, authority });
  const id = made.proposal?.draft.contract.id;
  const words = !isId ? NO_ID : id !== undefined && context.workspace.contracts.has(id) ? TAKEN : undefined;
  return words === undefined ? made : { ...made, faults: { dataset: words, ...made.faults } };
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const { workspace } = context;
    const { record } = app.people;
    const frame = (zh: boolean) => ({ title: zh ? '新数据集' : 'A new dataset', workspace });

    app.get(PATH, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
      const { language, kept } = request;
      return sendFramed(request, reply, {
        ...frame(language === 'zh'),
        children: samplePage({ language, kept: kept?.fields ?? {} }),
      });
    });

    async function shown(request: FastifyRequest<Route>, reply: FastifyReply, said: Said, sample: Sample, made: Tried) {
      const { language } = request;
      const { proposal } = made;
      const questions = {
        language,
        tried: made,
        said,
        schemes: workspace.schemes,
        sample: { packed: await packed(sample), name: sample.name },
      };
      return sendFramed(request, reply, {
        ...frame(language === 'zh'),
        // the other language of what was answered so far
        carries: { form: formId(PATH), action: PATH },
        children:
          proposal === undefined
            ? unfinishedPage(questions)
            : proposalPage({
                ...questions,
                proposal,
                archive: await archive(filesOf(proposal).files),
              }),
      });
    }

    app.post<Route>(
      PATH,
      {
        schema: { hide: true },
        config: { roles: ROLES, files: true, along: { field: 'sample', most: MOST_PACKED, fields: FIELDS } },
      },
      async (request, reply) => {
        const { person } = sessionOf(request);
        const sample = await sampleOf(request);
        const said = saidIn(request.body);
        const made = await triedBy(context, sample, said, person.authority ?? '');
        await record.looked(person, {
          requestId: request.id,
          action: 'feeds',
          role: 'data-officer',
          detail: { sample: made.proposal?.dataset ?? 'no subject' },
          results: made.rows,
        });
        return shown(request, reply, said, sample, made);
      },
    );
  },
};
export default service;
