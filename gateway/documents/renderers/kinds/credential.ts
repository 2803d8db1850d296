/**
 * The report as an SD-JWT VC, of which its holder can show parts. Each is a new one: whoever must not be recognised
 * takes one for each verifier.
 */
import { credentialsOf } from '../../credentials/index.js';
import type { Renderer } from '../port.js';

const renderer: Renderer = {
  mediaType: 'application/dc+sd-jwt',
  extension: 'sdjwt',
  render: async ({ id, model, holder }, context) => Buffer.from(await credentialsOf(context).issue(id, model, holder)),
};
export default renderer;
