// The whole table of scenarios × providers, on another n8n.

import { tables } from '../../conformance/profiles.cts';
import { table } from '../../conformance/suite.cts';
import { n8nEngine } from '../../lib/engine.cts';

const folder = process.env.PACKAGE_FOLDER;
if (!folder) throw new Error("Run it with 'npm run test:compat', which says where the package is.");

const engine = n8nEngine(folder);
for (const { run } of tables) run(engine);

afterAll(() => {
	table.print(engine.title);
});
