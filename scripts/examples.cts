/** Writes the files of the recipes, and the list of all canvases: `npm run docs:examples`. */

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileOf, FOLDER, WORKFLOWS, withCanvases } from '../examples/src/index.cts';

const README = path.join(FOLDER, 'README.md');

for (const [name, recipe] of WORKFLOWS) {
	writeFileSync(path.join(FOLDER, `${name}.json`), fileOf(recipe));
}
writeFileSync(README, withCanvases(readFileSync(README, 'utf8')));
