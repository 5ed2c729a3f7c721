/** What became of a stop. `docs/outcomes.md` says what each means. */
export type Status = 'stopped' | 'alreadyStopped' | 'notFound' | 'accepted';

/** What is known of the call, or of the conference whose stream it is; `notFound`: the provider shows no such call. */
export type CallState = 'live' | 'ended' | 'notFound';

/** The short list of causes that code acts on; people read the sentences. */
export type FailureCause =
	| 'input'
	| 'untrusted'
	| 'credentials'
	| 'rateLimit'
	| 'unavailable'
	| 'rejected'
	| 'unreadable'
	| 'nothingToStop';
