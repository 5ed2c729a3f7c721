// The whole conformance table and Check Event in the light engine, which must agree with n8n's own.

import { keptOutcomes } from '../../conformance/agreement.cts';
import { eventTrust } from '../../conformance/eventTrust.cts';
import { eventWords } from '../../conformance/eventWords.cts';
import { tables } from '../../conformance/profiles.cts';
import { table } from '../../conformance/suite.cts';
import { lightEngine } from '../../lib/light/engine.cts';

for (const { run } of tables) run(lightEngine);
eventWords(lightEngine);
eventTrust(lightEngine);

afterAll(() => {
	table.print(lightEngine.title);
});

test("every row comes to what it comes to in n8n's engine", () => {
	expect(table.outcomes()).toEqual(keptOutcomes());
});
