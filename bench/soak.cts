// npm run test:soak: 20,000 runs of the node in one process, every other one an execution of its own, the
// rest runs of one execution, as a Loop Over Items makes them. Nothing of a run may remain behind it.

import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';

import { recordFigures } from '../test/lib/figures.cts';
import { build } from '../test/lib/package.cts';
import { runScript, say } from '../test/lib/processes.cts';
import type { NodeRunner } from '../test/lib/engine.cts';

const RUNS = 20_000;
const LOOK_EVERY = 2_000;
/** How many run side by side, as webhook executions do. */
const LANES = 10;
const MOST_BYTES = 50;

v8.setFlagsFromString('--expose-gc');
const collectGarbage: () => void = vm.runInNewContext('gc');

/** The heap, once nothing that can be collected is left. */
async function heap(): Promise<number> {
	for (let round = 0; round < 4; round += 1) {
		collectGarbage();
		// Weak references and finished sockets are let go of only in a later turn.
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	return v8.getHeapStatistics().used_heap_size;
}
