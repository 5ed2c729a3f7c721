// The recipes in a real n8n, imported as they are. Those that go on beside these have files of their own.

import { setTimeout as sleep } from 'node:timers/promises';
import { describeAiAgent } from './aiAgent.cts';
import { describeAnswer } from './answer.cts';
import { describeCheckMyAccount } from './checkMyAccount.cts';
import { describeDocumentServer } from './documentServer.cts';
import { describePauseAndResume } from './pauseAndResume.cts';
import { prepareRecipe, publish, useStage } from './stage.cts';
import { isUp, streaming } from './streams.cts';
import { describeSwml } from './swml.cts';
import { describeTellTheTeam } from './tellTheTeam.cts';
import { describeRestart, describeTimeLimit } from './timeLimit.cts';

const stage = useStage({ onContract: true });

test('a recipe whose webhook gets a password keeps nothing of a run that went well', async () => {
	const { vobiz } = stage().standIns;
	const published = await publish(stage(), prepareRecipe('time-limit-vobiz', stage()));
	const { call, stream } = streaming(vobiz);
	expect(await published.post(published.event('Call Events', vobiz, 'Hangup', call))).toBe(200);
	for (const end = Date.now() + 30_000; isUp(vobiz, stream) && Date.now() < end;) await sleep(100);
	expect(isUp(vobiz, stream)).toBe(false);
	await sleep(1000);
	expect(await published.executionCount()).toBe(0);
});

// The limits go on while others run, and only those that leave the table of the limits alone.
describeRestart(stage, () => {
	describeAnswer(stage, false);
	describePauseAndResume(stage, false);
	describeAiAgent(stage);
	describeDocumentServer(stage);
	describeSwml(stage);
});
describeTimeLimit(stage, false);
describeTellTheTeam(stage);
describeCheckMyAccount(stage);
