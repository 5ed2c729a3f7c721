// The whole table in n8n's own engine.

import { n8nEngine } from '../lib/engine.cts';
import { keepOutcomes } from './agreement.cts';
import { tables } from './profiles.cts';
import { table } from './suite.cts';

const engine = n8nEngine();
for (const { run } of tables) run(engine);

afterAll(() => {
	table.print(engine.title);
	keepOutcomes(table);
});
