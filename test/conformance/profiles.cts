import type { RunningStandIn } from '../lib/stops.cts';
import { plivo } from './plivo.cts';
import { signalWire } from './signalWire.cts';
import { conformance } from './suite.cts';
import type { Profile } from './types.cts';
import { vobiz } from './vobiz.cts';

/** A profile whose own type of stand-in only its rows know. */
interface Column {
	provider: string;
	run: (more?: Pick<Profile, 'folder'>) => void;
}

const column = <S extends RunningStandIn>(profile: Profile<S>): Column => ({
	provider: profile.provider,
	run: (more) => conformance({ ...profile, ...more }),
});

/** The columns of the table. A further provider is its profile, and its place in this list. */
export const columns: readonly Column[] = [column(plivo), column(signalWire), column(vobiz)];
