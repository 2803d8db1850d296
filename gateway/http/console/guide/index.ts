/**
 * /guide: from one sentence to the matter, for everybody and without signing in. The sentence is sent by POST, stands
 * in no address and in no log; where it led nowhere it is kept, masked. Whoever goes on signs in, and is asked on
 * (`talk.ts`).
 */
import { bundlesOf } from '../../../../contracts/bundle/load.js';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { Service } from '../../../documents/context.js';
import { openLookups } from '../../../documents/lookups.js';
import { openGuideDesk } from '../../../procedures/guide/desk.js';
import { MOST_CHARACTERS } from '../../../procedures/guide/features.js';
import { heardOf } from '../../../procedures/guide/heard.js';
import { sendOpen } from '../../ui/frame.js';
import type { Sent } from '../applying/reading.js';
import { signInView } from './begin.js';
import { carry, keepType } from './carried.js';
import { GUIDE_FORM, guideView } from './guide.js';
import { talkRoutes } from './talk.js';

const PATH = '/guide';

interface Route {
  readonly Body:
    | { readonly sentence?: string; readonly type?: string; readonly step?: string; readonly chosen?: string }
    | undefined;
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const { workspace, settings, dataDir, now } = context;
    const { bundles } = await bundlesOf(workspace);
    const heard = heardOf(context);
    app.addHook('onClose', () => heard.close());
    const desk = openGuideDesk({ ...context, heard });
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
      if (isLarge || request.cookies['yitong-type'] === 'large') keepType(reply, isLarge);
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
      const guidance = await desk.answer(sentence, {
        requestId: request.id,
        by: 'public page',
        ...present({ chosen: body?.chosen }),
      });
      return sendOpen(request, reply, {
        ...page,
        title: guidance?.title?.[language] ?? (language === 'zh' ? '小浦导办' : 'The guide'),
        asked: {
          action: PATH,
          fields: {
            sentence,
            ...present({ chosen: body?.chosen }),
            ...(isLarge ? { type: 'large' } : {}),
            ...csrfOf(session?.csrf),
          },
        },
        children: guideView({ ...view, ...present({ guidance }) }),
      });
    });

    // everybody may press it: whoever is not signed in signs in first
    app.post<{ Body: Sent }>(
      `${PATH}/begin`,
      { schema: { hide: true }, config: { lists: 'any' } },
      (request, reply) => {
        const { bundle, type, ...fields } = request.body;
        if (typeof bundle !== 'string' || !bundles.has(bundle))
          throw new YitongError('not_found', 'there is no such matter');
        keepType(reply, type === 'large');
        const given = Object.entries(fields).flatMap(([name, value]) =>
          [value ?? []].flat().flatMap((one) => (one === '' ? [] : [[name, one] as const])),
        );
        carry(reply, { bundle, fields: given });
        const { session, language } = request;
        if (session !== undefined) return reply.header('cache-control', 'no-store').redirect(`${PATH}/begin`, 303);
        // a form may end on our own pages alone: to the identity provider somebody goes by a link
        return sendOpen(request, reply, {
          workspace,
          title: bundles.get(bundle)?.title[language] ?? '',
          children: signInView({
            language,
            isLarge: type === 'large',
            title: bundles.get(bundle)?.title[language] ?? '',
          }),
        });
      },
    );
    talkRoutes(app, context, heard);
  },
};
export default service;

const csrfOf = (csrf: string | undefined): Readonly<Record<string, string>> => (csrf === undefined ? {} : { csrf });
