/** Writes the files of the recipes that are made, and the list of all canvases: `npm run docs:examples`. */

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileOf, FOLDER, MADE, withCanvases } from '../examples/src/index.cts';

const README = path.join(FOLDER, 'README.md');

for (const [name, recipe] of MADE) {
	writeFileSync(path.join(FOLDER, `${name}.json`), fileOf(recipe));
}
writeFileSync(README, withCanvases(readFileSync(README, 'utf8')));
