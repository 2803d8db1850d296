/** The report as a signed PDF. */

import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { sharedPool } from '../../pdf/pool.js';
import { documentSignerOf } from '../../pdf/signer.js';
import type { Renderer } from '../port.js';

const renderer: Renderer = {
  mediaType: 'application/pdf',
  extension: 'pdf',
  async render({ model, code, url, seal }, { settings }) {
    const { documents } = settings.gateway;
    if (documents === '')
      throw new YitongError('bad_config', '`gateway.documents` names the folder by which documents are signed');
    // threads of their own: a report of a large group takes seconds
    const { bytes } = await sharedPool().render(model, {
      code,
      url,
      sign: documentSignerOf(documents),
      ...present({ seal }),
    });
    return bytes;
  },
};
export default renderer;
