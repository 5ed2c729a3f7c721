// The whole table in n8n's own engine.

import { n8nEngine } from '../lib/engine.cts';
import { tables } from './profiles.cts';

for (const { run } of tables) run(n8nEngine());
