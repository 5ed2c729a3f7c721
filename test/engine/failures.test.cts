import { n8nEngine } from '../lib/engine.cts';
import { failures } from './failures.cts';

failures(n8nEngine());
