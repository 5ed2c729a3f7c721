// node load.js N8N_MODULES FILE...: how long it takes to load these, once n8n-workflow is there, as it is in
// n8n. Prints the milliseconds.

import { createRequire } from 'node:module';
import path from 'node:path';

const [modules = '', ...files] = process.argv.slice(2);
const load = createRequire(path.join(modules, 'index.js'));
load('n8n-workflow');

const since = performance.now();
for (const file of files) load(file);
console.log(performance.now() - since);
