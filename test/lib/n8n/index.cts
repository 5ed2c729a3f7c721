// A real n8n for tests and the demo: the pinned one beside this file, installed when first asked for.

export * from './home.cts';
export * from './install.cts';
export * from './server.cts';
