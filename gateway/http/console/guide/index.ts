/**
 * /guide: from one sentence to the matter, for everybody and without signing in. The sentence is sent by POST, stands
 * in no address and in no log, and is not kept. The page files nothing: it leads to the matter.
 */
import { bundlesOf } from '../../../../contracts/bundle/load.js';
import { present } from '../../../../contracts/present.js';
import type { Service } from '../../../documents/context.js';
import { openLookups } from '../../../documents/lookups.js';
import { openGuideDesk } from '../../../procedures/guide/desk.js';
import { MOST_CHARACTERS } from '../../../procedures/guide/features.js';
import { sendOpen } from '../../ui/frame.js';
import { GUIDE_FORM, guideView } from './guide.js';

const PATH = '/guide';

interface Route {
  readonly Body: { readonly sentence?: string; readonly type?: string; readonly step?: string } | undefined;
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const { workspace, settings, dataDir, now } = context;
    const { bundles } = await bundlesOf(workspace);
    const desk = openGuideDesk(context);
    const lookups = openLookups(dataDir, { perClient: settings.guide.perMinute, what: 'sentences' });
    app.addHook('onClose', () => lookups.close());
    const page = { workspace, scripts: ['speak.js'] };
    const common = { bundles, hasModel: settings.guide.modelUrl !== '' };

    app.get(PATH, { schema: { hide: true }, config: { compressed: true } }, (request, reply) => {
      const { language, session } = request;
      return sendOpen(request, reply, {
        ...page,
        title: language === 'zh' ? '小浦导办' : 'The guide',
        carries: { form: GUIDE_FORM, action: PATH },
        children: guideView({ ...common, language, csrf: session?.csrf, isLarge: false, sentence: '' }),
      });
    });

    app.post<Route>(PATH, { schema: { hide: true } }, async (request, reply) => {
      const { language, session, body } = request;
      const sentence = (body?.sentence ?? '').trim();
      const isLarge = body?.type === 'large';
      const isTooLong = sentence.length > MOST_CHARACTERS;
      const view = { ...common, language, csrf: session?.csrf, isLarge, sentence, isTooLong };
      // a form that goes into the other language, or into another size of type, before anything was asked
      if (isTooLong || sentence === '' || body?.step === 'edit')
        return sendOpen(request, isTooLong ? reply.code(400) : reply, {
          ...page,
          title: language === 'zh' ? '小浦导办' : 'The guide',
          carries: { form: GUIDE_FORM, action: PATH },
          children: guideView(view),
        });
      lookups.admit(session === undefined ? `guide:${request.ip}` : `guide:${session.person.id}`, now());
      const guidance = await desk.answer(sentence, { requestId: request.id, by: 'public page' });
      return sendOpen(request, reply, {
        ...page,
        title: guidance?.title?.[language] ?? (language === 'zh' ? '小浦导办' : 'The guide'),
        asked: { action: PATH, fields: { sentence, ...(isLarge ? { type: 'large' } : {}), ...csrfOf(session?.csrf) } },
        children: guideView({ ...view, ...present({ guidance }) }),
      });
    });
  },
};
export default service;

const csrfOf = (csrf: string | undefined): Readonly<Record<string, string>> => (csrf === undefined ? {} : { csrf });
