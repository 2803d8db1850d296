import { resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { readJson } from '../../../contracts/files.js';
import { authorityId } from '../../../contracts/ids.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { regionOffer } from '../../../policies/regions.js';
import { text, workspaceDir, workspaceOption } from '../../ground/files/places.js';
import { checkOffer } from '../../log/proof/region-offer.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { keepOffer } from '../region-offer.js';

const command: Command = {
  summary: "puts another region's file into the workspace, to be reviewed and put in force as any content",
  zh: '将其他地区的互信文件纳入工作区',
  group: 'running',
  usage: '<file> --vkey KEY --authority A [--workspace D]',
  takes: 1,
  examples: ['yitong region accept linjiang.region.json --authority data-bureau --vkey log.example+1a2b3c4d+AT…'],
  options: {
    workspace: workspaceOption,
    authority: { type: 'string', describe: 'the authority here that answers for what the region is given' },
    vkey: { type: 'string', describe: 'the key of their log, as they told it by another way than the file' },
  },
  async run(call) {
    const [given, authority, vkey] = [call.positionals[0], text(call.values['authority']), text(call.values['vkey'])];
    if (given === undefined || authority === undefined || vkey === undefined)
      throw new WrongUsage('name the file, the authority here that answers for it, and the key of their log');
    const workspace = await loadWorkspace(workspaceDir(text(call.values['workspace'])));
    if (!workspace.authorities.has(authorityId(authority)))
      throw new YitongError('bad_policy', `there is no authority \`${authority}\``);
    const source = resolve(given);
    const offer = regionOffer(await readJson(source, 'bad_policy'), { file: source });
    checkOffer(offer);
    if (offer.log.vkey !== vkey.trim())
      throw new YitongError('bad_policy', 'the file names another key of the log than `--vkey`: do not trust it', {
        place: { file: source },
      });
    const file = await keepOffer(workspace.dir, offer, authority);
    call.json({ file, region: offer.region, client: `region-${offer.region}` });
    call.say(file);
    call.say(
      `Grants name its gateway as the client \`region-${offer.region}\`; \`asks\` in the file says who here may`,
    );
    call.say('ask it for what. Until then neither side may ask the other anything.');
    return 0;
  },
};
export default command;
