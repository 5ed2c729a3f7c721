// To be imported before any code of n8n's, which writes its settings as soon as it is loaded.

import { temporaryFolder } from '../test/lib/processes.cts';

process.env.N8N_USER_FOLDER = temporaryFolder('user-folder');
