import { providers } from '../../nodes/StopAudioStream/providers/index';
import type { Provider } from '../../nodes/StopAudioStream/providers/provider';

/** What the node knows of the provider of this name. */
export function providerOf(name: string): Provider {
	const found = providers.find((provider) => provider.name === name);
	if (!found) throw new Error(`There is no provider '${name}'.`);
	return found;
}
