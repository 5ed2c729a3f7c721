// The whole table of scenarios × providers, on another n8n.

import { plivo } from '../../conformance/plivo.cts';
import { signalWire } from '../../conformance/signalWire.cts';
import { conformance } from '../../conformance/suite.cts';
import { vobiz } from '../../conformance/vobiz.cts';

const folder = process.env.PACKAGE_FOLDER;
if (!folder) throw new Error("Run it with 'npm run test:compat', which says where the package is.");

conformance({ ...plivo, folder });
conformance({ ...signalWire, folder });
conformance({ ...vobiz, folder });
