// The whole conformance table in the light engine.

import { tables } from '../../conformance/profiles.cts';
import { lightEngine } from '../../lib/light/engine.cts';

for (const { run } of tables) run(lightEngine);
