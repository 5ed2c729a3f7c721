/** Stops the stream that `STREAMNAME` names, and keeps the call. */
export const KEEP_CALL =
	'<Response><Stop><Stream name="{{STREAMNAME}}"/></Stop><Pause length="600"/></Response>';
/** The same, and then there is no instruction left. */
export const RUNS_OUT =
	'<Response><Stop><Stream name="{{STREAMNAME}}"/></Stop><Say>Goodbye</Say></Response>';
export const stopOf = (name: string | null) =>
	`<Response><Stop><Stream name="${name}"/></Stop><Pause length="600"/></Response>`;
