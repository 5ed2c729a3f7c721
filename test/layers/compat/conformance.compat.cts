// The whole table of scenarios × providers, on another n8n.

import { columns } from '../../conformance/profiles.cts';

const folder = process.env.PACKAGE_FOLDER;
if (!folder) throw new Error("Run it with 'npm run test:compat', which says where the package is.");

for (const { run } of columns) run({ folder });
