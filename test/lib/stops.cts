// Stops in n8n's own engine.

import { runNode } from './engine.cts';
import { stopsIn } from './stopsIn.cts';

export * from './lives.cts';
export { byExpression, type Pair, type Run } from './stopsIn.cts';
export const { stopItems, stopAt, stopLives } = stopsIn(runNode);
