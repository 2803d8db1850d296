/**
 * /matters and /matters/<bundle>: what can be done as one matter, and what it takes under some answers, for everybody.
 * Content of the workspace alone: no register is asked, nothing is kept, and answers that could name somebody are not
 * taken.
 */
import { authorityTitle } from '../../../../contracts/authorities.js';
import { bundlesOf } from '../../../../contracts/bundle/load.js';
import { mergeForm } from '../../../../contracts/bundle/merge.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { Service } from '../../../documents/context.js';
import { sendOpen } from '../../ui/frame.js';
import { answersIn, type GivenAnswers } from './answers.js';
import { matterView } from './matter.js';
import { mattersView } from './matters.js';

const service: Service = {
  port: 'people',
  async register(app, { workspace }) {
    const { bundles, elements } = await bundlesOf(workspace);
    const shown = { schema: { hide: true }, config: { compressed: true, lists: 'any' } } as const;
    app.get('/matters', shown, (request, reply) => {
      const { language } = request;
      return sendOpen(request, reply, {
        workspace,
        title: language === 'zh' ? '一件事办事指南' : 'Matters done as one',
        children: mattersView({
          language,
          matters: [...bundles.values()].map((bundle) =>
            mergeForm(bundle, elements, bundle.usual.answers, bundle.usual.registers),
          ),
          nameOf: (authority) => authorityTitle(workspace, authority, language),
        }),
      });
    });
    app.get<{ Params: { bundle: string }; Querystring: GivenAnswers }>('/matters/:bundle', shown, (request, reply) => {
      const { language, query } = request;
      const bundle = bundles.get(request.params.bundle);
      if (bundle === undefined) throw new YitongError('not_found', 'there is no such matter');
      const { answers, registers, isCommon, faults } = answersIn(bundle, query);
      return sendOpen(request, reply, {
        workspace,
        title: bundle.title[language],
        address: request.url,
        children: matterView({
          language,
          merged: mergeForm(bundle, elements, answers, registers),
          // nobody's registers were asked: what they would say of a company is not known
          obstacles: mergeForm(bundle, elements, answers).obstacles,
          isCommon,
          groups: elements.groups,
          answers,
          given: query,
          begin: `/console/matters/start`,
          faults,
          nameOf: (authority) => authorityTitle(workspace, authority, language),
        }),
      });
    });
  },
};
export default service;
