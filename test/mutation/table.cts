// The rows of the conformance table that judge mutants: all that do not wait.

import { tables } from '../conformance/profiles.cts';
import { lightEngine } from '../lib/light/engine.cts';

for (const { run } of tables) run(lightEngine, { quick: true });
