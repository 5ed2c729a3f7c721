/** Writes `examples/*.json` from the recipes, and the list of their canvases: `npm run docs:examples`. */

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileOf, RECIPES, withCanvases } from '../test/lib/recipes/index.cts';

const FOLDER = path.resolve(__dirname, '../examples');
const README = path.join(FOLDER, 'README.md');

for (const file of readdirSync(FOLDER)) {
	if (file.endsWith('.json')) rmSync(path.join(FOLDER, file));
}
for (const [name, recipe] of RECIPES) {
	writeFileSync(path.join(FOLDER, `${name}.json`), fileOf(recipe));
}
writeFileSync(README, withCanvases(readFileSync(README, 'utf8')));
