/** What the node can be told to do with an item. */
export type Operation = 'stopStream' | 'stopAllStreams' | 'checkEvent';

/** What became of a stop. `docs/outcomes.md` says what each means. */
export type Status = 'stopped' | 'alreadyStopped' | 'notFound' | 'accepted';

/** What a stream runs on. */
export type Noun = 'call' | 'conference';

/** What is known of the call or the conference; `notFound`: the provider shows no such call. */
export type CallState = 'live' | 'ended' | 'notFound';

/** What a provider's event says, in one vocabulary for all of them. */
export type EventKind = 'streamStarted' | 'streamEnded' | 'callEnded' | 'other';

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
