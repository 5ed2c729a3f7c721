// Check Event in n8n's own engine.

import { n8nEngine } from '../lib/engine.cts';
import { eventTrust } from './eventTrust.cts';
import { eventWords } from './eventWords.cts';

const engine = n8nEngine();
eventWords(engine);
eventTrust(engine);
