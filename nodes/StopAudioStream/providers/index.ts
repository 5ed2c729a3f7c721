import { plivo } from './plivo';
import type { Provider } from './provider';
import { signalWire } from './signalWire';
import { vobiz } from './vobiz';

/** Every provider the node knows, in the order of the dropdown. A new one is its file, its credential, and a line here. */
export const providers: readonly Provider[] = [plivo, signalWire, vobiz];
