/** The bus: whether it answers, and whether its topics are as the contracts say. */
import { existsSync } from 'node:fs';
import { openBus } from '../../../../connectors/bus/open.js';
import { controlTopic, dataTopic } from '../../../../connectors/bus/port.js';
import { type Check, type Finding, fail, note, ok, warn } from '../port.js';

const check: Check = {
  about: 'the bus and its topics',
  order: 8,
  async run(patient) {
    const [workspace, settings] = [await patient.workspace(), await patient.bus()];
    const findings: Finding[] = [];
    if (settings.driver === 'kafka') {
      if (settings.ssl === undefined)
        findings.push(
          warn('the connection to Kafka is not encrypted', 'set `bus.ssl`; records of departments travel there'),
        );
      if (settings.replication < 3 || settings.minInsyncReplicas < 2)
        findings.push(
          warn(
            `topics have ${settings.replication} copies, ${settings.minInsyncReplicas} of them in sync: one ` +
              'broker that is lost may take records with it',
            'three brokers, `bus.replication` 3 and `bus.minInsyncReplicas` 2',
          ),
        );
    }
    // looking must not make one
    if (settings.driver === 'embedded' && !existsSync(settings.dir))
      return [note(`the embedded bus in ${settings.dir} is not there yet: the first start makes it`)];
    const bus = await openBus(settings);
    try {
      await bus.clusterId();
      const missing: string[] = [];
      for (const contract of workspace.contracts.values()) {
        const topic = dataTopic(workspace.prefix, contract.id);
        const state = await bus.topicState(topic);
        if (state === undefined) missing.push(topic);
        else if (state.partitions.length !== contract.partitions)
          findings.push(
            fail(
              `topic ${topic} has ${state.partitions.length} partitions, and its contract says ${contract.partitions}`,
              "a subject's records would lose their order: make the topic anew, or set the contract right",
            ),
          );
      }
      for (const authority of workspace.authorities.keys())
        if ((await bus.topicState(controlTopic(workspace.prefix, authority))) === undefined)
          missing.push(controlTopic(workspace.prefix, authority));
      if (missing.length > 0)
        findings.push(
          note(
            `not there yet: ${missing.slice(0, 5).join(', ')}` +
              (missing.length > 5 ? ` and ${missing.length - 5} more` : ''),
            'the gateway or a connector makes them at its start, if its principal may',
          ),
        );
      findings.push(
        ok(
          `the ${bus.driver} bus answers; ` +
            `${workspace.contracts.size + workspace.authorities.size - missing.length} topics are as declared`,
        ),
      );
      if (bus.driver === 'kafka')
        findings.push(
          note('whether only an authority may write to its topics was not looked at', '`yitong bus acl --check`'),
        );
    } finally {
      await bus.close();
    }
    return findings;
  },
};
export default check;
