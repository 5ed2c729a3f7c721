import { columns } from './profiles.cts';

for (const { run } of columns) run();
