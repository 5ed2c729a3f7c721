// @ts-check
'use strict';

// How Stryker finds the runner, which is TypeScript.

require('tsx/cjs');
const { Runner } = require('./runner.cts');

exports.strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', factory: () => new Runner() }];
