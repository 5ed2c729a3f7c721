import { plivo } from './plivo.cts';
import { signalWire } from './signalWire.cts';
import { conformance } from './suite.cts';
import { vobiz } from './vobiz.cts';

// A further provider is its profile here and its stand-in.
conformance(plivo);
conformance(signalWire);
conformance(vobiz);
