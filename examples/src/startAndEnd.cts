/** A call is answered with the document that starts its stream. */

import { answerXml, chain, setNode, webhook, workflow, type Workflow } from './workflows.cts';
import { basicAuthNote, keepsCallbackNote, notes, steps, xml, type Carrier } from './common.cts';

const document = (...lines: string[]): string =>
	['=<?xml version="1.0" encoding="UTF-8"?>', '<Response>', ...lines, '</Response>'].join('\n');

const streamElement = (callback: string): string =>
	`  <Stream audioTrack="both" contentType="audio/x-mulaw;rate=8000" streamTimeout="3600" statusCallbackUrl="${xml(callback)}" statusCallbackMethod="POST">${xml('$json.stream_server')}</Stream>`;

const ANSWERS = {
	signalWire: {
		document: document(
			'  <Start>',
			`    <Stream url="${xml('$json.stream_server')}" track="both_tracks" statusCallback="${xml('$json.stream_status')}" statusCallbackMethod="POST"/>`,
			'  </Start>',
			'  <Pause length="3600"/>',
		),
		number:
			'your phone number, *When a call comes in*: a cXML webhook. *Status callback* of the same page takes the hang-up address',
		goesOn:
			'`<Pause>` keeps the call open for an hour of silence. Put what your call really does in its place, such as `<Dial>` or `<Gather>`: where the document ends, the call ends. For a voice agent that talks back, write `<Connect><Stream …/></Connect>` instead of `<Start>`.',
		lock: "SignalWire fetches documents without a password, so the address alone is the lock: n8n made up a random path at the import. Whoever learns it sees the address of your stream server, so have that server check who connects. **Never write a password into this document.** The webhook that gets the stream status checks SignalWire's signature instead.",
	},
	plivo: {
		document: document(streamElement('$json.stream_status'), '  <Wait length="3600"/>'),
		number: 'your application, *Answer URL*, method POST. *Hangup URL* takes the hang-up address',
		goesOn:
			'`<Wait>` keeps the call open for an hour of silence. Put what your call really does in its place: where the document ends, the call ends. For a voice agent that talks back, give `<Stream>` `bidirectional="true" keepCallAlive="true"` and `audioTrack="inbound"`; it then holds the call itself.',
		lock: "Nobody could try whether Plivo takes a password in this address, so the address alone is the lock: n8n made up a random path at the import. Whoever learns it sees the address of your stream server, so have that server check who connects. **Never write a password into this document.** The webhook that gets the stream status checks Plivo's signature instead.",
	},
	vobiz: {
		document: document(
			streamElement("$json.stream_status.replace('://', '://' + $json.login + '@')"),
			'  <Wait length="3600"/>',
		),
		number: 'your application, *Answer URL*, method POST. *Hangup URL* takes the hang-up address',
		goesOn:
			'`<Wait>` keeps the call open for an hour of silence. Put what your call really does in its place: where the document ends, the call ends. For a voice agent that talks back, give `<Stream>` `bidirectional="true" keepCallAlive="true"` and `audioTrack="inbound"`; it then holds the call itself.',
		lock: `${basicAuthNote('Call Answered')} The document hands the same user and password to the stream status, so give that webhook the **same** Basic Auth credential.`,
	},
};

/** Answers a call with the document that starts its stream. */
export function answer(carrier: Carrier): Workflow {
	const of = ANSWERS[carrier.name];
	const locked = carrier.name === 'vobiz';
	return workflow({
		name: `${carrier.shown}: answer a call and start its stream`,
		notes: notes(
			`if something else answers your calls already: put the \`statusCallback\` into the document that you have.`,
			[
				'## Answer a call and start its stream',
				'### What starts it',
				`${carrier.shown} asks what to do with a new call.`,
				'### What it does',
				`It answers with the document that sends the call's audio to your stream server, and tells ${carrier.shown} where to report that the stream began and ended. The other recipes live on those reports, and on the hang-up.`,
				'### What happens to the call',
				of.goesOn,
			],
			[
				'## Before you publish',
				steps(
					`**Fill In**: \`stream_server\`, the \`wss://\` address that takes the audio, and \`stream_status\`, the Production URL of the *Stream Status* webhook in the recipe that you use (time limit, hang-up)${locked ? ', without user and password' : ''}.`,
					`**Call Answered**: copy the Production URL into ${of.number} (the Production URL of your hang-up recipe).`,
				),
				'### The lock',
				of.lock,
				...(locked ? [keepsCallbackNote(carrier)] : []),
			],
		),
		rows: [
			[
				webhook('Call Answered', {
					responseMode: 'responseNode',
					...(locked && { lock: 'basicAuth' }),
				}),
				setNode('Fill In', {
					stream_server: 'wss://audio.example.com/stream',
					stream_status: 'https://n8n.example.com/webhook/your-stream-status',
					...(locked && {
						login:
							"={{ $json.headers.authorization.split(' ')[1].base64Decode().split(':').map(encodeURIComponent).join(':') }}",
					}),
				}),
				answerXml('Answer with the Document', of.document),
			],
		],
		flows: chain('Call Answered', 'Fill In', 'Answer with the Document'),
		keepsNoSuccess: locked,
	});
}
