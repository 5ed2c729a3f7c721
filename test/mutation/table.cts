// What judges mutants in the light engine: the rows of the conformance table that do not wait, those of Check Event,
// and how a failure reaches n8n.

import { eventTrust } from '../conformance/eventTrust.cts';
import { eventWords } from '../conformance/eventWords.cts';
import { tables } from '../conformance/profiles.cts';
import { failures } from '../engine/failures.cts';
import { lightEngine } from '../lib/light/engine.cts';

for (const { run } of tables) run(lightEngine, { quick: true });
eventWords(lightEngine);
eventTrust(lightEngine);
failures(lightEngine);
