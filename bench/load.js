'use strict';

// node load.js N8N_MODULES FILE...: how long it takes to load these, once n8n-workflow is there, as it is in
// n8n. Prints the milliseconds.

const [modules, ...files] = process.argv.slice(2);
require(require.resolve('n8n-workflow', { paths: [modules] }));

const since = performance.now();
for (const file of files) require(file);
console.log(performance.now() - since);
