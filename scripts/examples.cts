/** Writes `examples/*.json` from the recipes: `npm run docs:examples`. */

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileOf, RECIPES } from '../test/lib/recipes/index.cts';

const FOLDER = path.resolve(__dirname, '../examples');

for (const file of readdirSync(FOLDER)) {
	if (file.endsWith('.json')) rmSync(path.join(FOLDER, file));
}
for (const [name, recipe] of RECIPES) {
	writeFileSync(path.join(FOLDER, `${name}.json`), fileOf(recipe));
}
