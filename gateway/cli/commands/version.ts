import { packageVersion } from '../../ground/files/places.js';
import type { Command } from '../command.js';

/** The version of this build and of the Node.js that runs it. */
const command: Command = {
  summary: 'the version of this build',
  zh: '本程序的版本',
  usage: '[--json]',
  examples: ['yitong version'],
  options: {},
  async run(call) {
    const version = packageVersion();
    call.say(`yitong ${version}, Node.js ${process.versions.node}`);
    call.json({ version, node: process.versions.node });
    return 0;
  },
};
export default command;
