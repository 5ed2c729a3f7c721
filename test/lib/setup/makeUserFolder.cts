import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** n8n's code writes its settings at load; in a folder of the run's own it leaves the person's alone. */
export default (): void => {
	process.env.N8N_USER_FOLDER = mkdtempSync(path.join(tmpdir(), 'stop-audio-stream-tests-'));
	// It logs every failure of a node, and most tests here are about failures.
	process.env.N8N_LOG_LEVEL ??= 'silent';
};
